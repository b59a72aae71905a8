package staging

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
)

func TestPrune(t *testing.T) {
	data := patterned(1, 30<<20)
	a, part := interrupted(t, data)
	whole := &origin{data: patterned(2, 1000)}
	b := mustFetch(t, a, nil, whole.blob())
	foreign := filepath.Join(a.dir, "README")
	rewrite(t, foreign, nil)
	lock := a.place(digest.FromString("nothing")).lock()
	rewrite(t, lock, nil)

	entries := must(a.Entries())
	if len(entries) != 2 {
		t.Fatalf("entries %+v", entries)
	}
	for _, e := range entries {
		is := e.Digest == whole.blob().Digest
		if e.Complete != is || e.InUse != is || e.Size != map[bool]int64{true: 1000, false: 30 << 20}[is] || e.Allocated == 0 {
			t.Errorf("entry %+v", e)
		}
	}
	for _, c := range []struct {
		age    time.Duration
		dryRun bool
		want   int
	}{
		{time.Hour, false, 0},
		{0, true, 1},
		{0, true, 1}, // a dry run does nothing
		{0, false, 1},
		{0, false, 0},
	} {
		got := must(a.Prune(c.age, c.dryRun))
		if len(got) != c.want || c.want == 1 && got[0] != part {
			t.Errorf("Prune(%v, %v) = %+v, want %d", c.age, c.dryRun, got, c.want)
		}
	}
	checkFile(t, b.Path(whole.blob().Digest), whole.blob())
	mustClose(t, b)
	if left := files(t, a); len(left) != 1 || left[0] != "README" {
		t.Errorf("left: %v", left)
	}
}

func TestPruneByAge(t *testing.T) {
	a, e := interrupted(t, patterned(1, 30<<20))
	old := time.Now().Add(-48 * time.Hour)
	for _, suffix := range []string{partSuffix, journalSuffix} {
		if err := os.Chtimes(a.place(e.Digest).file(suffix), old, old); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		age  time.Duration
		want int
	}{{72 * time.Hour, 0}, {24 * time.Hour, 1}, {0, 0}} {
		if got := must(a.Prune(c.age, false)); len(got) != c.want {
			t.Errorf("Prune(%v) = %v, want %d", c.age, got, c.want)
		}
	}
	if left := files(t, a); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestPruneWhileFetched(t *testing.T) {
	a := Open(t.TempDir())
	p := startChild(t, a.dir, stallEnv+"=1")
	p.read(childSize / 2)
	if got := must(a.Prune(0, false)); len(got) != 0 {
		t.Errorf("pruned %v", got)
	}
	p.kill(t)
	if got := must(a.Prune(0, false)); len(got) != 1 || got[0].Bytes < childSize/2-maxUnsynced || got[0].InUse {
		t.Errorf("pruned %+v", got)
	}
	if left := files(t, a); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
