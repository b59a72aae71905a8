package registry_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
)

// TestResolveHuge: a manifest of tens of megabytes is not read to its end, with whatever it would say.
func TestResolveHuge(t *testing.T) {
	reg := fake.New(t, nil)
	m := newMachine(t, reg)
	raw, _ := reg.PutModel("org/m", "", data(10))
	huge := append(raw, strings.Repeat(" ", 48<<20)...)
	reg.PutManifest("org/m", "huge", ocispec.MediaTypeImageManifest, huge)
	reg.PutManifest("org/m", "index", ocispec.MediaTypeImageIndex, append(reg.Index(runtime.GOARCH, raw), huge[len(raw):]...))
	for _, tag := range []string{"huge", "index"} {
		r := m.resolver()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := r.Resolve(t.Context(), reg.Host()+"/org/m:"+tag)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "org/m:"+tag) {
			t.Errorf("%s: %v", tag, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 40<<20 {
			t.Errorf("%s: %d bytes were allocated", tag, n)
		}
	}
}

// TestResolveLoop: an index that is said to be in itself is none that its digest names.
func TestResolveLoop(t *testing.T) {
	reg := fake.New(t, nil)
	m := newMachine(t, reg)
	inner := reg.Index(runtime.GOARCH)
	loop := reg.Index(runtime.GOARCH, inner)
	reg.PutManifest("org/m", "loop", ocispec.MediaTypeImageIndex, loop)
	reg.PutManifestAs("org/m", "@"+digest.FromBytes(inner).String(), ocispec.MediaTypeImageIndex, loop)
	plan, err := m.resolver().Resolve(t.Context(), reg.Host()+"/org/m:loop")
	if !errors.Is(err, artifacts.ErrVerification) {
		t.Errorf("%+v, %v", plan, err)
	}
}
