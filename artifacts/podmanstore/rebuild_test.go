package podmanstore

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
)

// TestLostIndex: an index that is missing or torn costs names at the most, and no blob.
func TestLostIndex(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string){
		"missing": remove,
		"empty":   func(t *testing.T, path string) { writeTest(t, path, "") },
		"torn": func(t *testing.T, path string) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			writeTest(t, path, string(text[:len(text)-20]))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := sick(t)
			before := namesOf(t, s)
			blobs := storedBlobs(t, s)
			spoil(t, filepath.Join(s.root, "index.json"))
			found := diagnose(t, s, []artifacts.FindingKind{artifacts.FindingIndex})
			mend(t, s, found)
			diagnose(t, s, nil)
			if got := storedBlobs(t, s); !slices.Equal(got, blobs) {
				t.Errorf("blobs before %q, after %q", blobs, got)
			}
			after := namesOf(t, s)
			if len(after) != len(before) {
				t.Errorf("names before %q, after %q", before, after)
			}
			for _, n := range after {
				if !slices.Contains(before, n) && !strings.HasPrefix(n, recovered+":") {
					t.Errorf("the name %s is new", n)
				}
			}
		})
	}
}

func namesOf(t *testing.T, s *Store) []string {
	t.Helper()
	models, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range models {
		names = append(names, m.Name)
	}
	return names
}

func storedBlobs(t *testing.T, s *Store) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.root, "blobs", "sha256"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
