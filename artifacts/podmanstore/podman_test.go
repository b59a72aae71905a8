package podmanstore

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/common/libimage"
	"go.podman.io/common/pkg/libartifact"
	libtypes "go.podman.io/common/pkg/libartifact/types"
	"go.podman.io/image/v5/oci/layout"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// podman is Podman's own code on the same store: what it says of the store is what Podman's users see.
type podman struct {
	store *libartifact.ArtifactStore
	// policy is a containers-policy.json that allows everything.
	policy string
}

func newPodman(root, policy string) (*podman, error) {
	store, err := libartifact.NewArtifactStore(root, &types.SystemContext{SignaturePolicyPath: policy})
	return &podman{store, policy}, err
}

func openPodman(t *testing.T, s *Store) *podman {
	t.Helper()
	policy := filepath.Join(t.TempDir(), "policy.json")
	writeTest(t, policy, anythingGoes)
	p, err := newPodman(s.root, policy)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const anythingGoes = `{"default":[{"type":"insecureAcceptAnything"}]}`

// pull is podman artifact pull, with an OCI layout in place of the registry.
func (p *podman) pull(ctx context.Context, name, source string) (digest.Digest, error) {
	ref, err := libartifact.NewArtifactReference(name)
	if err != nil {
		return "", err
	}
	var opts libimage.CopyOptions
	opts.SignaturePolicyPath = p.policy
	opts.SourceLookupReferenceFunc = func(types.ImageReference) (types.ImageReference, error) {
		return layout.NewReference(source, "")
	}
	return p.store.Pull(ctx, ref, opts)
}

func (p *podman) remove(ctx context.Context, name string) error {
	ref, err := libartifact.NewArtifactStorageReference(name)
	if err != nil {
		return err
	}
	_, err = p.store.Remove(ctx, ref)
	return err
}

func (p *podman) names(t *testing.T) map[string]digest.Digest {
	t.Helper()
	list, err := p.store.List(t.Context())
	if err != nil {
		t.Fatalf("podman artifact ls: %v", err)
	}
	names := map[string]digest.Digest{}
	for _, a := range list {
		name, err := a.GetName()
		if err != nil {
			t.Fatalf("podman artifact ls: %v", err)
		}
		names[name] = a.Digest
	}
	return names
}

// writeLayout writes an origin as an OCI layout with one image, to pull from.
func writeLayout(dir string, o *storetest.Origin, contents ...string) error {
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return err
	}
	index, err := json.Marshal(imgspecv1.Index{Manifests: []imgspecv1.Descriptor{
		{MediaType: o.Plan.MediaType, Digest: o.Plan.Digest, Size: int64(len(o.Plan.Manifest))},
	}})
	if err != nil {
		return err
	}
	errs := []error{
		os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644),
		os.WriteFile(filepath.Join(dir, "index.json"), index, 0o644),
	}
	for _, data := range append(contents, string(o.Plan.Manifest), storetest.Config) {
		errs = append(errs, os.WriteFile(filepath.Join(blobs, digest.FromString(data).Encoded()), []byte(data), 0o644))
	}
	return errors.Join(errs...)
}

