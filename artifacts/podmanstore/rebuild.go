package podmanstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// recovered is the repository under which a model is named whose own name was lost with the index.
const recovered = "localhost/recovered"

// lostIndex says that the index is gone or torn while there are blobs, as a full disk leaves it: Podman writes it in place
// (oci_dest.go, saveIndex). nil if it is as it should be. Nothing else can be said of such a store: by an empty index all of its
// blobs would be orphans.
func (s *Store) lostIndex(l *look) (*artifacts.Finding, error) {
	data, err := atrest.ReadBounded(filepath.Join(s.root, imgspecv1.ImageIndexFile), maxIndex)
	detail := "index.json is missing, and there are blobs"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !slices.ContainsFunc(l.blobs[digest.SHA256.String()], func(f storeFile) bool { return l.isOld(&f) }) {
			return nil, nil // a new store, or a first podman artifact add that has not written it yet
		}
	case err != nil:
		return nil, err
	default:
		if _, err := parseIndex(data); err == nil {
			return nil, nil
		}
		detail = "index.json is torn, and nothing in the store can be read"
	}
	x, kept, err := s.rebuilt(data, l)
	if err != nil {
		return nil, err
	}
	return &artifacts.Finding{
		Kind: artifacts.FindingIndex, Detail: detail, Mendable: true,
		Action: fmt.Sprintf("write it again, with the %d entries that can be read and %d models found by their manifests, named %s:…",
			kept, len(x.entries)-kept, recovered),
	}, nil
}

// rebuilt makes an index of what is left: the entries before the tear whose manifests are there, and every other manifest
// all of whose blobs are. kept is how many of the former there are.
func (s *Store) rebuilt(torn []byte, l *look) (x *index, kept int, err error) {
	x = newIndex()
	for _, e := range readable(torn) {
		kind, _, err := s.unusable(&e)
		if err != nil {
			return nil, 0, err
		}
		if kind == "" && e.name() != "" && x.named(e.name()) == nil {
			x.entries = append(x.entries, e)
		}
	}
	kept = len(x.entries)
	for _, f := range l.blobs[digest.SHA256.String()] {
		desc, ok := s.manifestIn(&f)
		if !ok || x.find(desc.Digest) != nil {
			continue
		}
		if _, _, err := x.put(recovered+":"+desc.Digest.Encoded()[:16], *desc); err != nil {
			return nil, 0, err
		}
	}
	return x, kept, nil
}

// readable returns the entries of a torn index, up to the tear.
func readable(torn []byte) []entry {
	_, list, found := bytes.Cut(torn, []byte(`"manifests":`))
	dec := json.NewDecoder(bytes.NewReader(list))
	if t, err := dec.Token(); !found || err != nil || t != json.Delim('[') {
		return nil
	}
	var entries []entry
	for dec.More() {
		var e entry
		if err := dec.Decode(&e.raw); err != nil {
			break
		}
		if json.Unmarshal(e.raw, &e.desc) == nil && e.desc.Digest.Validate() == nil {
			entries = append(entries, e)
		}
	}
	return entries
}

// manifestIn says whether a blob is the manifest of one model, all of whose blobs are there.
func (s *Store) manifestIn(f *storeFile) (*descriptor, bool) {
	d := digest.NewDigestFromEncoded(digest.SHA256, f.name)
	if f.bytes > atrest.MaxManifest || d.Validate() != nil {
		return nil, false
	}
	raw, err := s.readManifest(d)
	if err != nil {
		return nil, false
	}
	var m struct {
		MediaType string `json:"mediaType"`
	}
	refs, err := atrest.ParseRefs(raw)
	if err != nil || json.Unmarshal(raw, &m) != nil || refs.Config == nil || len(refs.Children) > 0 || len(refs.Blobs) < 2 {
		return nil, false
	}
	desc := &descriptor{MediaType: m.MediaType, Digest: d, Size: f.bytes}
	if desc.MediaType == "" {
		desc.MediaType = imgspecv1.MediaTypeImageManifest
	}
	damage, err := s.examineBlobs(&entry{desc: *desc})
	return desc, err == nil && damage == ""
}

// mendLost writes the index again. The caller holds the lock.
func (s *Store) mendLost(opts *artifacts.DoctorOptions) error {
	l, err := s.newLook(opts)
	if err != nil {
		return err
	}
	data, err := atrest.ReadBounded(filepath.Join(s.root, imgspecv1.ImageIndexFile), maxIndex)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	x, _, err := s.rebuilt(data, l)
	if err != nil {
		return err
	}
	return s.writeIndex(x)
}
