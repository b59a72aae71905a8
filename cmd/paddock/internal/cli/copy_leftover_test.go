package cli

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
)

// TestRemoveArriving: what a killed copy left in an oci: layout goes; what a process writes, what has just changed, and what has another
// name stay.
func TestRemoveArriving(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().Add(2 * ociArrivingAge)
	for _, name := range []string{"oci-put-blob1", "oci-put-blob2", "oci-layout", "x-oci-put-blob"} {
		write(t, filepath.Join(dir, name), "some bytes")
	}
	if err := unix.Mkfifo(filepath.Join(dir, "oci-put-blob3"), 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(filepath.Join(dir, "oci-put-blob2"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	left := func(now time.Time) []string {
		t.Helper()
		if err := removeArriving(dir, now); err != nil {
			t.Error(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	all := []string{"oci-layout", "oci-put-blob1", "oci-put-blob2", "oci-put-blob3", "x-oci-put-blob"}
	if got := left(time.Now()); !slices.Equal(got, all) {
		t.Errorf("of files that have just changed, %q are left", got)
	}
	if got := left(now); !slices.Equal(got, slices.Delete(slices.Clone(all), 1, 2)) {
		t.Errorf("beside a writer, %q are left", got)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if got := left(now); !slices.Equal(got, slices.Delete(slices.Clone(all), 1, 3)) {
		t.Errorf("without a writer, %q are left", got)
	}
	if err := removeArriving(filepath.Join(dir, "none"), now); err != nil {
		t.Error(err)
	}
}

// TestCopyRemovesArriving: a copy to an oci: layout looks for what killed ones left there.
func TestCopyRemovesArriving(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	p.must(t, "pack", "-t", "m", p.dir)
	p.must(t, "push", "localhost/m", p.at.Host()+"/org/m:1")
	dir := t.TempDir()
	left := filepath.Join(dir, "oci-put-blob123")
	write(t, left, "some bytes")
	o := &copyOptions{
		src: p.at.Host() + "/org/m:1", dest: "oci:" + dir + ":v1", now: func() time.Time { return time.Now().Add(2 * ociArrivingAge) },
	}
	if err := runCopy(t.Context(), p.env.forRun(), o); err != nil {
		t.Fatal(err)
	}
	if exists(left) {
		t.Error("it is still there")
	}
}
