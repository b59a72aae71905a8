package podmanstore

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// indexWrites counts how often the index is replaced while act runs.
func indexWrites(t *testing.T, s *Store, act func()) int {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := unix.InotifyAddWatch(fd, s.root, unix.IN_MOVED_TO); err != nil {
		t.Fatal(err)
	}
	act()
	events := make([]byte, 64<<10)
	n, err := unix.Read(fd, events)
	if err != nil {
		t.Fatalf("nothing was moved: %v", err)
	}
	return bytes.Count(events[:n], []byte("index.json\x00"))
}

// TestManyNamesGo: many names are removed with one look at the index, and no blob of theirs stays.
func TestManyNamesGo(t *testing.T) {
	s := testStore(t)
	var all []*artifacts.Removal
	for i := range 60 {
		o := storetest.NewOrigin(t, fmt.Sprintf("quay.io/org/m:%d", i), map[string]string{"m.gguf": fmt.Sprint("model ", i/2)})
		if _, err := s.Land(t.Context(), o.Plan, nil); err != nil {
			t.Fatal(err)
		}
		all = append(all, &artifacts.Removal{Query: o.Plan.Name.String()})
	}
	if n := indexWrites(t, s, func() { s.RemoveAll(t.Context(), all) }); n != 1 {
		t.Errorf("the index was written %d times", n)
	}
	for _, r := range all {
		if !r.Gone || r.Err != nil {
			t.Errorf("%+v", r)
		}
	}
	if left := blobNames(t, s); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// TestDerivedGoesWithMany: what was unpacked belongs to its model as long as that has a name, and is gone with the last.
func TestDerivedGoesWithMany(t *testing.T) {
	s := testStore(t)
	m := landPacked(t, s, tarred(t), testName)
	second := storetest.ParseName(t, goodName)
	if err := s.Tag(t.Context(), m, second); err != nil {
		t.Fatal(err)
	}
	derived := derivedName(m.Digest)
	all := []*artifacts.Removal{{Query: testName}, {Query: derived}, {Query: goodName}, {Query: derived}}
	s.RemoveAll(t.Context(), all)
	var belongs *artifacts.BelongsError
	if err := all[1].Err; !errors.As(err, &belongs) || belongs.Owner != goodName {
		t.Errorf("%v", err)
	}
	if !all[0].Gone || !all[2].Gone || !errors.Is(all[3].Err, artifacts.ErrNotFound) {
		t.Errorf("%+v, %+v, %+v", all[0], all[2], all[3])
	}
	if left := blobNames(t, s); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}
