package imagestore

import (
	"io"
	"os"
	"reflect"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

type breakable struct{ *Store }

func (b breakable) Break(t *testing.T) {
	if err := os.WriteFile(b.imageDir("images.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestStore(t *testing.T) {
	storetest.RunWith(t, func(t *testing.T) artifacts.Store { return breakable{newStore(t, "overlay")} }, newModel)
}

// TestVFS: a driver that keeps files elsewhere, those of lower layers in every layer. All else is the same code: see TestStore.
func TestVFS(t *testing.T) {
	s := newStore(t, "vfs")
	one := newModel(t, "quay.io/org/one:1", map[string]string{"a.gguf": "weights", "b/config.json": "{}"})
	two := newModel(t, "quay.io/org/two:1", map[string]string{"a.gguf": "weights", "c.txt": "text"})
	m := land(t, s, one)
	land(t, s, two)
	if err := s.Remove(t.Context(), "quay.io/org/two:1"); err != nil {
		t.Fatal(err)
	}
	list, err := s.List(t.Context())
	if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], m) || len(m.Packaging.Files) != 2 {
		t.Fatalf("listed %+v, %v; want %+v", list, err, m)
	}
	if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
		t.Errorf("damaged: %+v, %v", damaged, err)
	}
	for i := range m.Packaging.Files {
		f := &m.Packaging.Files[i]
		r, size, err := s.OpenFile(t.Context(), m, f)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(io.NewSectionReader(r, 0, size))
		if want := map[string]string{"a.gguf": "weights", "b/config.json": "{}"}[f.Path]; err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", f.Path, data, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := os.Remove(s.modelFile(t, m, "a.gguf")); err != nil {
		t.Fatal(err)
	}
	if damaged, err := s.Check(t.Context(), m, false); err != nil || len(damaged) != 1 {
		t.Errorf("of a lost file: %+v, %v", damaged, err)
	}
}
