package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/asimage"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
)

// imageStore has one image, and its blobs as imagestore gives them.
type imageStore struct {
	artifacts.Store
	model *artifacts.Model
	blobs map[digest.Digest][]byte
}

func (s *imageStore) Find(context.Context, string) (*artifacts.Model, error) { return s.model, nil }

func (s *imageStore) List(context.Context) ([]*artifacts.Model, error) {
	return []*artifacts.Model{s.model}, nil
}

type openBytes struct{ *bytes.Reader }

func (openBytes) Close() error { return nil }

func (s *imageStore) OpenFile(_ context.Context, _ *artifacts.Model, f *artifacts.File) (artifacts.ReadAtCloser, int64, error) {
	data := s.blobs[f.Digest]
	if isConfig := bytes.HasPrefix(data, []byte("{")); data == nil || isConfig != (f.Encoding != packaging.Tar) {
		return nil, 0, artifacts.ErrNotFound
	}
	return openBytes{bytes.NewReader(data)}, int64(len(data)), nil
}

// TestPushImage: an image whose layers are not compressed is pushed byte for byte; one whose layers were, with what was in them,
// which is said; of others the hint says who does it, once.
func TestPushImage(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	p.must(t, "pack", "-t", "m", p.dir)
	m, err := p.store.Find(t.Context(), "localhost/m:latest")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := asimage.ToImage(t.Context(), storetest.ParseName(t, "localhost/i:1"), m, func(f *artifacts.File) artifacts.Opener {
		return atrest.StoredFile(m, f, p.store)
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	name := p.at.Host() + "/org/i:1"
	s := &imageStore{p.store, &artifacts.Model{
		Name: name, Kind: artifacts.KindImage, Store: "images", Digest: plan.Digest, Manifest: plan.Manifest,
	}, map[digest.Digest][]byte{}}
	for i := range plan.Blobs {
		s.blobs[plan.Blobs[i].Digest] = blobBytes(t, &plan.Blobs[i])
	}
	p.env.Services.Store = func(context.Context, *Env) (artifacts.Store, error) { return s, nil }
	if out := p.must(t, "push", "-q", name); !strings.Contains(out, plan.Digest.String()) {
		t.Errorf("printed %q", out)
	}
	if raw := p.must(t, "inspect", "--remote", "--raw", name); raw != string(plan.Manifest) {
		t.Errorf("the registry has %s", raw)
	}
	want := layersAnew(t, plan, func(map[string]any) {})
	s.model.Manifest = layersAnew(t, plan, func(l map[string]any) {
		l["mediaType"], l["size"], l["digest"] = "application/vnd.oci.image.layer.v1.tar+gzip", 10, digest.FromString(l["digest"].(string)).String()
	})
	s.model.Digest = digest.FromBytes(s.model.Manifest)
	if out := p.must(t, "push", "-q", name); !strings.Contains(out, digest.FromBytes(want).String()) {
		t.Errorf("printed %q", out)
	}
	said := p.world.err.String()
	if !strings.Contains(said, "the digest is "+digest.FromBytes(want).String()+", not "+s.model.Digest.String()) {
		t.Errorf("said %q", said)
	}
	if raw := p.must(t, "inspect", "--remote", "--raw", name); raw != string(want) {
		t.Errorf("the registry has %s", raw)
	}
	old := p.at.Host() + "/org/i@" + s.model.Digest.String()
	if code, _, err := p.run(t, "push", name, old); code != exitError || !strings.Contains(err.Error(), digest.FromBytes(want).String()) ||
		!slices.Contains(Hints(err), "paddock copy "+name+" "+old) {
		t.Errorf("to the old digest: exit %d, %v, %q", code, err, Hints(err))
	}
	clear(s.blobs) // a layer that the storage cannot put together again
	for store, want := range map[string]string{"images": "podman push " + name, "docker": "docker push " + name} {
		s.model.Store = store
		if code, _, err := p.run(t, "push", name); code != exitError || strings.Join(Hints(err), "|") != want {
			t.Errorf("%s: exit %d, %v, %q", store, code, err, Hints(err))
		}
	}
}

// TestPushImageBack: an image with compressed layers keeps its digest where the registry has the layers: where it was pulled from, and
// in another repository that can take them from there. Nothing is sent but the manifest.
func TestPushImageBack(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	_, layer := p.at.PutModel("org/i", "1", []byte("what gzip made of a layer"))
	raw := []byte(p.must(t, "inspect", "--remote", "--raw", p.at.Host()+"/org/i:1"))
	m := &artifacts.Model{
		Name: p.at.Host() + "/org/i:1", Kind: artifacts.KindImage, Store: "images", Digest: digest.FromBytes(raw), Manifest: raw,
	}
	if !strings.Contains(string(raw), layer.String()) || strings.Contains(string(raw), `.tar"`) {
		t.Fatalf("the manifest is %s", raw)
	}
	p.env.Services.Store = func(context.Context, *Env) (artifacts.Store, error) { return &imageStore{p.store, m, nil}, nil }
	p.at.Forget()
	for _, dest := range []string{m.Name, p.at.Host() + "/org/i@" + m.Digest.String(), p.at.Host() + "/other/i:2"} {
		if got := p.digest(t, p.must(t, "push", "-q", m.Name, dest)); got != m.Digest.String() {
			t.Errorf("pushed %s to %s, want %s", got, dest, m.Digest)
		}
		if said := p.world.err.String(); strings.Contains(said, "uncompressed") {
			t.Errorf("%s: said %q", dest, said)
		}
		if got := p.must(t, "inspect", "--remote", "--raw", dest); got != string(raw) {
			t.Errorf("%s has %s", dest, got)
		}
	}
	if p.at.BytesTaken() > 0 {
		t.Errorf("%d bytes of blobs were sent", p.at.BytesTaken())
	}
}

// layersAnew is the manifest of a plan with other layers.
func layersAnew(t *testing.T, plan *artifacts.Plan, change func(layer map[string]any)) []byte {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(plan.Manifest, &doc); err != nil {
		t.Fatal(err)
	}
	for _, l := range doc["layers"].([]any) {
		change(l.(map[string]any))
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
