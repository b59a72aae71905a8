package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

func (s *suite) empty() {
	s.names()
	if _, err := s.store.Find(s.Context(), nameOne); !errors.Is(err, artifacts.ErrNotFound) {
		s.Errorf("Find: %v", err)
	}
	if err := s.store.Remove(s.Context(), nameOne); !errors.Is(err, artifacts.ErrNotFound) {
		s.Errorf("Remove: %v", err)
	}
}

func (s *suite) landing() {
	two, one := s.origin(nameTwo, "two"), s.origin(nameOne, "one")
	s.land(two)
	m := s.land(one)
	var size int64
	for _, b := range one.Plan.Blobs {
		size += b.Size
	}
	if m.Size != size {
		s.Errorf("size %d, want %d", m.Size, size)
	}
	if m.Kind != one.Plan.Kind || m.Store == "" || m.Mount == nil {
		s.Errorf("kind %q, store %q, mount %v", m.Kind, m.Store, m.Mount)
	}
	listed := s.names(nameOne, nameTwo)
	if listed[0].Digest != one.Plan.Digest || listed[0].Size != size || listed[0].Packaging.Format != m.Packaging.Format {
		s.Errorf("listed %+v, landed %+v", listed[0], m)
	}
	s.found(nameOne, one)
	s.remove(nameOne)
	s.names(nameTwo)
	if _, err := s.store.Find(s.Context(), nameOne); !errors.Is(err, artifacts.ErrNotFound) {
		s.Errorf("after removal: %v", err)
	}
	s.found(nameTwo, two)
}

func (s *suite) secondLanding() {
	s.land(s.origin(nameOne, "one"))
	again := s.origin(nameOne, "one")
	s.land(again)
	if n := again.Read(); n != 0 {
		s.Errorf("%d bytes moved", n)
	}
	s.names(nameOne)
}

func (s *suite) movedTag() {
	old, now := s.origin(nameOne, "old weights"), s.origin(nameOne, "new weights")
	s.land(old)
	s.land(now)
	s.names(nameOne)
	s.found(nameOne, now)
	if _, err := s.store.Find(s.Context(), old.Plan.Digest.String()); !errors.Is(err, artifacts.ErrNotFound) {
		s.Errorf("the old manifest is still there: %v", err)
	}
	back := s.origin(nameTwo, "old weights")
	s.land(back)
	if back.ReadOf("old weights") == 0 {
		s.Error("the old weights were kept")
	}
}

func (s *suite) twoNames() {
	one := s.origin(nameOne, "one")
	two := s.origin(nameTwo, "one")
	s.land(one)
	s.land(two)
	if one.Plan.Digest == two.Plan.Digest && two.Read() != 0 {
		s.Errorf("%d bytes moved for a second name", two.Read())
	}
	s.names(nameOne, nameTwo)
	s.remove(nameOne)
	s.names(nameTwo)
	s.found(nameTwo, two)
}

func (s *suite) sharedBlob() {
	one := s.make(s.T, nameOne, map[string]string{"a.gguf": "shared", "b.gguf": "only one"})
	two := s.make(s.T, nameTwo, map[string]string{"a.gguf": "shared", "b.gguf": "only two"})
	s.land(one)
	s.land(two)
	s.remove(nameOne)
	s.found(nameTwo, two)
	three := s.make(s.T, nameOne, map[string]string{"a.gguf": "shared", "b.gguf": "three"})
	s.land(three)
	if _, none := s.store.(Blobless); none == (three.ReadOf("shared") == 0) {
		s.Errorf("%d bytes moved of a blob that another model has", three.ReadOf("shared"))
	}
	s.remove(nameOne)
	s.remove(nameTwo)
	s.names()
	again := s.make(s.T, nameOne, map[string]string{"a.gguf": "shared"})
	s.land(again)
	if again.ReadOf("shared") == 0 {
		s.Error("a blob was kept that nothing used")
	}
}

func (s *suite) lie() {
	o := s.origin(nameOne, "the true bytes")
	o.Lie()
	if _, err := s.store.Land(s.Context(), o.Plan, nil); !errors.Is(err, artifacts.ErrVerification) {
		s.Fatalf("got %v", err)
	}
	s.nothing(nameOne)
	honest := s.origin(nameOne, "the true bytes")
	s.land(honest)
	s.found(nameOne, honest)
}

func (s *suite) cancel() {
	ctx, stop := context.WithCancel(s.Context())
	defer stop()
	o := s.origin(nameOne, "weights")
	last := o.Plan.Blobs[len(o.Plan.Blobs)-1].Digest
	o.Before = func(ctx context.Context, d digest.Digest) error {
		if d != last {
			return nil
		}
		stop()
		<-ctx.Done()
		return ctx.Err()
	}
	if _, err := s.store.Land(ctx, o.Plan, nil); !errors.Is(err, context.Canceled) {
		s.Fatalf("got %v", err)
	}
	s.nothing(nameOne)
	o.Before = nil
	s.land(o)
	s.found(nameOne, o)
}

func (s *suite) originFails() {
	keep := s.origin(nameOne, "kept")
	s.land(keep)
	sorry := errors.New("the origin is sorry")
	o := s.origin(nameOne, "never comes")
	o.Before = func(context.Context, digest.Digest) error { return sorry }
	if _, err := s.store.Land(s.Context(), o.Plan, nil); !errors.Is(err, sorry) {
		s.Fatalf("got %v", err)
	}
	s.names(nameOne)
	s.found(nameOne, keep)
}

// nothing checks that a failed landing left no entry.
func (s *suite) nothing(name string) {
	s.Helper()
	s.names()
	if _, err := s.store.Find(s.Context(), name); !errors.Is(err, artifacts.ErrNotFound) {
		s.Errorf("Find: %v", err)
	}
}

func (s *suite) concurrent() {
	const each = 4
	var origins []*Origin
	for i := range each {
		origins = append(origins,
			s.origin(nameOne, "the same"),
			s.make(s.T, fmt.Sprintf("quay.io/org/other%d:1", i), map[string]string{"a.gguf": "shared", "b": fmt.Sprint(i)}))
	}
	errs := make([]error, len(origins))
	var wg sync.WaitGroup
	for i, o := range origins {
		wg.Go(func() { _, errs[i] = s.store.Land(s.Context(), o.Plan, nil) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		s.Fatal(err)
	}
	s.names(nameOne, "quay.io/org/other0:1", "quay.io/org/other1:1", "quay.io/org/other2:1", "quay.io/org/other3:1")
	for _, o := range origins {
		s.found(o.Plan.Name.String(), o)
	}
}

func (s *suite) broken() {
	b, ok := s.store.(Breaker)
	if !ok {
		s.Skip("this store cannot be broken")
	}
	s.land(s.origin(nameOne, "one"))
	b.Break(s.T)
	if _, err := s.store.Find(s.Context(), nameTwo); err == nil || errors.Is(err, artifacts.ErrNotFound) {
		s.Errorf("Find: %v", err)
	}
	if err := s.store.Remove(s.Context(), nameTwo); err == nil || errors.Is(err, artifacts.ErrNotFound) {
		s.Errorf("Remove: %v", err)
	}
	if _, err := s.store.List(s.Context()); err == nil {
		s.Error("List: no error")
	}
	if _, err := s.store.Land(s.Context(), s.origin(nameTwo, "two").Plan, nil); err == nil {
		s.Error("Land: no error")
	}
}
