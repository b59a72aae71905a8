package caches

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/opencontainers/go-digest"
)

const content = "some weights"

// put writes a file below root, and returns its path.
func put(t *testing.T, root, name, text string) string {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// open returns the caches of a machine below root, whose user has $HOME at root/home.
func open(root string, vars map[string]string) *Caches {
	return Open(&Options{
		Getenv: func(name string) string { return strings.ReplaceAll(vars[name], "ROOT", root) },
		Home:   filepath.Join(root, "home"), Root: root,
	})
}

// HEX in the names of this test stands for the digest of content.
func TestFind(t *testing.T) {
	d := digest.FromString(content)
	for _, c := range []struct {
		name string
		vars map[string]string
		file string
		want bool
	}{
		{"hub in the home", nil, "home/.cache/huggingface/hub/models--org--m/blobs/HEX", true},
		{"hub by XDG", map[string]string{"XDG_CACHE_HOME": "ROOT/xdg"}, "xdg/huggingface/hub/models--a/blobs/HEX", true},
		{"hub by HF_HOME", map[string]string{"HF_HOME": "ROOT/hf"}, "hf/hub/models--a/blobs/HEX", true},
		{"hub by HF_HUB_CACHE", map[string]string{"HF_HUB_CACHE": "ROOT/hub"}, "hub/models--a/blobs/HEX", true},
		{"hub of an earlier setting", map[string]string{"HF_HUB_CACHE": "ROOT/hub"}, "home/.cache/huggingface/hub/models--a/blobs/HEX", true},
		{"tilde", map[string]string{"HF_HOME": "~/hf"}, "home/hf/hub/models--a/blobs/HEX", true},
		{"relative", map[string]string{"HF_HOME": "home/hf"}, "home/hf/hub/models--a/blobs/HEX", false},
		{"data set", nil, "home/.cache/huggingface/hub/datasets--a/blobs/HEX", false},
		{"unfinished", nil, "home/.cache/huggingface/hub/models--a/blobs/HEX.incomplete", false},
		{"ollama in the home", nil, "home/.ollama/models/blobs/sha256-HEX", true},
		{"ollama by variable", map[string]string{"OLLAMA_MODELS": "ROOT/o"}, "o/blobs/sha256-HEX", true},
		{"ollama of the system", nil, "usr/share/ollama/.ollama/models/blobs/sha256-HEX", true},
		{"ollama without prefix", nil, "home/.ollama/models/blobs/HEX", false},
		{"docker", nil, "home/.docker/models/blobs/sha256/HEX", true},
		{"docker elsewhere", nil, "home/.docker/models/blobs/HEX", false},
	} {
		root := t.TempDir()
		path := put(t, root, strings.ReplaceAll(c.file, "HEX", d.Encoded()), content)
		got := open(root, c.vars).Find(d, int64(len(content)))
		if c.want != slices.Equal(got, []string{path}) || !c.want && len(got) > 0 {
			t.Errorf("%s: got %q", c.name, got)
		}
	}
}

// TestFindRefuses: the right name is not enough.
func TestFindRefuses(t *testing.T) {
	d, size := digest.FromString(content), int64(len(content))
	root := t.TempDir()
	path := put(t, root, "home/.docker/models/blobs/sha256/"+d.Encoded(), content)
	c := open(root, nil)
	if got := c.Find(d, size); len(got) != 1 {
		t.Fatalf("got %q", got)
	}
	if got := c.Find(d, size+1); got != nil {
		t.Errorf("another size: %q", got)
	}
	for _, bad := range []digest.Digest{"", "sha256:", digest.Digest("sha256:../" + d.Encoded()), digest.Digest("sha512:" + d.Encoded() + d.Encoded())} {
		if got := c.Find(bad, size); got != nil {
			t.Errorf("%s: %q", bad, got)
		}
	}
	real := put(t, root, "elsewhere", content)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, path); err != nil {
		t.Fatal(err)
	}
	if got := c.Find(d, size); got != nil {
		t.Errorf("a symbolic link: %q", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := c.Find(d, 0); got != nil {
		t.Errorf("a pipe: %q", got)
	}
}

// TestMovedCache: the folder of a cache may be a symbolic link, and is looked at once, however many variables name it.
func TestMovedCache(t *testing.T) {
	d, size := digest.FromString(content), int64(len(content))
	root := t.TempDir()
	put(t, root, "disk/models--a/blobs/"+d.Encoded(), content)
	put(t, root, "disk/models--b/blobs/"+d.Encoded(), content)
	if err := os.Symlink("disk", filepath.Join(root, "hub")); err != nil {
		t.Fatal(err)
	}
	hub := filepath.Join(root, "hub")
	c := open(root, map[string]string{"HF_HUB_CACHE": hub, "HF_HOME": root, "HUGGINGFACE_HUB_CACHE": hub + "/"})
	want := []string{filepath.Join(hub, "models--a/blobs", d.Encoded()), filepath.Join(hub, "models--b/blobs", d.Encoded())}
	if got := c.Find(d, size); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRootTrustsItself: root uses files of other users from the system's folder alone; others use what they can read.
func TestRootTrustsItself(t *testing.T) {
	d, size := digest.FromString(content), int64(len(content))
	root := t.TempDir()
	mine := put(t, root, "home/.docker/models/blobs/sha256/"+d.Encoded(), content)
	system := put(t, root, "usr/share/ollama/.ollama/models/blobs/sha256-"+d.Encoded(), content)
	for _, c := range []struct {
		uid, owner int
		want       []string
	}{
		{0, 0, []string{system, mine}},
		{0, 4711, []string{system}},
		{4711, 4711, []string{system, mine}},
		{4711, 4712, []string{system, mine}},
	} {
		if os.Geteuid() == 0 {
			for _, path := range []string{mine, system} {
				if err := os.Chown(path, c.owner, -1); err != nil {
					t.Fatal(err)
				}
			}
		} else if c.uid == 0 && c.owner == 0 {
			continue // only root can make such files
		}
		caches := open(root, nil)
		caches.uid = c.uid
		if got := caches.Find(d, size); !slices.Equal(got, c.want) {
			t.Errorf("user %d, files of %d: got %q", c.uid, c.owner, got)
		}
	}
}

// TestNothingThere: no home, no environment, no caches, and a cache that is a file.
func TestNothingThere(t *testing.T) {
	d := digest.FromString(content)
	if got := Open(&Options{Root: t.TempDir()}).Find(d, 1); got != nil {
		t.Errorf("got %q", got)
	}
	root := t.TempDir()
	put(t, root, "home/.cache/huggingface/hub", "not a folder")
	if got := open(root, nil).Find(d, 1); got != nil {
		t.Errorf("got %q", got)
	}
}
