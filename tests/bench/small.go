package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// smallRounds is how often a command of milliseconds is run.
const smallRounds = 11

// small is what commands take that move nothing.
type small struct {
	Version time.Duration `json:"version"`
	Ls      time.Duration `json:"ls"`
	Models  int           `json:"models"`
}

func measureSmall(ctx context.Context, w *world, models int) (*small, error) {
	if err := w.clean(); err != nil {
		return nil, err
	}
	if err := fillStore(models); err != nil {
		return nil, err
	}
	out, err := must(ctx, "podman", "artifact", "ls", "--noheading")
	if err != nil {
		return nil, err
	}
	if n := strings.Count(out, "\n"); n != models {
		return nil, fmt.Errorf("filling the store: podman lists %d models, want %d", n, models)
	}
	s := &small{Models: models}
	if s.Version, err = often(ctx, "paddock", "version"); err != nil {
		return nil, err
	}
	if s.Ls, err = often(ctx, "paddock", "ls"); err != nil {
		return nil, err
	}
	return s, w.clean()
}

func often(ctx context.Context, argv ...string) (time.Duration, error) {
	var all []*usage
	for range smallRounds {
		u, err := measure(ctx, argv...)
		if err != nil {
			return 0, err
		}
		all = append(all, u)
	}
	return middle(all, func(u *usage) time.Duration { return u.Wall }), nil
}

// fillStore writes the store as Podman lays it out: an OCI layout. The models differ in their annotations only.
func fillStore(models int) error {
	index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
	for _, data := range [][]byte{[]byte("{}"), []byte("weights")} {
		if _, err := put(data); err != nil {
			return err
		}
	}
	for i := range models {
		raw, err := json.Marshal(ocispec.Manifest{
			Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
			ArtifactType: "application/vnd.cncf.model.manifest.v1+json",
			Config:       descriptor("application/vnd.cncf.model.config.v1+json", []byte("{}"), nil),
			Layers: []ocispec.Descriptor{descriptor("application/vnd.cncf.model.weight.v1.raw", []byte("weights"),
				map[string]string{"org.cncf.model.filepath": "model.gguf"})},
			Annotations: map[string]string{"number": fmt.Sprint(i)},
		})
		if err != nil {
			return fmt.Errorf("filling the store: %w", err)
		}
		d, err := put(raw)
		if err != nil {
			return err
		}
		index.Manifests = append(index.Manifests, ocispec.Descriptor{
			MediaType: ocispec.MediaTypeImageManifest, Digest: d, Size: int64(len(raw)),
			Annotations: map[string]string{ocispec.AnnotationRefName: fmt.Sprintf("example.com/bench/m%04d:1", i)},
		})
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return fmt.Errorf("filling the store: %w", err)
	}
	if err := os.WriteFile(filepath.Join(storeDir, ocispec.ImageLayoutFile), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644); err != nil {
		return fmt.Errorf("filling the store: %w", err)
	}
	return os.WriteFile(filepath.Join(storeDir, ocispec.ImageIndexFile), raw, 0o644)
}

func descriptor(mediaType string, data []byte, annotations map[string]string) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data)), Annotations: annotations}
}

// put writes a blob into the store.
func put(data []byte) (digest.Digest, error) {
	d := digest.FromBytes(data)
	path := filepath.Join(storeDir, "blobs", d.Algorithm().String(), d.Encoded())
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("filling the store: %w", err)
	}
	return d, os.WriteFile(path, data, 0o644)
}
