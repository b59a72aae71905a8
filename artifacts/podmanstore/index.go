package podmanstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// maxIndex is the longest index.json that is read, in bytes: room for some 200,000 models.
const maxIndex = 64 << 20

// index is index.json. What it holds besides the entries, and what an entry holds besides the fields of descriptor, is kept
// as it was written.
type index struct {
	text    []byte                     // what was read; nil for a new index
	fields  map[string]json.RawMessage // without "manifests"
	entries []entry
}

// entry is one line of the index: a manifest, and the name it goes by.
type entry struct {
	raw  json.RawMessage
	desc descriptor
	err  error // raw is no descriptor; desc is zero then
}

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      digest.Digest     `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// name is the key of the store: org.opencontainers.image.ref.name, "" for an entry that lost it.
func (e *entry) name() string { return e.desc.Annotations[imgspecv1.AnnotationRefName] }

// readIndex reads the index as it is now. A store without one is empty, as it is to Podman.
func (s *Store) readIndex() (*index, error) {
	data, err := atrest.ReadBounded(filepath.Join(s.root, imgspecv1.ImageIndexFile), maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return newIndex(), nil
	} else if err != nil {
		return nil, fmt.Errorf("reading the index of %s: %w", s.root, err)
	}
	x, err := parseIndex(data)
	if err != nil {
		return nil, fmt.Errorf("reading the index of %s: %w", s.root, err)
	}
	return x, nil
}

// newIndex is the index that libartifact writes into a new store (store.go, createEmptyManifest).
func newIndex() *index {
	return &index{fields: map[string]json.RawMessage{
		"schemaVersion": json.RawMessage("2"),
		"mediaType":     json.RawMessage(`"` + imgspecv1.MediaTypeImageIndex + `"`),
	}}
}

func parseIndex(data []byte) (*index, error) {
	x := &index{text: data}
	if err := json.Unmarshal(data, &x.fields); err != nil {
		return nil, err
	}
	if x.fields == nil {
		return nil, errors.New("the index is null")
	}
	var raws []json.RawMessage
	if m, ok := x.fields["manifests"]; ok {
		if err := json.Unmarshal(m, &raws); err != nil {
			return nil, fmt.Errorf("parsing manifests: %w", err)
		}
	}
	delete(x.fields, "manifests")
	for _, raw := range raws {
		e := entry{raw: raw}
		e.err = json.Unmarshal(raw, &e.desc)
		if e.err == nil {
			e.err = e.desc.Digest.Validate()
		}
		if e.err != nil {
			e.desc = descriptor{}
		}
		x.entries = append(x.entries, e)
	}
	return x, nil
}

func (x *index) marshal() ([]byte, error) {
	raws := make([]json.RawMessage, len(x.entries))
	for i := range x.entries {
		raws[i] = x.entries[i].raw
	}
	all := make(map[string]any, len(x.fields)+1)
	for k, v := range x.fields {
		all[k] = v
	}
	all["manifests"] = raws
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(all); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
