//go:build faults

package faults

import (
	"flag"
	"math/rand/v2"
	"testing"
)

// TestFaults runs the cases one after another: there is one store.
func TestFaults(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"servers", servers},
		{"token expires", tokenExpires},
		{"credentials missing", credentialsMissing},
		{"redirect", redirect},
		{"killed at 90 %", killedLate},
		{"killed anywhere", killedAnywhere},
		{"killed while committing", killedCommitting},
		{"interrupted", interrupted},
		{"together", together},
		{"downloader dies", downloaderDies},
		{"shared blob removed", sharedBlobRemoved},
		{"podman ls meanwhile", lsMeanwhile},
		{"lock held", lockHeld},
		{"lock held by podman", lockHeldByPodman},
		{"disk full", diskFull},
		{"disk full while committing", diskFullCommitting},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.clear(t)
			c.run(t, w)
		})
	}
}

// seedFlag repeats a run. It is read once, by newWorld.
var seedFlag = flag.Uint64("seed", 0, "seed of what is random; 0: a new one")

// seeded prints the seed of this run.
func seeded(t *testing.T) uint64 {
	seed := *seedFlag
	for seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("to repeat: -args -seed=%d", seed)
	return seed
}

// random is a source of its own for each case, so that a case alone does what it does among others.
func (w *world) random(t *testing.T) *rand.Rand {
	h := uint64(14695981039346656037) // FNV-1a
	for _, b := range []byte(t.Name()) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(w.seed, h))
}
