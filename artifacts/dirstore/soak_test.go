package dirstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// soakModels share blobs and move between two contents. The first is never removed.
const (
	soakModels  = 5
	soakRounds  = 40 // per writer
	soakWriters = 4
	soakKills   = 20
)

// soakOrigin is made in child processes too, where no test runs: NewOrigin calls nothing of its testing.TB but Helper as
// long as names are right.
func soakOrigin(i, version int) *storetest.Origin {
	files := map[string]string{}
	for n, content := range []string{"shared by all", fmt.Sprintf("shared by half %d", i%2), fmt.Sprintf("of %d version %d", i, version)} {
		files[strconv.Itoa(n)] = content
	}
	return storetest.NewOrigin(new(testing.T), soakName(i), files)
}

func soakName(i int) string { return fmt.Sprintf("quay.io/soak/m%d:latest", i) }

// writer is a child process: it lands, tags and removes.
func writer(ctx context.Context, dir string) error {
	s, err := Open(&Options{Dir: dir})
	if err != nil {
		return err
	}
	for range soakRounds {
		i := rand.IntN(soakModels)
		if i > 0 && rand.IntN(3) == 0 {
			if err := s.Remove(ctx, soakName(i)); err != nil && !errors.Is(err, artifacts.ErrNotFound) {
				return err
			}
			continue
		}
		o := soakOrigin(i, rand.IntN(2))
		m, err := s.Land(ctx, o.Plan, nil)
		if err != nil {
			return err
		}
		pin, err := o.Plan.Name.Pinned(m.Digest)
		if err != nil {
			return err
		}
		if err := s.Tag(ctx, m, pin); err != nil && !errors.Is(err, artifacts.ErrNotFound) {
			return err
		}
		if _, err := s.Find(ctx, soakName(0)); err != nil {
			return err
		}
	}
	return nil
}

// TestSoak: four processes work on one store, and more are killed one after the other at any moment. Nothing may be left of
// those but what Diagnose calls a leftover, and every name has all its bytes.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	s := testStore(t)
	land(t, s, soakOrigin(0, 0))
	manifest := filepath.Join(s.models, folderOf(storetest.ParseName(t, soakName(0))), manifestFile)
	var wg sync.WaitGroup
	for range soakWriters {
		wg.Go(func() {
			cmd := startWriter(t, s)
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Go(func() {
		for range soakKills {
			cmd := startWriter(t, s)
			// The moment of the kill is the random part of the test; nothing is concluded from the time.
			<-time.After(time.Duration(rand.IntN(120)) * time.Millisecond)
			if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Error(err)
			}
			cmd.Wait() //nolint:errcheck // killed
			if _, err := os.Stat(manifest); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	verifySoaked(t, s)
}

func startWriter(t *testing.T, s *Store) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+s.root)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Error(err)
	}
	return cmd
}

func verifySoaked(t *testing.T, s *Store) {
	t.Helper()
	findings, err := s.Diagnose(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Kind != artifacts.FindingLeftover && f.Kind != artifacts.FindingStaleStaging {
			t.Errorf("%+v", f)
		}
	}
	if _, err := s.Mend(t.Context(), findings, nil); err != nil {
		t.Fatal(err)
	}
	diagnose(t, s)
	models, err := s.List(t.Context())
	if err != nil || len(models) == 0 {
		t.Fatalf("%d models, %v", len(models), err)
	}
	for _, m := range models {
		readBack(t, s, m)
	}
	u, err := s.Usage(t.Context(), nil)
	if err != nil || u.Orphans+u.Leftovers+u.Staging != 0 {
		t.Errorf("usage %+v, %v", u, err)
	}
}
