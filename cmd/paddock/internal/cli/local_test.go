package cli

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// TestLocalSettings: files of other tools are used unless the flag or a setting says not to; the flag wins.
func TestLocalSettings(t *testing.T) {
	for _, c := range []struct {
		flags, variable string
		local           bool
	}{
		{"", "", true},
		{"--no-local", "", false},
		{"--no-local=false", "PADDOCK_LOCAL=false", true},
		{"", "PADDOCK_LOCAL=0", false},
		{"--no-local", "PADDOCK_LOCAL=true", false},
	} {
		d := newDisk(t)
		home := t.TempDir()
		d.env.Home = func() (string, error) { return home, nil }
		d.env.Environ = func() []string { return []string{c.variable} }
		weights := "weights that Ollama has"
		o := storetest.NewOrigin(t, tiny, map[string]string{"model.gguf": weights})
		d.published[tiny] = o
		file := filepath.Join(home, ".ollama/models/blobs", "sha256-"+digest.FromString(weights).Encoded())
		write(t, file, weights)
		if c.local {
			o.Before = func(_ context.Context, asked digest.Digest) error {
				if asked == digest.FromString(weights) {
					return errors.New("the weights were asked for")
				}
				return nil
			}
		}
		d.must(t, append(strings.Fields("pull -q "+tiny), strings.Fields(c.flags)...)...)
		if fetched := o.ReadOf(weights) > 0; fetched == c.local {
			t.Errorf("%q %q: fetched %v", c.flags, c.variable, fetched)
		}
		d.whole(t, tiny)
	}
}

// TestNoLocalIsEverywhere: each command that fetches has the flag.
func TestNoLocalIsEverywhere(t *testing.T) {
	if o, err := recorded(t, pullCommand, "pull m --no-local"); err != nil || o.fetch.noLocal != types.OptionalBoolTrue {
		t.Errorf("pull: %+v, %v", o, err)
	}
	if o, err := recorded(t, ensureCommand, "ensure m --no-local"); err != nil || o.fetch.noLocal != types.OptionalBoolTrue {
		t.Errorf("ensure: %+v, %v", o, err)
	}
	if o, err := recorded(t, serveCommand, "serve m --no-local=false"); err != nil || o.fetch.noLocal != types.OptionalBoolFalse {
		t.Errorf("serve: %+v, %v", o, err)
	}
	if o, err := recorded(t, quadletInstallCommand, "install m"); err != nil || o.fetch.noLocal != types.OptionalBoolUndefined {
		t.Errorf("quadlet install: %+v, %v", o, err)
	}
}
