package gpu

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Choice is what --gpu says. The zero Choice is auto.
type Choice struct {
	// None asks for no accelerator, All for every one that can be used. With neither, and no Items, the best kind is taken.
	None, All bool
	// Items are kinds, CDI names and indexes, in the order given.
	Items []string
}

// ParseChoice reads auto, none, all, or a list of KIND, CDI-NAME and INDEX with commas between them. "" is auto.
func ParseChoice(s string) (Choice, error) {
	switch s {
	case "", "auto":
		return Choice{}, nil
	case "none":
		return Choice{None: true}, nil
	case "all":
		return Choice{All: true}, nil
	}
	items := strings.Split(s, ",")
	for _, item := range items {
		_, err := strconv.ParseUint(item, 10, 16)
		if err != nil && !slices.Contains(Kinds(), Kind(item)) && !IsCDIName(item) {
			return Choice{}, fmt.Errorf("accelerator %q: want auto, none or all; or a list of %s, indexes, and CDI names like nvidia.com/gpu=0",
				item, joined(Kinds()))
		}
	}
	return Choice{Items: items}, nil
}

// Auto says whether the choice is left to paddock.
func (c Choice) Auto() bool { return !c.None && !c.All && len(c.Items) == 0 }

func joined(kinds []Kind) string {
	var words []string
	for _, k := range kinds {
		words = append(words, string(k))
	}
	return strings.Join(words, ", ")
}
