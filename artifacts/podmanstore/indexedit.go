package podmanstore

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// put gives the name to the manifest desc, and takes it from all others. It returns the digests that lost an entry, and
// whether anything changed. An unnamed entry of the same digest, or of one that lost the name, goes too: it is what
// Podman leaves behind when a tag moves, and makes podman artifact ls fail.
func (x *index) put(name string, desc descriptor) (displaced []digest.Digest, changed bool, err error) {
	same := x.named(name)
	if len(same) == 1 && same[0].Digest == desc.Digest && same[0].Size == desc.Size && same[0].MediaType == desc.MediaType {
		dropped := x.cut(func(e *entry) bool { return e.unnamed(desc.Digest) })
		return nil, len(dropped) > 0, nil
	}
	moved := map[digest.Digest]bool{desc.Digest: true}
	for _, old := range same {
		moved[old.Digest] = true
	}
	desc.Annotations = map[string]string{imgspecv1.AnnotationRefName: name}
	raw, err := json.Marshal(desc)
	if err != nil {
		return nil, false, fmt.Errorf("writing the entry of %s: %w", name, err)
	}
	x.cut(func(e *entry) bool {
		return e.err == nil && (e.name() == name || e.name() == "" && moved[e.desc.Digest])
	})
	x.entries = append(x.entries, entry{raw: raw, desc: desc})
	delete(moved, desc.Digest)
	return append(slices.Collect(maps.Keys(moved)), x.cut(x.widowed())...), true, nil
}

// named returns the manifests that go by a name; a sound index has at most one.
func (x *index) named(name string) []descriptor {
	var found []descriptor
	for i := range x.entries {
		if e := &x.entries[i]; e.err == nil && e.name() == name {
			found = append(found, e.desc)
		}
	}
	return found
}

// find returns an entry, named or not, of a manifest; nil if there is none.
func (x *index) find(d digest.Digest) *descriptor {
	for i := range x.entries {
		if e := &x.entries[i]; e.err == nil && e.desc.Digest == d {
			return &e.desc
		}
	}
	return nil
}

func (e *entry) unnamed(d digest.Digest) bool {
	return e.err == nil && e.name() == "" && e.desc.Digest == d
}

// drop removes the entries that match, and what was derived from manifests that are gone with them. It returns the digests
// of both.
func (x *index) drop(match func(*entry) bool) []digest.Digest {
	dropped := x.cut(match)
	return append(dropped, x.cut(x.widowed())...)
}

// cut removes the entries that match, and returns their digests.
func (x *index) cut(match func(*entry) bool) []digest.Digest {
	var dropped []digest.Digest
	x.entries = slices.DeleteFunc(slices.Clone(x.entries), func(e entry) bool {
		if !match(&e) {
			return false
		}
		if e.err == nil {
			dropped = append(dropped, e.desc.Digest)
		}
		return true
	})
	return dropped
}
