package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// modelAt writes a model of a few bytes, which differ at the end only, and returns its path and the digest of its file.
func modelAt(t *testing.T, dir, end string) (string, digest.Digest) {
	t.Helper()
	data, err := fixtures.GGUF(&fixtures.Options{Embd: 32})
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, make([]byte, 1<<20)...)
	data = append(data, end...)
	path := filepath.Join(dir, "model.gguf")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(path+".new", data, 0o644), os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
	return path, digest.FromBytes(data)
}

// TestTakenByPath: two paths whose models would have one name are never taken for each other.
func TestTakenByPath(t *testing.T) {
	w := hubWorld(t, nil)
	one, sum := modelAt(t, t.TempDir(), "one")
	other, _ := modelAt(t, t.TempDir(), "two")
	longer, _ := modelAt(t, t.TempDir(), "three")
	w.must(t, "pull", one)
	for _, args := range [][]string{
		{"pull"}, {"serve"}, {"serve", "--dry-run"}, {"quadlet", "install"}, {"quadlet", "generate"}, {"inspect"}, {"rm"}, {"rm", "--ignore"},
		{"push"}, {"convert"}, {"compose"}, {"kube"}, {"ensure"},
	} {
		for _, path := range []string{other, longer} {
			code, out, err := w.run(t, append(args, path)...)
			if code != exitError || !errors.Is(err, artifacts.ErrNameTaken) || !strings.Contains(err.Error(), "from "+one+", not from "+path) || out != "" ||
				!slices.Contains(Hints(err), "paddock rm localhost/model.gguf:latest first, or keep the new one under another name: paddock pull -t NAME") {
				t.Errorf("%q: exit %d, %q, %v, %q", args, code, out, err, Hints(err))
			}
		}
	}
	if len(w.ran) != 0 || exists(w.systemd.dir+"/model.container") {
		t.Errorf("ran %q", w.ran)
	}
	for _, typed := range []string{one, "file://" + one, "localhost/model.gguf"} {
		if out := w.must(t, "inspect", typed); !strings.Contains(out, sum.String()) {
			t.Errorf("%s: %s", typed, out)
		}
	}
	w.must(t, "pull", "-t", "localhost/other", other)
	w.must(t, "pull", one)
	if code, _, err := w.run(t, "pull", "-t", "localhost/other", longer); code != exitError || !errors.Is(err, artifacts.ErrNameTaken) {
		t.Errorf("exit %d, %v", code, err)
	}
}

// TestSamePathChanged: a path is what is there now, whatever its times say; a removal means what came from there.
func TestSamePathChanged(t *testing.T) {
	w := hubWorld(t, nil)
	dir := t.TempDir()
	path, _ := modelAt(t, dir, "one")
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, past, past); err != nil {
		t.Fatal(err)
	}
	w.must(t, "pull", path)
	_, sum := modelAt(t, dir, "two")
	if err := os.Chtimes(path, past, past); err != nil {
		t.Fatal(err)
	}
	code, _, err := w.run(t, "inspect", path)
	if code != exitError || !strings.Contains(err.Error(), path+" has changed since it was pulled as localhost/model.gguf:latest") ||
		!slices.Equal(Hints(err), []string{"paddock pull " + path}) {
		t.Errorf("exit %d, %v, %q", code, err, Hints(err))
	}
	w.must(t, "serve", path)
	if out := w.must(t, "inspect", path); !strings.Contains(out, sum.String()) {
		t.Error(out)
	}
	_, sum = modelAt(t, dir, "drei")
	w.must(t, "pull", path)
	if out := w.must(t, "inspect", path); !strings.Contains(out, sum.String()) {
		t.Error(out)
	}
	modelAt(t, dir, "four")
	if out := w.must(t, "rm", path); out != "localhost/model.gguf:latest\n" {
		t.Errorf("%q", out)
	}
}

// TestPathGone: what came from a path is found by it when nothing is there any more; what did not is not.
func TestPathGone(t *testing.T) {
	w := hubWorld(t, nil)
	path, _ := modelAt(t, t.TempDir(), "one")
	w.must(t, "pull", path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.must(t, "inspect", path)
	for _, args := range [][]string{{"inspect"}, {"rm"}, {"serve"}} {
		code, _, err := w.run(t, append(args, filepath.Join(t.TempDir(), "model.gguf"))...)
		if code != exitNotFound {
			t.Errorf("%q: exit %d, %v", args, code, err)
		}
	}
	w.must(t, "rm", path)
}

// TestPathForgotten: without what is remembered of paths, files are compared.
func TestPathForgotten(t *testing.T) {
	w := hubWorld(t, nil)
	dir := t.TempDir()
	path, _ := modelAt(t, dir, "one")
	same, _ := modelAt(t, t.TempDir(), "one")
	w.must(t, "pull", path)
	if err := os.RemoveAll(w.env.pathsDir()); err != nil {
		t.Fatal(err)
	}
	w.must(t, "inspect", same)
	w.must(t, "serve", same)
	modelAt(t, dir, "two")
	code, _, err := w.run(t, "pull", path)
	if code != exitError || !strings.Contains(err.Error(), "made from another file, sha256:") {
		t.Errorf("exit %d, %v", code, err)
	}
}

// TestServiceOfPath: an update does not move a service to the files of another path.
func TestServiceOfPath(t *testing.T) {
	w := hubWorld(t, nil)
	dir := t.TempDir()
	path, _ := modelAt(t, dir, "one")
	other, _ := modelAt(t, t.TempDir(), "two")
	w.must(t, "quadlet", "install", "--name", "svc", path)
	w.must(t, "rm", "localhost/model.gguf")
	w.must(t, "pull", other)
	code, _, err := w.run(t, "quadlet", "update", "svc")
	if code != exitError || !strings.Contains(err.Error(), "is from "+other+" by now, not from "+path) {
		t.Errorf("exit %d, %v", code, err)
	}
	w.must(t, "rm", "localhost/model.gguf")
	_, sum := modelAt(t, dir, "three")
	w.must(t, "pull", path)
	if out := w.must(t, "quadlet", "update", "svc"); !strings.Contains(out, "svc: model ") {
		t.Errorf("%q, not to %s", out, sum)
	}
}

// TestCertain: a file need not be read again only if it looks as it did, and did so for a while when that was noted.
func TestCertain(t *testing.T) {
	look := fileLook{Device: 1, Inode: 2, Size: 3, Modified: 4e9, Changed: 5e9}
	was := recordedFile{fileLook: look, Recorded: 10e9}
	if !was.certain(look) || was.written(look) {
		t.Error("the same is not the same")
	}
	for name, change := range map[string]func(*fileLook){
		"device": func(l *fileLook) { l.Device++ }, "inode": func(l *fileLook) { l.Inode++ }, "size": func(l *fileLook) { l.Size++ },
		"modified": func(l *fileLook) { l.Modified++ }, "changed": func(l *fileLook) { l.Changed++ },
	} {
		now := look
		change(&now)
		if was.certain(now) || was.written(now) != (name != "changed") {
			t.Errorf("%s: certain %v, written %v", name, was.certain(now), was.written(now))
		}
	}
	was.Recorded = look.Changed + 1e8
	if was.certain(look) {
		t.Error("it may have been written to twice in one tick of the clock")
	}
}
