package cli

import (
	"bytes"
	"context"
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

// TestPushImage: an image whose layers are not compressed is pushed byte for byte; of others the hint says who does it, once.
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
	s.model.Manifest = bytes.ReplaceAll(plan.Manifest, []byte(".v1.tar"), []byte(".v1.tar+gzip"))
	for store, want := range map[string]string{"images": "podman push " + name, "docker": "docker push " + name} {
		s.model.Store = store
		if code, _, err := p.run(t, "push", name); code != exitError || strings.Join(Hints(err), "|") != want {
			t.Errorf("%s: exit %d, %v, %q", store, code, err, Hints(err))
		}
	}
}
