package engine

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
)

// writeProgram writes a shell script that stands for a program, and returns its path.
func writeProgram(t *testing.T, name, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// podmanAt writes a podman that counts its calls in a file, and says that its store is at root.
func podmanAt(t *testing.T, root string) (path string, calls func() int) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "calls")
	path = writeProgram(t, "podman", `echo "$@" >>`+log+`
cat <<X
{"host":{"ociRuntime":{"name":"crun"},"remoteSocket":{"path":"/run/podman.sock","exists":true},"serviceIsRemote":${REMOTE:-false},"security":{"rootless":true}},
"store":{"graphRoot":"`+root+`","runRoot":"/run/c","graphDriverName":"overlay","graphOptions":{"overlay.mountopt":"nodev","overlay.mount_program":{"Executable":"/usr/bin/fuse-overlayfs","Package":"x"}}},"version":{"Version":"5.8.6"}}
X`)
	return path, func() int {
		data, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		n := strings.Count(string(data), "\n")
		if string(data) != strings.Repeat("info --format json\n", n) {
			t.Errorf("podman was asked %q", data)
		}
		return n
	}
}

func TestProbePodman(t *testing.T) {
	root := t.TempDir()
	path, _ := podmanAt(t, root)
	got, err := ProbePodman(t.Context(), &ProbeOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	want := PodmanInfo{Path: path, Version: podmanargs.Version{Major: 5, Minor: 8, Patch: 6}, GraphRoot: root, RunRoot: "/run/c", GraphDriver: "overlay", GraphOptions: []string{"overlay.mount_program=/usr/bin/fuse-overlayfs", "overlay.mountopt=nodev"}, Rootless: true, OCIRuntime: "crun", Socket: "/run/podman.sock"}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("got %+v", *got)
	}
}

func TestProbePodmanFails(t *testing.T) {
	for script, want := range map[string]string{
		"echo broken database >&2; exit 125":     "broken database",
		"echo '{'":                               "parsing JSON",
		"echo '{}'":                              "version",
		`echo '{"version":{"Version":"5.8.6"}}'`: "graphRoot",
	} {
		_, err := ProbePodman(t.Context(), &ProbeOptions{Path: writeProgram(t, "podman", script)})
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, ErrNoEngine) {
			t.Errorf("%s: got %v", script, err)
		}
	}
	if _, err := ProbePodman(t.Context(), &ProbeOptions{Path: "/nonexistent/podman"}); !errors.Is(err, ErrNoEngine) {
		t.Errorf("got %v", err)
	}
	_, err := ProbePodman(t.Context(), &ProbeOptions{Path: writeProgram(t, "podman", "exec sleep 1000"), Timeout: 10 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "did not answer in 10ms") {
		t.Errorf("a podman that hangs: %v", err)
	}
}

func TestProbeCache(t *testing.T) {
	store, conf, dir := t.TempDir(), t.TempDir(), t.TempDir()
	path, calls := podmanAt(t, store)
	opts := &ProbeOptions{Path: path, CacheDir: dir, root: conf, Environ: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + conf + "/home"}}
	write := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cacheFile := func() string {
		t.Helper()
		files, err := filepath.Glob(dir + "/paddock/*")
		if err != nil || len(files) != 1 {
			t.Fatalf("got %q, %v", files, err)
		}
		return files[0]
	}
	for _, step := range []struct {
		what   string
		change func()
	}{
		{"the first time", func() {}},
		{"a new storage.conf", func() { write(conf+"/etc/containers/storage.conf", "[storage]") }},
		{"a changed storage.conf", func() { write(conf+"/etc/containers/storage.conf", "[storage]\n") }},
		{"a drop-in of the user's", func() { write(conf+"/home/.config/containers/containers.conf.d/a.conf", "") }},
		{"a drop-in by number", func() { write(conf+"/etc/containers/storage.rootless.conf.d/1000/a.conf", "") }},
		{"a variable", func() { opts.Environ = append(opts.Environ, "STORAGE_OPTS=x") }},
		{"a file by variable", func() { opts.Environ = append(opts.Environ, "CONTAINERS_CONF="+conf+"/my.conf") }},
		{"that file", func() { write(conf+"/my.conf", "x") }},
		{"a broken cache", func() { write(cacheFile(), "{") }},
		{"a foreign cache", func() { write(cacheFile(), `{"Other":1}`) }},
		{"another program", func() { appendTo(t, path, "# newer\n") }},
	} {
		before := 0
		if step.what != "the first time" {
			before = calls()
		}
		step.change()
		for i, cached := range []bool{false, true} {
			info, err := ProbePodman(t.Context(), opts)
			if err != nil || info.CacheError != nil || info.Cached != cached || info.GraphRoot != store || info.Path != path || calls() != before+1 {
				t.Errorf("%s, %d: got %+v, %v, %d calls", step.what, i, info, err, calls()-before)
			}
		}
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, text...), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestProbeCacheKeepsNot: an answer about another machine or a store to come is not kept, and one about a store that is
// another now does not hold.
func TestProbeCacheKeepsNot(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	path, calls := podmanAt(t, store)
	env := []string{"PATH=" + os.Getenv("PATH")}
	opts := &ProbeOptions{Path: path, CacheDir: t.TempDir(), root: t.TempDir(), Environ: append(env, "REMOTE=true")}
	probe := func(what string, cached bool) {
		t.Helper()
		info, err := ProbePodman(t.Context(), opts)
		if err != nil || info.CacheError != nil || info.Cached != cached {
			t.Errorf("%s: got %+v, %v", what, info, err)
		}
	}
	mkdir := func(path string) {
		t.Helper()
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	opts.Environ = env
	probe("no store yet", false)
	probe("no store yet, again", false)
	mkdir(store)
	opts.Environ = append(env, "REMOTE=true")
	probe("remote", false)
	probe("remote, again", false)
	opts.Environ = env
	probe("a store", false)
	probe("a store, again", true)
	if err := os.Rename(store, store+".old"); err != nil {
		t.Fatal(err)
	}
	mkdir(store)
	probe("another store", false)
	opts.CacheDir = filepath.Join(path, "x") // a file is in the way
	info, err := ProbePodman(t.Context(), opts)
	if err != nil || info.CacheError == nil {
		t.Errorf("a cache that cannot be written: got %+v, %v", info, err)
	}
	if calls() != 7 {
		t.Errorf("podman was asked %d times", calls())
	}
}