func TestPodmanReadsOurs(t *testing.T) {
	s := testStore(t)
	o := storetest.NewOrigin(t, "quay.io/org/m:1", map[string]string{"m": "bytes", "n": "more"})
	m, err := s.Land(t.Context(), o.Plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	pin, err := o.Plan.Name.Pinned(o.Plan.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Tag(t.Context(), m, pin); err != nil {
		t.Fatal(err)
	}
	p := openPodman(t, s)
	if names := p.names(t); len(names) != 2 || names["quay.io/org/m:1"] != m.Digest || names[pin.String()] != m.Digest {
		t.Fatalf("podman artifact ls: %v", names)
	}
	for _, name := range []string{"quay.io/org/m:1", pin.String()} {
		ref, err := libartifact.NewArtifactStorageReference(name)
		if err != nil {
			t.Fatal(err)
		}
		a, err := p.store.Inspect(t.Context(), ref)
		if err != nil || a.Digest != m.Digest || a.TotalSizeBytes() != int64(len("bytesmore")) {
			t.Errorf("podman artifact inspect %s: %+v, %v", name, a, err)
		}
		paths, err := p.store.BlobMountPaths(t.Context(), ref, &libtypes.BlobMountPathOptions{})
		if err != nil || len(paths) != 2 || paths[0].Name != "m" {
			t.Errorf("mounting %s: %+v, %v", name, paths, err)
		}
	}
	for _, name := range []string{"quay.io/org/m:1", pin.String()} {
		if err := p.remove(t.Context(), name); err != nil {
			t.Errorf("podman artifact rm %s: %v", name, err)
		}
	}
	if files := blobNames(t, s); len(files) != 0 {
		t.Errorf("left after podman artifact rm: %v", files)
	}
}

func TestWeReadPodmans(t *testing.T) {
	s := testStore(t)
	p := openPodman(t, s)
	added, err := libartifact.NewArtifactReference("quay.io/org/added:1")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "m.gguf")
	writeTest(t, file, "GGUF bytes")
	d, err := p.store.Add(t.Context(), added, []libtypes.ArtifactBlob{{BlobFilePath: file, FileName: "m.gguf"}},
		&libtypes.AddOptions{ArtifactMIMEType: "application/x-model"})
	if err != nil {
		t.Fatal(err)
	}
	o := storetest.NewOrigin(t, "quay.io/org/pulled:1", map[string]string{"m": "bytes"})
	source := t.TempDir()
	if err := writeLayout(source, o, "bytes"); err != nil {
		t.Fatal(err)
	}
	if got, err := p.pull(t.Context(), "quay.io/org/pulled", source); err != nil || got != o.Plan.Digest {
		t.Fatalf("podman artifact pull: %s, %v", got, err)
	}
	models, err := s.List(t.Context())
	if err != nil || len(models) != 2 || models[0].Digest != *d || models[1].Digest != o.Plan.Digest {
		t.Fatalf("listed %+v, %v", models, err)
	}
	if f := models[0].Packaging.Files; len(f) != 1 || f[0].Path != "m.gguf" || f[0].Size != int64(len("GGUF bytes")) {
		t.Errorf("files of the added one: %+v", f)
	}
	if models[0].Created.IsZero() || models[1].Name != "quay.io/org/pulled:latest" {
		t.Errorf("got %+v", models)
	}
	for _, m := range models {
		if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
			t.Errorf("%s: %+v, %v", m.Name, damaged, err)
		}
	}
	o.Plan.Name = storetest.ParseName(t, "quay.io/org/pulled")
	if _, err := s.Land(t.Context(), o.Plan, nil); err != nil || o.Read() != 0 {
		t.Errorf("landing what Podman pulled: %v, %d bytes", err, o.Read())
	}
	for _, m := range models {
		if err := s.Remove(t.Context(), m.Name); err != nil {
			t.Error(err)
		}
	}
	if files := blobNames(t, s); len(files) != 0 {
		t.Errorf("left: %v", files)
	}
}

// TestMovedTagOfPodman: what a podman artifact pull of a moved tag leaves breaks podman artifact ls. Landing the name mends it.
func TestMovedTagOfPodman(t *testing.T) {
	s := testStore(t)
	p := openPodman(t, s)
	const name = "quay.io/org/m:1"
	var last *storetest.Origin
	for _, content := range []string{"old", "new"} {
		last = storetest.NewOrigin(t, name, map[string]string{"m": content})
		source := t.TempDir()
		if err := writeLayout(source, last, content); err != nil {
			t.Fatal(err)
		}
		if _, err := p.pull(t.Context(), name, source); err != nil {
			t.Fatal(err)
		}
	}
	models, err := s.List(t.Context())
	if err != nil || len(models) != 2 || models[0].Name != "" {
		t.Fatalf("Podman no longer leaves an unnamed entry: %+v, %v", models, err)
	}
	old := storetest.NewOrigin(t, name, map[string]string{"m": "old"})
	if _, err := s.Land(t.Context(), old.Plan, nil); err != nil {
		t.Fatal(err)
	}
	if names := p.names(t); len(names) != 1 || names[name] != old.Plan.Digest {
		t.Errorf("podman artifact ls: %v", names)
	}
	if _, err := s.Find(t.Context(), last.Plan.Digest.String()); !errors.Is(err, artifacts.ErrNotFound) {
		t.Errorf("the displaced one: %v", err)
	}
}

func TestUnnamedRemovable(t *testing.T) {
	s := testStore(t)
	o := storetest.NewOrigin(t, "quay.io/org/m:1", map[string]string{"m": "bytes"})
	if _, err := s.Land(t.Context(), o.Plan, nil); err != nil {
		t.Fatal(err)
	}
	writeTest(t, s.indexPath(), `{"schemaVersion":2,"manifests":[`+entryJSON(o.Plan.Digest.String(), "")+`]}`)
	m, err := s.Find(t.Context(), o.Plan.Digest.Encoded()[:12])
	if err != nil || m.Name != "" || m.Mount != (artifacts.ArtifactMount{Source: o.Plan.Digest.Encoded()}) {
		t.Fatalf("found %+v, %v", m, err)
	}
	if err := s.Remove(t.Context(), o.Plan.Digest.Encoded()[:12]); err != nil {
		t.Fatal(err)
	}
	if files := blobNames(t, s); len(files) != 0 {
		t.Errorf("left: %v", files)
	}
}

func blobNames(t *testing.T, s *Store) []string {
	t.Helper()
	all, err := s.blobFiles()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, files := range all {
		for _, f := range files {
			names = append(names, f.name)
		}
	}
	return names
}
