package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

func (s *suite) queries() {
	const latest = "quay.io/org/three:latest"
	o := s.origin(latest, "three")
	s.land(o)
	other := s.origin(nameOne, "one")
	s.land(other)
	hex := o.Plan.Digest.Encoded()
	for _, query := range []string{
		latest, "quay.io/org/three", "quay.io/org/three@" + o.Plan.Digest.String(),
		o.Plan.Digest.String(), hex, hex[:40], hex[:2], "sha256:" + hex[:40],
	} {
		if m := s.found(query, o); m.Name != latest {
			s.Errorf("%s: found under %s", query, m.Name)
		}
	}
	for _, query := range []string{
		"three", "org/three", "org/three:latest", "quay.io/org/three:2", "quay.io/org/thre", "quay.io/org", "", ":",
		"quay.io/org/three@" + other.Plan.Digest.String(), "quay.io/org/four@" + o.Plan.Digest.String(),
		hex[1:40], "sha256:", hex + "0", "sha512:" + hex,
	} {
		if m, err := s.store.Find(s.Context(), query); !errors.Is(err, artifacts.ErrNotFound) {
			s.Errorf("%q: got %+v, %v", query, m, err)
		}
	}
}

// twins returns two origins whose manifests begin alike.
func (s *suite) twins() (a, b *Origin, prefix string) {
	seen := map[string]*Origin{}
	for i := 0; ; i++ {
		o := s.origin(fmt.Sprintf("quay.io/org/twin:%d", i), fmt.Sprintf("twin %d", i))
		prefix := o.Plan.Digest.Encoded()[:3]
		if seen[prefix] != nil {
			return seen[prefix], o, prefix
		}
		seen[prefix] = o
	}
}

func (s *suite) ambiguous() {
	a, b, prefix := s.twins()
	s.land(a)
	s.found(prefix, a)
	s.land(b)
	if _, err := s.store.Find(s.Context(), prefix); !errors.Is(err, artifacts.ErrAmbiguous) {
		s.Errorf("Find: %v", err)
	}
	if err := s.store.Remove(s.Context(), prefix); !errors.Is(err, artifacts.ErrAmbiguous) {
		s.Errorf("Remove: %v", err)
	}
	s.found(a.Plan.Name.String(), a)
	s.found(b.Plan.Name.String(), b)
}

func (s *suite) removeByDigest() {
	one, two := s.origin(nameOne, "one"), s.origin(nameTwo, "two")
	s.land(one)
	s.land(two)
	s.remove(one.Plan.Digest.Encoded()[:20])
	s.names(nameTwo)
	s.remove("quay.io/org/two@" + two.Plan.Digest.String())
	s.names()
}

// removeAll: each removal is as if it were by itself, after those before it.
func (s *suite) removeAll() {
	one, two := s.origin(nameOne, "one"), s.origin(nameTwo, "two")
	refusal := errors.New("refused")
	several := func() []*artifacts.Removal {
		return []*artifacts.Removal{
			{Query: nameOne},
			{Query: nameOne},
			{Query: "quay.io/org/none:1"},
			{Query: nameTwo, Admit: func(name string, d digest.Digest) error {
				if name != nameTwo || d != two.Plan.Digest {
					s.Errorf("asked for %s, %s", name, d)
				}
				return refusal
			}},
		}
	}
	all := several()
	artifacts.RemoveAll(s.Context(), s.store, all)
	for i, r := range all[:3] {
		if r.Gone || !errors.Is(r.Err, artifacts.ErrNotFound) {
			s.Errorf("an empty store, %d: %+v", i, r)
		}
	}
	s.land(one)
	s.land(two)
	all = several()
	artifacts.RemoveAll(s.Context(), s.store, all)
	for i, want := range []error{nil, artifacts.ErrNotFound, artifacts.ErrNotFound, refusal} {
		if r := all[i]; r.Gone != (want == nil) || !errors.Is(r.Err, want) {
			s.Errorf("%d: %+v, want %v", i, r, want)
		}
	}
	s.names(nameTwo)
	s.found(nameTwo, two)
	last := &artifacts.Removal{Query: two.Plan.Digest.Encoded()[:20]}
	if artifacts.RemoveAll(s.Context(), s.store, []*artifacts.Removal{last}); !last.Gone || last.Err != nil {
		s.Errorf("%+v", last)
	}
	s.names()
}

