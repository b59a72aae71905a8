package staging

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"
)

func sampleJournal() *journal {
	return &journal{Version: journalVersion, Digest: digest.FromString("x"), Size: 100, Inode: 1<<63 + 5, Ranges: ranges{{0, 10}, {20, 30}}}
}

func TestJournalRoundTrip(t *testing.T) {
	p := place{dir: t.TempDir(), hex: "x"}
	want := sampleJournal()
	if err := want.write(p); err != nil {
		t.Fatal(err)
	}
	got, err := readJournal(p.file(journalSuffix))
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || !slices.Equal(got.Ranges, want.Ranges) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Not one byte may be lost or altered unnoticed.
func TestJournalDamage(t *testing.T) {
	data := must(sampleJournal().encode())
	for i := range data {
		if j, err := decodeJournal(data[:i]); err == nil {
			t.Errorf("cut at %d: %+v", i, j)
		}
		bad := slices.Clone(data)
		bad[i] ^= 1
		if j, err := decodeJournal(bad); err == nil {
			t.Errorf("altered at %d: %+v", i, j)
		}
	}
	if _, err := decodeJournal(append(data, '\n')); err == nil {
		t.Error("something follows, unnoticed")
	}
}

// A journal with a right checksum may still say what cannot be.
func TestJournalNonsense(t *testing.T) {
	for name, change := range map[string]func(*journal){
		"version":     func(j *journal) { j.Version++ },
		"size":        func(j *journal) { j.Size = -1; j.Ranges = nil },
		"beyond":      func(j *journal) { j.Size = 29 },
		"negative":    func(j *journal) { j.Ranges = ranges{{-5, 3}} },
		"backwards":   func(j *journal) { j.Ranges = ranges{{5, 3}} },
		"overlapping": func(j *journal) { j.Ranges = ranges{{0, 10}, {9, 20}} },
		"touching":    func(j *journal) { j.Ranges = ranges{{0, 10}, {10, 20}} },
	} {
		t.Run(name, func(t *testing.T) {
			j := sampleJournal()
			change(j)
			if got, err := decodeJournal(must(j.encode())); err == nil {
				t.Errorf("accepted: %+v", got)
			}
		})
	}
}

func TestSpanJSON(t *testing.T) {
	for _, bad := range []string{`[]`, `[1]`, `[1,2,3]`, `{}`, `"x"`, `[1,"2"]`} {
		var s span
		if err := json.Unmarshal([]byte(bad), &s); err == nil {
			t.Errorf("%s accepted: %v", bad, s)
		}
	}
}
