package registry

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// plan makes the Plan of a manifest that was read and allowed. One that no store takes is kept in another form.
func (r *Resolver) plan(name artifacts.Name, m *found) (*artifacts.Plan, error) {
	switch form, err := packaging.OCIForm(m.mediaType, m.raw); {
	case err != nil:
		return nil, fmt.Errorf("reading manifest of %s: %w", name, err)
	case form != nil:
		r.log.Info("a Docker manifest that is no image is kept as an OCI artifact", "name", name.String(), "published", digest.FromBytes(m.raw))
		m = &found{raw: form, mediaType: ocispec.MediaTypeImageManifest}
	}
	detected, err := packaging.Detect(m.raw) // validates every descriptor
	if err != nil {
		return nil, fmt.Errorf("reading manifest of %s: %w", name, err)
	}
	if detected.Index {
		return nil, fmt.Errorf("reading manifest of %s: the registry calls an index %s", name, m.mediaType)
	}
	plan := &artifacts.Plan{
		Kind: artifacts.KindArtifact, Manifest: m.raw, MediaType: m.mediaType, Digest: digest.FromBytes(m.raw),
	}
	if detected.Format == packaging.Image {
		plan.Kind = artifacts.KindImage
	}
	if plan.Name, err = r.keepAs(name, plan.Digest); err != nil {
		return nil, err
	}
	plan.Blobs, err = r.blobs(name, m.raw)
	return plan, err
}

// keepAs returns the name to keep a manifest under. Podman finds a name by digest only by the digest of the manifest
// itself; one that named an index, or was of another algorithm, is replaced.
func (r *Resolver) keepAs(name artifacts.Name, d digest.Digest) (artifacts.Name, error) {
	if name.Digest() == "" || name.Digest() == d {
		return name, nil
	}
	kept, err := name.Pinned(d)
	if err != nil {
		return artifacts.Name{}, err
	}
	r.log.Info("the digest names an index: the model is kept under that of its manifest", "asked", name.String(), "kept", kept.String())
	return kept, nil
}

// blobs lists the config and the layers, each digest once, to be read from the places of registries.conf.
func (r *Resolver) blobs(name artifacts.Name, raw []byte) ([]artifacts.Blob, error) {
	var m ocispec.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("reading manifest of %s: %w", name, err)
	}
	at, err := r.places(name)
	if err != nil {
		return nil, err
	}
	var blobs []artifacts.Blob
	seen := map[digest.Digest]bool{}
	for _, d := range append([]ocispec.Descriptor{m.Config}, m.Layers...) {
		if seen[d.Digest] {
			continue
		}
		seen[d.Digest] = true
		b := newBlob(d.Digest, d.Size, at, r.log)
		blobs = append(blobs, artifacts.Blob{
			Digest: d.Digest, Size: d.Size, MediaType: d.MediaType, Data: r.inline(&d), Open: b.open,
		})
	}
	return blobs, nil
}

// places returns the endpoints to read blobs from. One that cannot be set up is passed over, as long as another is left.
func (r *Resolver) places(name artifacts.Name) ([]*endpoint, error) {
	sources, err := pullSources(r.sys, name.Reference())
	if err != nil {
		return nil, err
	}
	var at []*endpoint
	for i := range sources {
		e, err := r.endpoint(name.Reference(), &sources[i])
		switch {
		case err == nil:
			at = append(at, e)
		case i == len(sources)-1 && len(at) == 0:
			return nil, err
		default:
			r.log.Warn("a place that registries.conf names is not usable", "place", sources[i].Reference.Name(), "error", err)
		}
	}
	return at, nil
}

// inline returns the content of a descriptor that brings it along (image-spec, "Embedded Content"), or whose content is
// known: the empty config. Content that does not verify is fetched like any other; nil then.
func (r *Resolver) inline(d *ocispec.Descriptor) []byte {
	empty := ocispec.DescriptorEmptyJSON
	if d.Digest == empty.Digest && d.Size == empty.Size {
		return bytes.Clone(empty.Data)
	}
	if d.Data == nil {
		return nil
	}
	if int64(len(d.Data)) != d.Size || d.Digest.Algorithm().FromBytes(d.Data) != d.Digest {
		r.log.Warn("content in the manifest is not what its digest promises: fetching it", "digest", d.Digest)
		return nil
	}
	return d.Data
}
