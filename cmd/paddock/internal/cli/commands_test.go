package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
)

const tiny = "quay.io/org/tiny:1"

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestPull(t *testing.T) {
	w := newWorld(t)
	o := w.publish(t, tiny)
	want := tiny + " " + o.Plan.Digest.String() + "\n"
	for _, line := range []string{"pull " + tiny, "pull -q docker://" + tiny, "pull " + tiny + " --progress json"} {
		if out := w.must(t, strings.Fields(line)...); out != want {
			t.Errorf("%s: printed %q", line, out)
		}
	}
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny}) {
		t.Errorf("the store has %q", got)
	}
}

// Of a tag and a digest the digest counts; a destination has one of them.
func TestTagAndDigest(t *testing.T) {
	w := newWorld(t)
	both := "quay.io/org/tiny:other@" + w.publish(t, tiny).Plan.Digest.String()
	w.must(t, "pull", tiny)
	if out := w.must(t, "inspect", "--format", "{{.Name}}", both); out != tiny+"\n" {
		t.Errorf("inspect printed %q", out)
	}
	if code, _, err := w.run(t, "push", tiny, both); code != exitUsage || !strings.Contains(err.Error(), "a tag and a digest") {
		t.Errorf("push: exit %d, %v", code, err)
	}
}

func TestPullFails(t *testing.T) {
	w := newWorld(t)
	w.refusals["quay.io/a/secret:1"] = fmt.Errorf("asking: %w", artifacts.ErrAuthentication)
	w.refusals["quay.io/a/forbidden:1"] = fmt.Errorf("asking: %w", artifacts.ErrPolicy)
	w.refusals["quay.io/a/lies:1"] = fmt.Errorf("asking: %w", artifacts.ErrVerification)
	w.publish(t, "quay.io/a/image:1").Plan.Kind = artifacts.KindImage
	for _, c := range []struct {
		args, says, hint string
		code             int
	}{
		{"quay.io/a/none:1", "quay.io/a/none:1", "", 3},
		{"quay.io/a/secret:1", "quay.io/a/secret:1", "paddock login quay.io", 4},
		{"quay.io/a/forbidden:1", "policy", "podman image trust show", 5},
		{"quay.io/a/lies:1", "verification", "", 5},
		{"quay.io/a/image:1", "image", "podman pull quay.io/a/image:1", 1},
		{"foo://x", "foo", "--help", 2},
		{"./model.gguf", "./model.gguf", "--help", 2},
		{tiny + " --progress loud", "loud", "--help", 2},
		{tiny + " --quiet --progress json", "--quiet", "--help", 2},
		{tiny + " --creds ann", "USER:PASSWORD", "--help", 2},
		{tiny + " --authfile /nonexistent", "/nonexistent", "", 1},
		{tiny + " --jobs=-1", "jobs", "--help", 2},
		{tiny + " --tls-verfy=false", "tls-verfy", "tls-verify", 2},
	} {
		code, out, err := w.run(t, append([]string{"pull"}, strings.Fields(c.args)...)...)
		if code != c.code || out != "" || !strings.Contains(err.Error(), c.says) || !strings.Contains(strings.Join(Hints(err), "\n"), c.hint) {
			t.Errorf("pull %s: exit %d, printed %q, %v, hints %q", c.args, code, out, err, Hints(err))
		}
	}
	if got := w.names(t); len(got) != 0 {
		t.Errorf("the store has %q", got)
	}
}

