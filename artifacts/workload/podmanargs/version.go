package podmanargs

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is a version of Podman. The zero Version is an unknown one.
type Version struct{ Major, Minor, Patch int }

// MinNative returns the first version with the artifact store that paddock needs: with a lock, and with mounts that put a
// file at an exact path.
func MinNative() Version { return Version{Major: 5, Minor: 6} }

// ParseVersion reads "5.8.6". What follows the numbers, as in "6.0.0-dev" or "4.9.3+ds1", is dropped, so a release
// candidate counts as the release; a missing patch level is 0.
func ParseVersion(s string) (Version, error) {
	numbers := s
	if i := strings.IndexAny(s, "-+~ "); i >= 0 {
		numbers = s[:i]
	}
	parts := strings.Split(numbers, ".")
	if len(parts) == 2 {
		parts = append(parts, "0")
	}
	var n [3]int
	if len(parts) != len(n) {
		return Version{}, fmt.Errorf("version %q of Podman: it must be like 5.8.6", s)
	}
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return Version{}, fmt.Errorf("version %q of Podman: it must be like 5.8.6", s)
		}
		n[i] = int(v)
	}
	return Version{n[0], n[1], n[2]}, nil
}

// Compare returns -1, 0 or +1 as v is older than, equal to or newer than w.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch))
}

// Native says whether this Podman has the artifact store that paddock needs, see MinNative.
func (v Version) Native() bool { return v.Compare(MinNative()) >= 0 }

// String returns "5.8.6".
func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }
