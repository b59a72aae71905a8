package union

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/memstore"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// pair is a union of two stores in memory, one for each kind.
type pair struct {
	*Store
	artifacts, images *memstore.Store
}

func newPair() *pair {
	a, i := memstore.NewOf("a", artifacts.KindArtifact), memstore.NewOf("i", artifacts.KindImage)
	return &pair{New(Member{a, "a", []artifacts.Kind{artifacts.KindArtifact}}, Member{i, "i", []artifacts.Kind{artifacts.KindImage}}), a, i}
}

// breakable is a pair of which one member can be made unreadable.
type breakable struct {
	*pair
	fail *memstore.Store
}

func (b breakable) Break(*testing.T) { b.fail.Fail(errors.New("the memory is gone")) }

// maker makes models of one kind.
func maker(kind artifacts.Kind) storetest.Maker {
	return func(t testing.TB, name string, files map[string]string) *storetest.Origin {
		o := storetest.NewOrigin(t, name, files)
		o.Plan.Kind = kind
		return o
	}
}

func TestStore(t *testing.T) {
	for _, kind := range []artifacts.Kind{artifacts.KindArtifact, artifacts.KindImage} {
		t.Run(string(kind), func(t *testing.T) {
			storetest.RunWith(t, func(*testing.T) artifacts.Store {
				p := newPair()
				fail := p.artifacts
				if kind == artifacts.KindImage {
					fail = p.images
				}
				return breakable{p, fail}
			}, maker(kind))
		})
	}
}