func TestLs(t *testing.T) {
	w := newWorld(t)
	if out := w.must(t, "ls", "--format", "json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("an empty store is %q", out)
	}
	if code, out, err := w.run(t, "ls", "--format", "{{.Nme}}"); code != 2 || out != "" || !strings.Contains(err.Error(), "Nme") {
		t.Errorf("a bad template of an empty store: exit %d, %q, %v", code, out, err)
	}
	o := w.publish(t, tiny)
	w.must(t, "pull", tiny)
	var items []map[string]any
	if err := json.Unmarshal([]byte(w.must(t, "ls", "--format=json")), &items); err != nil || len(items) != 1 {
		t.Fatalf("%v, %v", items, err)
	}
	for key, want := range map[string]any{
		"name": tiny, "kind": "artifact", "packaging": "modelpack", "digest": o.Plan.Digest.String(), "created": nil,
	} {
		if got, ok := items[0][key]; !ok || got != want {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
	short := strings.TrimPrefix(o.Plan.Digest.String(), "sha256:")[:12]
	for line, want := range map[string]string{
		"list -q":                                tiny + "\n",
		"ls --format {{.Name}}":                  tiny + "\n",
		"ls -n --format {{.Digest}}":             short + "\n",
		"ls --no-trunc --format {{.Digest}}":     o.Plan.Digest.String() + "\n",
		"ls --format {{.Packaging}}/{{.Kind}}":   "modelpack/artifact\n",
		"ls --noheading --format table{{.Name}}": "table" + tiny + "\n",
	} {
		if out := w.must(t, strings.Fields(line)...); out != want {
			t.Errorf("%s: %q, want %q", line, out, want)
		}
	}
	if out := w.must(t, "ls", "--format", "table"); !strings.HasPrefix(out, "NAME ") || !strings.Contains(out, tiny) {
		t.Errorf("the table is %q", out)
	}
	w.store.Fail(errors.New("the disk is on fire"))
	if code, out, err := w.run(t, "ls"); code != 1 || out != "" || !strings.Contains(err.Error(), "on fire") {
		t.Errorf("a broken store: exit %d, %q, %v", code, out, err)
	}
}

func TestInspect(t *testing.T) {
	w := newWorld(t)
	o := w.publish(t, tiny)
	w.must(t, "pull", tiny)
	for _, query := range []string{tiny, o.Plan.Digest.String(), o.Plan.Digest.Encoded()[:8]} {
		var got inspection
		if err := json.Unmarshal([]byte(w.must(t, "inspect", query)), &got); err != nil {
			t.Fatal(err)
		}
		if got.Name != tiny || got.Main != "model.gguf" || len(got.Files) != 2 || got.GGUF == nil || got.GGUF.Architecture != "llama" || got.GGUF.EmbeddingLength != 32 {
			t.Errorf("%s: %+v", query, got)
		}
	}
	if out := w.must(t, "inspect", "--format", "{{.Main}} {{.GGUF.Quantization}}", tiny); out != "model.gguf F32\n" && out != "model.gguf F32" {
		t.Errorf("by template: %q", out)
	}
	if code, out, err := w.run(t, "inspect", "quay.io/org/none:1"); code != 3 || out != "" || !strings.Contains(err.Error(), "quay.io/org/none:1") {
		t.Errorf("nothing: exit %d, %q, %v", code, out, err)
	}
}

func TestRm(t *testing.T) {
	w := newWorld(t)
	fill := func() {
		for _, n := range []string{"quay.io/a/a:1", "quay.io/a/b:1", "quay.io/a/c:1"} {
			w.publish(t, n)
			w.must(t, "pull", n)
		}
	}
	fill()
	code, out, err := w.run(t, "rm", "quay.io/a/a:1", "quay.io/a/none:1", "quay.io/a/b:1")
	if code != 3 || out != "quay.io/a/a:1\nquay.io/a/b:1\n" || !strings.Contains(err.Error(), "quay.io/a/none:1") {
		t.Errorf("one of three missing: exit %d, %q, %v", code, out, err)
	}
	if out := w.must(t, "rm", "-i", "quay.io/a/none:1", "quay.io/a/c:1"); out != "quay.io/a/c:1\n" {
		t.Errorf("--ignore printed %q", out)
	}
	fill()
	w.must(t, "rm", "--all")
	if got := w.names(t); len(got) != 0 {
		t.Errorf("after --all: %q", got)
	}
	for _, line := range []string{"rm", "rm --all quay.io/a/a:1", "rm --al"} {
		if code, _, _ := w.run(t, strings.Fields(line)...); code != 2 {
			t.Errorf("%s: exit %d", line, code)
		}
	}
	w.store.Fail(errors.New("the disk is on fire"))
	if code, _, err := w.run(t, "rm", "--ignore", "quay.io/a/a:1"); code != 1 {
		t.Errorf("--ignore of a broken store: exit %d, %v", code, err)
	}
}

func TestEnsure(t *testing.T) {
	w := newWorld(t)
	o := w.publish(t, tiny)
	w.must(t, "ensure", tiny)
	if len(w.resolved) != 1 {
		t.Fatalf("pulling what is missing asked for %q", w.resolved)
	}
	w.must(t, "ensure", tiny)
	w.must(t, "ensure", "--verify", tiny)
	pin := "quay.io/org/tiny@" + o.Plan.Digest.String()
	w.must(t, "ensure", pin)
	if len(w.resolved) != 1 {
		t.Errorf("what is there was asked for: %q", w.resolved)
	}
	if got := w.names(t); !slices.Contains(got, pin) {
		t.Errorf("the pin is not among %q", got)
	}
	// what is damaged is fetched by digest, though the tag has moved
	m, err := w.store.Find(t.Context(), tiny)
	if err != nil {
		t.Fatal(err)
	}
	blob := m.Packaging.Files[0]
	if err := w.store.Discard(t.Context(), []artifacts.Damage{{Digest: blob.Digest, Size: blob.Size}}); err != nil {
		t.Fatal(err)
	}
	w.must(t, "ensure", tiny)
	if last := w.resolved[len(w.resolved)-1]; last != pin {
		t.Errorf("the repair asked for %s", last)
	}
	if damage, err := w.store.Check(t.Context(), m, true); err != nil || len(damage) > 0 {
		t.Errorf("after the repair: %v, %v", damage, err)
	}
}
