package packaging

import (
	"fmt"
	"path"
	"strings"

	"github.com/opencontainers/go-digest"
)

// kitfile is the config of a ModelKit: the Kitfile as JSON (kitops, pkg/artifact/kitfile.go).
type kitfile struct {
	Model struct {
		kitItem
		Parts []kitItem `json:"parts"`
	} `json:"model"`
	Code     []kitItem `json:"code"`
	Datasets []kitItem `json:"datasets"`
	Docs     []kitItem `json:"docs"`
}

// kitItem is what a Kitfile says of one layer.
type kitItem struct {
	Path   string        `json:"path"`   // a file or a folder
	Type   string        `json:"type"`   // of a part: free text
	Digest digest.Digest `json:"digest"` // "" before 2025
	DiffID digest.Digest `json:"diffId"`
}

// readModelKit reads KitOps' ModelKits. The names are in the config: without it, layers go by the names of their blobs.
func readModelKit(doc *document, config []byte) (*reading, error) {
	var kit kitfile
	if err := doc.unmarshalConfig(config, &kit); err != nil {
		return nil, err
	}
	items, seen := kit.index(), map[string]int{}
	r := &reading{format: ModelKit, entries: make([]entry, len(doc.Layers))}
	for i := range doc.Layers {
		l := &doc.Layers[i]
		kind := kitKind(l.MediaType)
		item := items.find(kind, seen[kind], l.Digest)
		seen[kind]++
		r.entries[i] = kitEntry(l, kind, item)
	}
	if at := kit.Model.Path; at != "" && seen["model"] == 0 {
		if r.base = kitReference(at); r.base != "" {
			r.blocked = fmt.Sprintf("its model is in another ModelKit, %.300q, which is to be unpacked with it", at)
		} else {
			r.blocked = fmt.Sprintf("no layer is its model, %.300q, and no full reference says in which ModelKit it is", at)
		}
	}
	return r, nil
}

func kitEntry(l *layer, kind string, item kitItem) entry {
	// Kits from before 2025 have base names in their archives, and no digests in the Kitfile (kitops, pkg/cmd/unpack).
	e := entry{
		name: item.Path, fallback: l.blobName(), encoding: encodingOf(l.MediaType), diffID: item.DiffID, within: item.Digest == "",
	}
	if path.Clean(e.name) == "." {
		e.name = "" // the whole context of the build, which is no label
	}
	switch kind {
	case "model":
		e.family = Weights
	case "modelpart":
		e.role = kitPartRole(item)
	case "code":
		e.family = Code
	case "dataset":
		e.family = Dataset
	case "docs":
		e.family = Doc
	}
	return e
}

// kitPartRole reads the free text that the publisher gave as a part's type, then its name.
func kitPartRole(item kitItem) Role {
	switch t := strings.ToLower(item.Type); {
	case strings.Contains(t, "mmproj"), strings.Contains(t, "projector"):
		return Projector
	case strings.Contains(t, "lora"), strings.Contains(t, "adapter"):
		return Adapter
	}
	return RoleByName(item.Path)
}

// kitKind returns the word for the section of the Kitfile in a layer's type.
func kitKind(mediaType string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(mediaType, kitLayerPrefix), ".")
	return kind
}

// kitIndex finds the item of a layer.
type kitIndex struct {
	sections map[string][]kitItem
	digests  map[string]map[digest.Digest]kitItem
}

func (k *kitfile) index() *kitIndex {
	x := &kitIndex{digests: map[string]map[digest.Digest]kitItem{}, sections: map[string][]kitItem{
		"model": {k.Model.kitItem}, "modelpart": k.Model.Parts, "code": k.Code, "dataset": k.Datasets, "docs": k.Docs,
	}}
	for kind, items := range x.sections {
		x.digests[kind] = map[digest.Digest]kitItem{}
		for _, item := range items {
			x.digests[kind][item.Digest] = item
		}
	}
	return x
}

// find returns the item of the nth layer of a kind (from 0): the nth of its section, unless that has another digest;
// then the one with the layer's digest. The zero item if there is none.
func (x *kitIndex) find(kind string, n int, d digest.Digest) kitItem {
	if items := x.sections[kind]; n < len(items) && (items[n].Digest == "" || items[n].Digest == d) {
		return items[n]
	}
	return x.digests[kind][d]
}