func land(t *testing.T, s artifacts.Store, kind artifacts.Kind, name, content string) *artifacts.Model {
	t.Helper()
	m, err := s.Land(t.Context(), maker(kind)(t, name, map[string]string{"m.gguf": content}).Plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func names(t *testing.T, s artifacts.Store) string {
	t.Helper()
	models, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range models {
		all = append(all, m.Store+" "+m.Name)
	}
	return strings.Join(all, ", ")
}

func TestEachToItsOwn(t *testing.T) {
	p := newPair()
	land(t, p, artifacts.KindImage, "quay.io/org/b:1", "b")
	a := land(t, p, artifacts.KindArtifact, "quay.io/org/a:1", "a")
	land(t, p, artifacts.KindArtifact, "quay.io/org/c:1", "c")
	if got, want := names(t, p), "a quay.io/org/a:1, i quay.io/org/b:1, a quay.io/org/c:1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := p.Remove(t.Context(), "quay.io/org/b:1"); err != nil {
		t.Fatal(err)
	}
	if err := p.Remove(t.Context(), a.Digest.String()); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, p), "a quay.io/org/c:1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestTagMovesBetweenStores: a name is in one store only, whichever landed it last.
func TestTagMovesBetweenStores(t *testing.T) {
	p := newPair()
	land(t, p, artifacts.KindArtifact, "quay.io/org/m:1", "old")
	land(t, p, artifacts.KindArtifact, "quay.io/org/m:2", "other")
	m := land(t, p, artifacts.KindImage, "quay.io/org/m:1", "new")
	if got, want := names(t, p), "i quay.io/org/m:1, a quay.io/org/m:2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := p.Tag(t.Context(), m, storetest.ParseName(t, "quay.io/org/m:2")); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, p), "i quay.io/org/m:1, i quay.io/org/m:2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// others is a store that has more than models, as Podman's has: what is none is not found.
type others struct {
	artifacts.Store
	removed []string
}

func (o *others) Remove(ctx context.Context, query string) error {
	o.removed = append(o.removed, query)
	return o.Store.Remove(ctx, query)
}

// TestSupersedeIsExact: only a model of that very name goes, and only if the other store could be asked.
func TestSupersedeIsExact(t *testing.T) {
	images := memstore.NewOf("i", artifacts.KindImage)
	watched := &others{Store: images}
	artifact := memstore.NewOf("a", artifacts.KindArtifact)
	s := New(Member{artifact, "a", []artifacts.Kind{artifacts.KindArtifact}}, Member{watched, "i", []artifacts.Kind{artifacts.KindImage}})
	other := land(t, s, artifacts.KindImage, "quay.io/org/other:1", "x")
	pinned := land(t, s, artifacts.KindArtifact, "quay.io/org/m:1", "y")
	// Asked for this name, the images find the model by its digest.
	if err := s.supersede(t.Context(), "a", storetest.ParseName(t, "quay.io/org/other@"+other.Digest.String())); err != nil {
		t.Fatal(err)
	}
	if len(watched.removed) > 0 {
		t.Errorf("removed %q", watched.removed)
	}
	broken := errors.New("the disk is gone")
	images.Fail(broken)
	o := maker(artifacts.KindArtifact)(t, "quay.io/org/m:3", map[string]string{"m.gguf": "z"})
	if _, err := s.Land(t.Context(), o.Plan, nil); !errors.Is(err, broken) {
		t.Errorf("Land: %v", err)
	}
	if err := s.Tag(t.Context(), pinned, storetest.ParseName(t, "quay.io/org/m:4")); !errors.Is(err, broken) || !strings.Contains(err.Error(), "m:4") {
		t.Errorf("Tag: %v", err)
	}
}

// TestAmbiguous: what another tool did can leave one name in both stores.
func TestAmbiguous(t *testing.T) {
	p := newPair()
	a := land(t, p.artifacts, artifacts.KindArtifact, "quay.io/org/m:1", "one")
	i := land(t, p.images, artifacts.KindImage, "quay.io/org/m:1", "two")
	if _, err := p.Find(t.Context(), "quay.io/org/m:1"); !errors.Is(err, artifacts.ErrAmbiguous) {
		t.Errorf("Find: %v", err)
	}
	if err := p.Remove(t.Context(), "quay.io/org/m:1"); !errors.Is(err, artifacts.ErrAmbiguous) {
		t.Errorf("Remove: %v", err)
	}
	for _, m := range []*artifacts.Model{a, i} {
		if got, err := p.Find(t.Context(), m.Digest.String()); err != nil || got.Store != m.Store {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	if err := p.Remove(t.Context(), i.Digest.String()); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, p), "a quay.io/org/m:1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestOneUnreadable: what cannot be asked may have it, so nothing is not found.
// What was ambiguous stays so, though a removal before it leaves one model.
func TestRemoveAllAmbiguous(t *testing.T) {
	p := newPair()
	one := land(t, p.artifacts, artifacts.KindArtifact, "quay.io/org/one:1", "same")
	two := land(t, p.images, artifacts.KindImage, "quay.io/org/two:1", "same")
	if one.Digest != two.Digest {
		t.Fatalf("%s, %s", one.Digest, two.Digest)
	}
	all := []*artifacts.Removal{{Query: one.Name}, {Query: one.Digest.String()}, {Query: "quay.io/org/none:1"}}
	p.RemoveAll(t.Context(), all)
	if !all[0].Gone || !errors.Is(all[1].Err, artifacts.ErrAmbiguous) || !errors.Is(all[2].Err, artifacts.ErrNotFound) {
		t.Errorf("%+v, %+v, %+v", all[0], all[1], all[2])
	}
	if _, err := p.Find(t.Context(), two.Name); err != nil {
		t.Error(err)
	}
}

func TestOneUnreadable(t *testing.T) {
	p := newPair()
	land(t, p, artifacts.KindArtifact, "quay.io/org/m:1", "one")
	broken := errors.New("the disk is gone")
	p.images.Fail(broken)
	for what, call := range map[string]func(context.Context) error{
		"find":   func(ctx context.Context) error { _, err := p.Find(ctx, "quay.io/org/none:1"); return err },
		"list":   func(ctx context.Context) error { _, err := p.List(ctx); return err },
		"remove": func(ctx context.Context) error { return p.Remove(ctx, "quay.io/org/none:1") },
	} {
		if err := call(t.Context()); !errors.Is(err, broken) || errors.Is(err, artifacts.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestKindThatNobodyTakes(t *testing.T) {
	s := New(Member{memstore.New(), "memory", []artifacts.Kind{artifacts.KindArtifact}})
	o := maker(artifacts.KindImage)(t, "quay.io/org/m:1", nil)
	if _, err := s.Land(t.Context(), o.Plan, nil); !errors.Is(err, artifacts.ErrIsImage) {
		t.Errorf("got %v", err)
	}
	o.Plan.Kind = "other"
	if _, err := s.Land(t.Context(), o.Plan, nil); err == nil || !strings.Contains(err.Error(), `"other"`) {
		t.Errorf("got %v", err)
	}
}

// TestDiscard: damage is taken out of the store that has it, and of no other.
func TestDiscard(t *testing.T) {
	p := newPair()
	a := land(t, p, artifacts.KindArtifact, "quay.io/org/a:1", "same bytes")
	i := land(t, p, artifacts.KindImage, "quay.io/org/i:1", "same bytes")
	lost := []artifacts.Damage{{Digest: i.Packaging.Files[0].Digest, Store: "i"}}
	if err := p.Discard(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	for m, want := range map[*artifacts.Model]int{a: 0, i: 1} {
		damaged, err := p.Check(t.Context(), m, true)
		if err != nil || len(damaged) != want || want == 1 && damaged[0].Store != "i" {
			t.Errorf("%s: got %+v, %v", m.Name, damaged, err)
		}
	}
}

// TestDiscardGoesOn: what one member cannot discard keeps no other from it.
func TestDiscardGoesOn(t *testing.T) {
	p := newPair()
	i := land(t, p, artifacts.KindImage, "quay.io/org/i:1", "bytes")
	broken := errors.New("the disk is gone")
	p.artifacts.Fail(broken)
	lost := i.Packaging.Files[0].Digest
	if err := p.Discard(t.Context(), []artifacts.Damage{{Digest: lost, Store: "a"}, {Digest: lost, Store: "i"}}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if damaged, err := p.images.Check(t.Context(), i, true); err != nil || len(damaged) != 1 {
		t.Errorf("got %+v, %v", damaged, err)
	}
}

// upkeep is a store with one thing wrong, and one download.
type upkeep struct {
	artifacts.Store
	name   string
	mended []artifacts.Finding
}

func (u *upkeep) Diagnose(context.Context, *artifacts.DoctorOptions) ([]artifacts.Finding, error) {
	return []artifacts.Finding{{Kind: artifacts.FindingOrphan, Path: u.name, Mendable: true}}, nil
}

func (u *upkeep) Mend(_ context.Context, found []artifacts.Finding, _ *artifacts.DoctorOptions) ([]artifacts.Finding, error) {
	u.mended = found
	return found, nil
}

func (u *upkeep) Usage(context.Context, func(string)) (*artifacts.Usage, error) {
	return &artifacts.Usage{Models: []artifacts.ModelUsage{{Name: u.name, Own: 1}}, Blobs: 3, Orphans: 2, Staging: 10, Leftovers: 100}, nil
}

func (u *upkeep) Prune(context.Context, *artifacts.PruneOptions) ([]artifacts.Download, error) {
	return []artifacts.Download{{Allocated: 10}}, nil
}

// TestUpkeep: everything that members can do is done to all that can, and findings go back to who found them.
func TestUpkeep(t *testing.T) {
	x, y := &upkeep{name: "x"}, &upkeep{name: "y"}
	s := New(Member{Store: y, Word: "y"}, Member{Store: memstore.New(), Word: "memory"}, Member{Store: x, Word: "x"})
	found, err := s.Diagnose(t.Context(), nil)
	if err != nil || len(found) != 2 || found[0].Store != "y" || found[1].Store != "x" {
		t.Fatalf("got %+v, %v", found, err)
	}
	mended, err := s.Mend(t.Context(), found[1:], nil)
	if err != nil || len(mended) != 1 || mended[0] != found[1] || len(y.mended) != 0 || len(x.mended) != 1 || x.mended[0].Path != "x" {
		t.Errorf("mended %+v, %v", mended, err)
	}
	u, err := s.Usage(t.Context(), nil)
	if err != nil || len(u.Models) != 2 || u.Models[0].Name != "x" || u.Blobs != 6 || u.Orphans != 4 || u.Staging != 20 || u.Leftovers != 200 {
		t.Errorf("got %+v, %v", u, err)
	}
	gone, err := s.Prune(t.Context(), nil)
	if err != nil || len(gone) != 2 {
		t.Errorf("got %+v, %v", gone, err)
	}
}

// TestLocate: a file is where the member that has its model says.
func TestLocate(t *testing.T) {
	p := newPair()
	m := land(t, p, artifacts.KindImage, "quay.io/a/m:1", "x")
	f := &m.Packaging.Files[0]
	if got, err := p.Locate(m, f); err != nil || !strings.HasSuffix(got, f.Digest.Encoded()) {
		t.Errorf("got %q, %v", got, err)
	}
	m.Store = "gone"
	if got, err := p.Locate(m, f); err == nil {
		t.Errorf("of no member: got %q", got)
	}
}