// tagger skips the test for stores that are none.
func (s *suite) tagger() artifacts.Tagger {
	s.Helper()
	tagger, ok := s.store.(artifacts.Tagger)
	if !ok {
		s.Skip("this store is no artifacts.Tagger")
	}
	return tagger
}

func (s *suite) pins() {
	tagger := s.tagger()
	o := s.origin(nameOne, "one")
	m := s.land(o)
	pin, err := o.Plan.Name.Pinned(o.Plan.Digest)
	if err != nil {
		s.Fatal(err)
	}
	for range 2 { // the second changes nothing
		if err := tagger.Tag(s.Context(), m, pin); err != nil {
			s.Fatal(err)
		}
	}
	s.names(nameOne, pin.String())
	if got := s.found(pin.String(), o); got.Name != pin.String() {
		s.Errorf("found under %s", got.Name)
	}
	if got := s.found(o.Plan.Digest.String(), o); got.Name != nameOne {
		s.Errorf("by digest: found under %s, which is not the first name", got.Name)
	}
	if err := s.store.Remove(s.Context(), o.Plan.Digest.String()); !errors.Is(err, artifacts.ErrAmbiguous) {
		s.Errorf("removing two names by digest: %v", err)
	}
	moved := s.origin(nameOne, "moved")
	s.land(moved)
	s.found(nameOne, moved)
	s.found(pin.String(), o)
	s.remove(nameOne)
	s.found(pin.String(), o)
	s.remove(pin.String())
	s.names()
}

func (s *suite) pinRefused() {
	tagger := s.tagger()
	one, two := s.origin(nameOne, "one"), s.origin(nameTwo, "two")
	m := s.land(one)
	wrong, err := one.Plan.Name.Pinned(two.Plan.Digest)
	if err != nil {
		s.Fatal(err)
	}
	if err := tagger.Tag(s.Context(), m, wrong); !errors.Is(err, artifacts.ErrInvalidName) {
		s.Errorf("a pin of another digest: %v", err)
	}
	s.remove(nameOne)
	if err := tagger.Tag(s.Context(), m, two.Plan.Name); !errors.Is(err, artifacts.ErrNotFound) {
		s.Errorf("a model that is gone: %v", err)
	}
	s.names()
}

func (s *suite) openFile() {
	reader, ok := s.store.(artifacts.Reader)
	if !ok {
		s.Skip("this store is no artifacts.Reader")
	}
	m := s.land(s.origin(nameOne, "the bytes"))
	f, size, err := reader.OpenFile(s.Context(), m, &m.Packaging.Files[0])
	if err != nil {
		s.Fatal(err)
	}
	data, err := io.ReadAll(io.NewSectionReader(f, 0, size))
	if err := errors.Join(err, f.Close()); err != nil || !bytes.Equal(data, []byte("the bytes")) {
		s.Errorf("got %q, %v", data, err)
	}
	s.remove(nameOne)
	if _, _, err := reader.OpenFile(s.Context(), m, &m.Packaging.Files[0]); !errors.Is(err, artifacts.ErrNotFound) {
		s.Errorf("after removal: %v", err)
	}
}

func (s *suite) check() {
	checker, ok := s.store.(artifacts.Checker)
	if !ok {
		s.Skip("this store is no artifacts.Checker")
	}
	o := s.origin(nameOne, "one")
	m := s.land(o)
	s.whole(m)
	s.remove(nameOne)
	damaged, err := checker.Check(s.Context(), m, false)
	if err != nil || len(damaged) < len(o.Plan.Blobs) {
		s.Errorf("got %+v, %v", damaged, err)
	}
}
