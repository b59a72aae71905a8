package registry

import (
	"encoding/json"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	specs "github.com/opencontainers/image-spec/specs-go"
)

// PutBlob stores a blob; every repository has it.
func (r *Registry) PutBlob(data []byte) digest.Digest {
	d := digest.FromBytes(data)
	r.PutBlobAs(d, data)
	return d
}

// PutBlobAs stores a blob under a digest that need not be its own.
func (r *Registry) PutBlobAs(d digest.Digest, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blobs[d] = data
}

// DropBlob takes a blob away.
func (r *Registry) DropBlob(d digest.Digest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.blobs, d)
}

// PutManifest stores a manifest or index in a repository, under its digest and, if tag is not "", a tag. An empty media type
// is sent as it is.
func (r *Registry) PutManifest(repository, tag, mediaType string, raw []byte) digest.Digest {
	d := digest.FromBytes(raw)
	r.PutManifestAs(repository, "@"+d.String(), mediaType, raw)
	if tag != "" {
		r.PutManifestAs(repository, ":"+tag, mediaType, raw)
	}
	return d
}

// PutManifestAs stores a manifest under a key, ":tag" or "@digest", that need not be true.
func (r *Registry) PutManifestAs(repository, key, mediaType string, raw []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.manifests[repository+key] = manifest{mediaType, raw}
}

// PutModel stores a plain artifact of one titled layer and an empty config, and returns the manifest and the layer's digest.
func (r *Registry) PutModel(repository, tag string, data []byte) (raw []byte, layer digest.Digest) {
	r.t.Helper()
	r.PutBlob(ocispec.DescriptorEmptyJSON.Data)
	layer = r.PutBlob(data)
	raw = r.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		ArtifactType: "application/vnd.test.model", Config: ocispec.DescriptorEmptyJSON,
		Layers: []ocispec.Descriptor{{
			MediaType: "application/octet-stream", Digest: layer, Size: int64(len(data)),
			Annotations: map[string]string{ocispec.AnnotationTitle: "model.gguf"},
		}},
	})
	r.PutManifest(repository, tag, ocispec.MediaTypeImageManifest, raw)
	return raw, layer
}

// Index returns an index of manifests, the first for linux on the architecture, the others for linux on s390x.
func (r *Registry) Index(architecture string, manifests ...[]byte) []byte {
	r.t.Helper()
	index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
	for i, raw := range manifests {
		if i > 0 {
			architecture = "s390x"
		}
		var doc struct{ MediaType string }
		if err := json.Unmarshal(raw, &doc); err != nil {
			r.t.Fatal(err)
		}
		index.Manifests = append(index.Manifests, ocispec.Descriptor{
			MediaType: doc.MediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw)),
			Platform: &ocispec.Platform{OS: "linux", Architecture: architecture},
		})
	}
	return r.Marshal(index)
}

// Marshal writes a document as JSON.
func (r *Registry) Marshal(doc any) []byte {
	r.t.Helper()
	raw, err := json.Marshal(doc)
	if err != nil {
		r.t.Fatal(err)
	}
	return raw
}
