package memstore

import (
	"errors"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

type breakable struct{ *Store }

func (b breakable) Break(*testing.T) { b.Fail(errors.New("the memory is gone")) }

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) artifacts.Store { return breakable{New()} })
}

func TestDamage(t *testing.T) {
	s := New()
	o := storetest.NewOrigin(t, "quay.io/org/m:1", map[string]string{"m.gguf": "bytes"})
	m, err := s.Land(t.Context(), o.Plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Discard(t.Context(), []artifacts.Damage{{Digest: m.Packaging.Files[0].Digest}}); err != nil {
		t.Fatal(err)
	}
	damaged, err := s.Check(t.Context(), m, true)
	if err != nil || len(damaged) != 1 || damaged[0].Digest != m.Packaging.Files[0].Digest {
		t.Errorf("got %+v, %v", damaged, err)
	}
	if _, err := s.Land(t.Context(), o.Plan, nil); err != nil {
		t.Fatal(err)
	}
	if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) != 0 {
		t.Errorf("after landing again: %+v, %v", damaged, err)
	}
}
