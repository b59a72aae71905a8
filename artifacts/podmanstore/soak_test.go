package podmanstore

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

	libtypes "go.podman.io/common/pkg/libartifact/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// soakModels share blobs, and two of them move between two contents.
const (
	soakModels = 6
	soakRounds = 40 // per writer
	soakKills  = 20
)

func soakName(i int) string { return fmt.Sprintf("quay.io/soak/m%d:latest", i) }

func soakContents(i, version int) []string {
	return []string{"shared by all", fmt.Sprintf("shared by half %d", i%2), fmt.Sprintf("of %d version %d", i, version)}
}

// soakOrigin is made in child processes too, where no test runs: NewOrigin calls nothing of its testing.TB but Helper as
// long as names are right.
func soakOrigin(i, version int) *storetest.Origin {
	files := map[string]string{}
	for n, content := range soakContents(i, version) {
		files[strconv.Itoa(n)] = content
	}
	return storetest.NewOrigin(new(testing.T), soakName(i), files)
}

// ourWriter is a child process: it lands and removes.
func ourWriter(ctx context.Context, graphRoot string) error {
	s, err := Open(&Options{GraphRoot: graphRoot})
	if err != nil {
		return err
	}
	for range soakRounds {
		i := rand.IntN(soakModels)
		if rand.IntN(3) == 0 {
			if err := s.Remove(ctx, soakName(i)); err != nil && !errors.Is(err, artifacts.ErrNotFound) {
				return err
			}
			continue
		}
		if _, err := s.Land(ctx, soakOrigin(i, rand.IntN(2)).Plan, nil); err != nil {
			return err
		}
		if _, err := s.List(ctx); err != nil {
			return err
		}
	}
	return nil
}

// podmanWriter is a child process: it pulls, removes and lists with Podman's code. It keeps to one version of each model,
// since Podman leaves unnamed entries when a tag moves, and then cannot list.
func podmanWriter(ctx context.Context, graphRoot string) error {
	work := os.Getenv("WORK")
	p, err := newPodman(filepath.Join(graphRoot, "artifacts"), filepath.Join(work, "policy.json"))
	if err != nil {
		return err
	}
	for range soakRounds {
		i := soakModels + rand.IntN(soakModels)
		if rand.IntN(3) == 0 {
			if err := p.remove(ctx, soakName(i)); err != nil && !errors.Is(err, libtypes.ErrArtifactNotExist) {
				return err
			}
			continue
		}
		if _, err := p.pull(ctx, soakName(i), filepath.Join(work, strconv.Itoa(i))); err != nil {
			return err
		}
		if _, err := p.store.List(ctx); err != nil {
			return err
		}
	}
	return nil
}

// soak runs children on one store: four of ours, two of Podman's, and more of ours that are killed one after the other.
type soak struct {
	*testing.T
	root, work string
}

func (s *soak) start(part string) *exec.Cmd {
	cmd := exec.CommandContext(s.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+part, "STORE="+s.root, "WORK="+s.work)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		s.Error(err)
		return nil
	}
	return cmd
}

func (s *soak) run(kills int) {
	var wg sync.WaitGroup
	for _, part := range []string{"ours", "ours", "ours", "ours", "podman", "podman"} {
		wg.Go(func() {
			if cmd := s.start(part); cmd != nil {
				if err := cmd.Wait(); err != nil {
					s.Errorf("%s: %v", part, err)
				}
			}
		})
	}
	wg.Go(func() {
		for range kills {
			cmd := s.start("ours")
			if cmd == nil {
				return
			}
			// The moment of the kill is the random part of the test; nothing is concluded from the time.
			<-time.After(time.Duration(rand.IntN(120)) * time.Millisecond)
			if err := errors.Join(cmd.Process.Kill()); err != nil && !errors.Is(err, os.ErrProcessDone) {
				s.Error(err)
			}
			cmd.Wait() //nolint:errcheck // killed
		}
	})
	wg.Wait()
}

func TestSoak(t *testing.T) {
	for _, c := range []struct {
		name  string
		kills int
	}{{"Peaceful", 0}, {"Killed", soakKills}} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.kills > 0 {
				t.Skip("takes seconds")
			}
			s := &soak{t, t.TempDir(), t.TempDir()}
			writeTest(t, filepath.Join(s.work, "policy.json"), anythingGoes)
			for i := soakModels; i < 2*soakModels; i++ {
				if err := writeLayout(filepath.Join(s.work, strconv.Itoa(i)), soakOrigin(i, 0), soakContents(i, 0)...); err != nil {
					t.Fatal(err)
				}
			}
			s.run(c.kills)
			s.verify(c.kills > 0)
		})
	}
}

// verify checks that every entry has all its bytes and a name, and that no blob is left over: at once if nobody was
// killed, else after Mend, which must have found nothing but files that a killed process leaves.
func (s *soak) verify(killed bool) {
	store := openStore(s.T, s.root)
	findings, err := store.Diagnose(s.Context(), nil)
	if err != nil {
		s.Fatal(err)
	}
	for _, f := range findings {
		if !killed || f.Kind != artifacts.FindingOrphan && f.Kind != artifacts.FindingLeftover && f.Kind != artifacts.FindingStaleStaging {
			s.Errorf("%+v", f)
		}
	}
	if killed {
		if _, err := store.Mend(s.Context(), findings, nil); err != nil {
			s.Fatal(err)
		}
		if findings, err := store.Diagnose(s.Context(), nil); err != nil || len(findings) > 0 {
			s.Errorf("after mending: %+v, %v", findings, err)
		}
	}
	models, err := store.List(s.Context())
	if err != nil || len(models) == 0 {
		s.Fatalf("%d models, %v", len(models), err)
	}
	for _, m := range models {
		if damaged, err := store.Check(s.Context(), m, true); err != nil || len(damaged) > 0 {
			s.Errorf("%s: %+v, %v", m.Name, damaged, err)
		}
	}
	if got := openPodman(s.T, store).names(s.T); len(got) != len(models) {
		s.Errorf("podman artifact ls: %v, ours %d", got, len(models))
	}
}
