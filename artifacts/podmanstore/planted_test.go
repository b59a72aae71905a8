package podmanstore

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// TestPlanted: what stands where a blob or a manifest belongs, and is no file, is replaced and never followed nor waited for.
func TestPlanted(t *testing.T) {
	for name, plant := range map[string]func(path string) error{
		"pipe": func(path string) error { return unix.Mkfifo(path, 0o644) },
		"link": func(path string) error {
			elsewhere := filepath.Join(t.TempDir(), "other")
			if err := os.WriteFile(elsewhere, []byte("b l o b"), 0o644); err != nil {
				return err
			}
			return os.Symlink(elsewhere, path)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := testStore(t)
			o := storetest.NewOrigin(t, "quay.io/org/m:1", map[string]string{"a": "the blob"[:7]})
			for _, b := range o.Plan.Blobs {
				path := s.testPath(t, b.Digest)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := plant(path); err != nil {
					t.Fatal(err)
				}
			}
			if err := plant(s.testPath(t, o.Plan.Digest)); err != nil {
				t.Fatal(err)
			}
			m, err := s.Land(t.Context(), o.Plan, nil)
			if err != nil {
				t.Fatal(err)
			}
			if damage, err := s.Check(t.Context(), m, true); err != nil || len(damage) > 0 {
				t.Errorf("what landed: %v, %v", damage, err)
			}
		})
	}
}
