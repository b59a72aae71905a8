package ocipath

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/directory"
	"go.podman.io/image/v5/docker/archive"
	"go.podman.io/image/v5/docker/reference"
	ociarchive "go.podman.io/image/v5/oci/archive"
	"go.podman.io/image/v5/oci/layout"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/staging"
	"github.com/paddock-dev/paddock/transports/synth"
)

const anything = `{"default":[{"type":"insecureAcceptAnything"}]}`

func resolver(t *testing.T, kind Kind, text string) *Resolver {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return &Resolver{Kind: kind, System: &types.SystemContext{SignaturePolicyPath: file}}
}

// model is a plan of one file, to be written by containers/image.
func model(t *testing.T, weights string) *artifacts.Plan {
	t.Helper()
	name, err := artifacts.ParseName("example.com/org/m:1")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := synth.Plan(&synth.Model{
		Name: name, Origin: "test", Files: []synth.File{{Path: "m.gguf", Digest: digest.FromString(weights), Size: int64(len(weights)), Data: []byte(weights)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// write copies something to a place as skopeo does.
func write(t *testing.T, src, dst types.ImageReference) {
	t.Helper()
	policy, err := signature.NewPolicyContext(&signature.Policy{Default: signature.PolicyRequirements{signature.NewPRInsecureAcceptAnything()}})
	if err != nil {
		t.Fatal(err)
	}
	defer policy.Destroy() //nolint:errcheck // of no consequence here
	if _, err := copy.Image(t.Context(), policy, dst, src, &copy.Options{PreserveDigests: true}); err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// fetch stages what a plan lists, by ranges where that can be.
func fetch(t *testing.T, plan *artifacts.Plan) error {
	t.Helper()
	batch, err := staging.Open(t.TempDir()).Fetch(context.WithoutCancel(t.Context()), plan.Blobs, nil)
	if err != nil {
		return err
	}
	return batch.Close()
}

func TestArtifacts(t *testing.T) {
	plan := model(t, "GGUF"+strings.Repeat("weights", 1<<20))
	src := synth.Reference(synth.Scope{Transport: "test"}, plan)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, src, must(layout.NewReference(at("layout"), "v1")))
	write(t, src, must(layout.NewReference(at("full"), "quay.io/org/m:2")))
	write(t, src, must(ociarchive.NewReference(at("m.tar"), "v1")))
	if err := os.Mkdir(at("folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, src, must(directory.NewReference(at("folder"))))
	for _, c := range []struct {
		kind       Kind
		path, name string
	}{
		{Layout, "layout:v1", "localhost/layout:v1"},
		{Layout, "layout", "localhost/layout:latest"},
		{Layout, "full:quay.io/org/m:2", "quay.io/org/m:2"},
		{Archive, "m.tar:v1", "localhost/m:v1"},
		{Archive, "m.tar", "localhost/m:latest"},
		{Dir, "folder", "localhost/folder:latest"},
	} {
		r := resolver(t, c.kind, anything)
		got, err := r.Resolve(t.Context(), at(c.path))
		if err != nil {
			t.Errorf("%s:%s: %v", c.kind, c.path, err)
			continue
		}
		if got.Digest != plan.Digest || got.Kind != artifacts.KindArtifact || got.Name.String() != c.name || len(got.Blobs) != len(plan.Blobs) {
			t.Errorf("%s:%s: %+v", c.kind, c.path, got)
		}
		if err := fetch(t, got); err != nil {
			t.Errorf("%s:%s: %v", c.kind, c.path, err)
		}
		part := must(got.Blobs[1].Open(t.Context(), 3, 5))
		if text := must(io.ReadAll(part)); string(text) != "Fweig" {
			t.Errorf("%s:%s: part %q", c.kind, c.path, text)
		}
		if err := part.Close(); err != nil {
			t.Error(err)
		}
		if names := must(r.Names(at(c.path))); names.Queries[0] != c.name {
			t.Errorf("%+v", names)
		}
	}
}

// image writes a container image of one layer in docker's archive, under names.
func image(t *testing.T, path string, names ...string) {
	t.Helper()
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	text := []byte("GGUFweights")
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: "models/m.gguf", Mode: 0o644, Size: int64(len(text))}), second(w.Write(text)), w.Close()); err != nil {
		t.Fatal(err)
	}
	config := `{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["` + digest.FromBytes(layer.Bytes()).String() + `"]}}`
	manifest := `{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":` +
		strconv.Itoa(len(config)) + `,"digest":"` + digest.FromString(config).String() + `"},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar","size":` + strconv.Itoa(layer.Len()) +
		`,"digest":"` + digest.FromBytes(layer.Bytes()).String() + `"}]}`
	plan := &artifacts.Plan{Manifest: []byte(manifest), MediaType: "application/vnd.docker.distribution.manifest.v2+json", Digest: digest.FromString(manifest), Blobs: []artifacts.Blob{
		{Digest: digest.FromString(config), Size: int64(len(config)), Data: []byte(config)},
		{Digest: digest.FromBytes(layer.Bytes()), Size: int64(layer.Len()), Data: layer.Bytes()},
	}}
	for _, name := range names {
		named := must(reference.ParseNormalizedNamed(name)).(reference.NamedTagged)
		write(t, synth.Reference(synth.Scope{Transport: "test"}, plan), must(archive.NewReference(path, named)))
	}
}

func second(_ int, err error) error { return err }

func TestSavedImage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image.tar")
	image(t, path, "quay.io/org/image:3")
	r := resolver(t, DockerArchive, anything)
	for ref, want := range map[string]string{"": "quay.io/org/image:3", ":quay.io/org/image:3": "quay.io/org/image:3"} {
		plan, err := r.Resolve(t.Context(), path+ref)
		if err != nil {
			t.Fatal(err)
		}
		if plan.Kind != artifacts.KindImage || plan.Name.String() != want || len(plan.Blobs) != 2 {
			t.Errorf("%+v", plan)
		}
		if err := fetch(t, plan); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.Resolve(t.Context(), path+":quay.io/org/other:1"); err == nil {
		t.Error("another image was found")
	}
}

func TestRefused(t *testing.T) {
	plan, other := model(t, "GGUFone"), model(t, "GGUFtwo")
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, synth.Reference(synth.Scope{Transport: "test"}, plan), must(layout.NewReference(at("two"), "one")))
	write(t, synth.Reference(synth.Scope{Transport: "test"}, other), must(layout.NewReference(at("two"), "two")))
	write(t, synth.Reference(synth.Scope{Transport: "test"}, plan), must(layout.NewReference(at("bad"), "one")))
	if err := os.WriteFile(at("bad/"+layoutBlob(plan.Digest)), bytes.ToUpper(plan.Manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, synth.Reference(synth.Scope{Transport: "test"}, plan), must(layout.NewReference(at("cut"), "one")))
	if err := os.WriteFile(at("cut/"+layoutBlob(plan.Blobs[1].Digest)), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if err := errors.Join(second(z.Write([]byte("tar"))), z.Close(), os.WriteFile(at("z.tar"), zipped.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind       Kind
		path, says string
		is         error
	}{
		{Layout, "none", "none", artifacts.ErrNotFound},
		{Layout, "two", "2 manifests, name one behind the path, as in :one or :two", artifacts.ErrInvalidName},
		{Layout, "two:three", `called "three", only one, two`, artifacts.ErrNotFound},
		{Layout, "bad", "other bytes", artifacts.ErrVerification},
		{Layout, "cut", "has 1 bytes", artifacts.ErrVerification},
		{Layout, "z.tar", "not a folder", nil},
		{Dir, "two", "no dir: folder", artifacts.ErrNotFound},
		{Layout, ".", "no OCI layout", artifacts.ErrNotFound},
		{Archive, "z.tar", "not compressed", nil},
		{DockerArchive, "z.tar", "not compressed", nil},
		{Archive, "two", "not a file", nil},
		{DockerArchive, "none.tar", "none.tar", artifacts.ErrNotFound},
	} {
		_, err := resolver(t, c.kind, anything).Resolve(t.Context(), at(c.path))
		if err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s:%s: %v", c.kind, c.path, err)
		}
	}
	if _, err := resolver(t, Layout, `{"default":[{"type":"reject"}]}`).Resolve(t.Context(), at("two:one")); !errors.Is(err, artifacts.ErrPolicy) {
		t.Error(err)
	}
	allowed := `{"default":[{"type":"reject"}],"transports":{"oci":{"` + must(filepath.EvalSymlinks(dir)) + `":[{"type":"insecureAcceptAnything"}]}}}`
	if got, err := resolver(t, Layout, allowed).Resolve(t.Context(), at("two:one")); err != nil || got.Digest != plan.Digest {
		t.Error(err)
	}
}
