package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// TestPullRefusesPaths: a manifest that names files which may not exist is refused before a byte is fetched.
func TestPullRefusesPaths(t *testing.T) {
	for _, paths := range [][]string{
		{"m.gguf", "../x"}, {"/etc/passwd"}, {"a\x00b"}, {`a\b`}, {"Model.gguf", "model.gguf"}, {"m.gguf/"}, {"a", "a/b"},
	} {
		w := newWorld(t)
		files := map[string]string{}
		for i, p := range paths {
			files[p] = strings.Repeat("x", i+1)
		}
		o := storetest.NewOrigin(t, tiny, files)
		w.published[tiny] = o
		for _, command := range []string{"pull", "ensure", "serve"} {
			code, out, err := w.run(t, command, tiny)
			if code != 1 || out != "" || !strings.Contains(err.Error(), "layer ") || !strings.Contains(err.Error(), "unsafe path") {
				t.Errorf("%s of %q: exit %d, %q, %v", command, paths, code, out, err)
			}
		}
		if n := o.Read(); n != 0 || len(w.names(t)) > 0 || len(w.ran) > 0 {
			t.Errorf("%q: %d bytes were fetched, the store has %q, ran %q", paths, n, w.names(t), w.ran)
		}
	}
}

// TestPullRefusesLayers: more layers than any model has are refused before a byte is fetched.
func TestPullRefusesLayers(t *testing.T) {
	w := newWorld(t)
	files := map[string]string{}
	for i := range packaging.MaxLayers + 1 {
		files[fmt.Sprint(i)] = "x"
	}
	o := storetest.NewOrigin(t, tiny, files)
	w.published[tiny] = o
	code, out, err := w.run(t, "pull", tiny)
	if code != 1 || out != "" || !strings.Contains(err.Error(), "10001 layers") || !strings.Contains(err.Error(), tiny) {
		t.Errorf("exit %d, %q, %v", code, out, err)
	}
	if n := o.Read(); n != 0 || len(w.names(t)) > 0 {
		t.Errorf("%d bytes were fetched, the store has %q", n, w.names(t))
	}
}
