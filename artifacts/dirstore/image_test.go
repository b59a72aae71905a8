package dirstore

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// entry is one of a layer: a file with content, a link to target, or a folder if its name ends so.
type entry struct{ name, content, target string }

func layerOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: e.name, Size: int64(len(e.content)), Mode: 0o600}
		switch {
		case e.target != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, e.target
		case e.name[len(e.name)-1] == '/':
			h.Typeflag = tar.TypeDir
		}
		err := w.WriteHeader(h)
		if err == nil {
			_, err = w.Write([]byte(e.content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func image(t testing.TB, labels map[string]string, layers ...[]byte) *storetest.Origin {
	t.Helper()
	m := imgspecv1.Manifest{MediaType: imgspecv1.MediaTypeImageManifest}
	m.SchemaVersion = 2
	c := imgspecv1.Image{Config: imgspecv1.ImageConfig{Labels: labels}}
	c.OS, c.RootFS.Type = "linux", "layers"
	for _, l := range layers {
		d := digest.FromBytes(l)
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, d)
		m.Layers = append(m.Layers, imgspecv1.Descriptor{MediaType: imgspecv1.MediaTypeImageLayer, Digest: d, Size: int64(len(l))})
	}
	config, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	m.Config = imgspecv1.Descriptor{MediaType: imgspecv1.MediaTypeImageConfig, Digest: digest.FromBytes(config), Size: int64(len(config))}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return storetest.Serve(&artifacts.Plan{
		Name: storetest.ParseName(t, testName), Kind: artifacts.KindImage, Manifest: raw, MediaType: m.MediaType, Digest: digest.FromBytes(raw),
	}, append([][]byte{config}, layers...)...)
}

// TestImage: of a model image the files that a container of it would see are bound, and the layout is still the image's.
func TestImage(t *testing.T) {
	raw := map[string]string{"org.containers.type": "ai.image.model.raw"}
	base := layerOf(t, entry{name: "bin/"}, entry{name: "bin/sh", content: "shell"}, entry{name: "models/"}, entry{name: "models/old.gguf", content: "old"},
		entry{name: "models/b/"}, entry{name: "models/b/b.gguf", content: "bbb"})
	top := layerOf(t, entry{name: "models/.wh.old.gguf"}, entry{name: "models/a.gguf", content: "aaa"},
		entry{name: "models/model.file", target: "b/b.gguf"}, entry{name: "models/copy.txt", target: "/models/a.gguf"})
	s := testStore(t)
	m := land(t, s, image(t, raw, base, top))
	want := map[string]string{"a.gguf": "aaa", "b/b.gguf": "bbb", "copy.txt": "aaa"}
	if got := seen(t, m); !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	if m.Kind != artifacts.KindImage || m.Packaging.Format != packaging.RamaLamaImage || m.Packaging.Main != "b/b.gguf" || m.Packaging.Unservable != nil {
		t.Errorf("%s, %s, main %q, %v", m.Kind, m.Packaging.Format, m.Packaging.Main, m.Packaging.Unservable)
	}
	readBack(t, s, m)
	checkWhole(t, s, m)
	o := image(t, raw, base, top)
	if again := land(t, s, o); o.Read() != 0 || !reflect.DeepEqual(again, m) {
		t.Errorf("landed again: %d bytes, %+v", o.Read(), again)
	}
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], m) {
		t.Errorf("listed %+v, %v", list, err)
	}
}

// TestOpaqueFolder: what a layer hides is not seen.
func TestOpaqueFolder(t *testing.T) {
	base := layerOf(t, entry{name: "models/"}, entry{name: "models/x/"}, entry{name: "models/x/old.gguf", content: "old"})
	top := layerOf(t, entry{name: "models/x/.wh..wh..opq"}, entry{name: "models/x/new.gguf", content: "new"})
	m := land(t, testStore(t), image(t, nil, base, top))
	if got := seen(t, m); !reflect.DeepEqual(got, map[string]string{"x/new.gguf": "new"}) || m.Packaging.Format != packaging.ModelCar {
		t.Errorf("%q, %s", got, m.Packaging.Format)
	}
}

func TestImageRefused(t *testing.T) {
	for what, c := range map[string]struct {
		layer []byte
		want  error
	}{
		"no model":        {layerOf(t, entry{name: "bin/sh", content: "shell"}), artifacts.ErrIsImage},
		"other models":    {layerOf(t, entry{name: "models/"}, entry{name: "models/user.rb", content: "class User"}), artifacts.ErrIsImage},
		"a link out":      {layerOf(t, entry{name: "models/"}, entry{name: "models/m.gguf", target: "../etc/shadow"}), packaging.ErrUnsafePath},
		"a link for it":   {layerOf(t, entry{name: "models", target: "/etc"}), packaging.ErrUnsafePath},
		"links in a ring": {layerOf(t, entry{name: "models/a", target: "b"}, entry{name: "models/b", target: "a"}), packaging.ErrUnsafePath},
	} {
		s := testStore(t)
		if m, err := s.Land(t.Context(), image(t, nil, c.layer).Plan, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v", what, m, err)
		}
		if list, err := s.List(t.Context()); err != nil || len(list) > 0 {
			t.Errorf("%s: left %+v, %v", what, list, err)
		}
	}
}
