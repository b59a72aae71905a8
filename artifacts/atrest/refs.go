package atrest

import (
	"encoding/json"

	"github.com/opencontainers/go-digest"
)

// Blob is a blob that a manifest names, with its size in bytes. Both are as the publisher wrote them: not validated.
type Blob struct {
	Digest digest.Digest `json:"digest"`
	Size   int64         `json:"size"`
}

// Refs is what a manifest names: blobs of its own (each digest once), the first of them the config if it has one, and other
// manifests if it is an index.
type Refs struct {
	Blobs       []Blob
	Config      *Blob // nil if there is none
	Children    []digest.Digest
	Annotations map[string]string
}

// ParseRefs reads a manifest of any type. The error is that of the JSON.
func ParseRefs(manifest []byte) (*Refs, error) {
	var m struct {
		Config      *Blob             `json:"config"`
		Layers      []Blob            `json:"layers"`
		Manifests   []Blob            `json:"manifests"`
		Annotations map[string]string `json:"annotations"`
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, err
	}
	all := m.Layers
	if m.Config != nil {
		all = append([]Blob{*m.Config}, m.Layers...)
	}
	refs := &Refs{Config: m.Config, Annotations: m.Annotations}
	seen := map[digest.Digest]bool{}
	for _, r := range all {
		if !seen[r.Digest] {
			seen[r.Digest] = true
			refs.Blobs = append(refs.Blobs, r)
		}
	}
	for _, c := range m.Manifests {
		refs.Children = append(refs.Children, c.Digest)
	}
	return refs, nil
}
