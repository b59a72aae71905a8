package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/staging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// manyLayers is a model too large for one hold of the lock.
func manyLayers(t *testing.T, name string) *storetest.Origin {
	t.Helper()
	files := map[string]string{}
	for i := range atOnce + 40 {
		files[fmt.Sprint(i)] = fmt.Sprint("layer ", i)
	}
	return storetest.NewOrigin(t, name, files)
}

func layer(i int) digest.Digest { return digest.FromString(fmt.Sprint("layer ", i)) }

// prepared returns a landing of manyLayers that has placed its blobs early, and not yet taken the lock.
func prepared(t *testing.T, s *Store) (*commit, *storetest.Origin) {
	t.Helper()
	o := manyLayers(t, testName)
	all := append(slices.Clone(o.Plan.Blobs), artifacts.Blob{
		Digest: o.Plan.Digest, Size: int64(len(o.Plan.Manifest)), Data: o.Plan.Manifest,
	})
	batch, err := s.area.Fetch(t.Context(), all, &staging.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := batch.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &commit{
		store: s, name: testName, plan: o.Plan,
		desc: descriptor{MediaType: o.Plan.MediaType, Digest: o.Plan.Digest, Size: int64(len(o.Plan.Manifest))},
	}
	if err := errors.Join(c.pieces(batch.Path, batch.Path), c.prepare(t.Context(), nil)); err != nil {
		t.Fatal(err)
	}
	if n := len(blobNames(t, s)); n != len(o.Plan.Blobs) {
		t.Fatalf("%d of %d blobs are placed early", n, len(o.Plan.Blobs))
	}
	return c, o
}

// runLocked is the part of commit after prepare.
func runLocked(t *testing.T, c *commit) error {
	t.Helper()
	lock, err := c.store.lockWrite(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.run()
	lock.Release()
	if err != nil {
		return err
	}
	return c.store.settle(t.Context(), nil, out)
}

// TestEarlyBlobsLost: what a podman artifact rm, or a crash, does to blobs without an entry is made good under the lock.
func TestEarlyBlobsLost(t *testing.T) {
	s := testStore(t)
	c, o := prepared(t, s)
	remove(t, s.testPath(t, layer(7)))
	writeTest(t, s.testPath(t, o.Plan.Digest), "torn")
	remove(t, s.testPath(t, layer(8)))
	writeTest(t, s.testPath(t, layer(8)), "la")
	if err := runLocked(t, c); err != nil {
		t.Fatal(err)
	}
	m, err := s.Find(t.Context(), testName)
	if err != nil {
		t.Fatal(err)
	}
	if damaged, err := s.Check(t.Context(), m, true); err != nil || len(damaged) > 0 {
		t.Errorf("%+v, %v", damaged, err)
	}
	diagnose(t, s, nil)
}

// TestEarlyUndone: a landing that fails takes back what it placed early, but neither what an entry came to need in between
// nor what somebody else put there.
func TestEarlyUndone(t *testing.T) {
	s := testStore(t)
	c, o := prepared(t, s)
	other := storetest.NewOrigin(t, goodName, map[string]string{"a": "layer 7", "b": "of its own"})
	if _, err := s.Land(t.Context(), other.Plan, nil); err != nil {
		t.Fatal(err)
	}
	remove(t, s.testPath(t, layer(8)))
	writeTest(t, s.testPath(t, layer(8)), "layer 8")
	s.replace = func(string, []byte) error { return unix.EIO }
	if err := runLocked(t, c); !errors.Is(err, unix.EIO) {
		t.Fatal(err)
	}
	left := blobNames(t, s)
	want := []string{other.Plan.Digest.Encoded(), layer(8).Encoded()}
	for i := range other.Plan.Blobs {
		want = append(want, other.Plan.Blobs[i].Digest.Encoded())
	}
	slices.Sort(left)
	slices.Sort(want)
	if !slices.Equal(left, want) {
		t.Errorf("left %d of %d: %v, want %v", len(left), len(o.Plan.Blobs), left, want)
	}
	checkGood(t, s)
}

// TestEarlyNotWhileWaiting: whoever gives up the wait for a long podman artifact pull has placed nothing.
func TestEarlyNotWhileWaiting(t *testing.T) {
	s := testStore(t)
	_, release := holdInChild(t, s)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &watcher{heard: func(string) { cancel() }}
	if _, err := s.Land(ctx, manyLayers(t, testName).Plan, &artifacts.LandOptions{Progress: w}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if left := blobNames(t, s); len(left) > 0 {
		t.Errorf("%d blobs are placed", len(left))
	}
}

// TestManyLayersGo: blobs leave in several turns, and one that an entry comes to need between two of them stays.
func TestManyLayersGo(t *testing.T) {
	s := testStore(t)
	o := manyLayers(t, testName)
	if _, err := s.Land(t.Context(), o.Plan, nil); err != nil {
		t.Fatal(err)
	}
	s.warm()
	lock, err := s.lockWrite(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.removeAll([]*artifacts.Removal{{Query: testName}})
	lock.Release()
	if err != nil {
		t.Fatal(err)
	}
	if left, all := len(blobNames(t, s)), len(o.Plan.Blobs)+1; left != all-atOnce {
		t.Fatalf("%d of %d files after the first turn", left, all)
	}
	files := map[string]string{}
	for i := range atOnce + 40 {
		if _, err := os.Stat(s.testPath(t, layer(i))); err == nil {
			files[fmt.Sprint(i)] = fmt.Sprint("layer ", i)
		}
	}
	rescued := storetest.NewOrigin(t, goodName, files)
	if _, err := s.Land(t.Context(), rescued.Plan, nil); err != nil {
		t.Fatal(err)
	}
	if n := rescued.Read(); n > int64(len(storetest.Config)) {
		t.Errorf("%d bytes fetched", n)
	}
	if err := out.finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	checkGood(t, s)
	diagnose(t, s, nil)
	if err := s.Remove(t.Context(), goodName); err != nil {
		t.Fatal(err)
	}
	if left := blobNames(t, s); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// TestMovedTagOfManyLayers: what a name leaves when it moves goes in turns, too.
func TestMovedTagOfManyLayers(t *testing.T) {
	s := testStore(t)
	for _, o := range []*storetest.Origin{manyLayers(t, testName), testOrigin(t, "weights")} {
		if _, err := s.Land(t.Context(), o.Plan, nil); err != nil {
			t.Fatal(err)
		}
	}
	if left := blobNames(t, s); len(left) != 3 {
		t.Errorf("%d files left", len(left))
	}
	diagnose(t, s, nil)
}
