//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/tests/fakes/hf"
)

// What a copy moves, and may take of memory and of disk, in bytes.
const copiedSize, copyLimit = 256 << 20, 64 << 20

// TestCopyStreams: a model passes through with little memory and no file of 64 MiB, and a second run sends nothing.
func TestCopyStreams(t *testing.T) {
	from, to := startRegistry(t, nil), startRegistry(t, nil)
	src, dest := from.Addr+"/team/big:1", to.Addr+"/other/big:2"
	want := pushTitled(t, from, src, big(t, copiedSize))
	t.Run("registry", func(t *testing.T) {
		who := everyone(t)[1] // the ordinary user
		who.configure(t, "registries.conf.d/lab.conf", insecure(from, to))
		if got := copyStreams(t, who, "LANG=C.UTF-8", src, dest, to); got != want {
			t.Errorf("copied %s, want %s", got, want)
		}
	})
	t.Run("hub", func(t *testing.T) {
		who := asRoot(t)
		who.configure(t, "registries.conf.d/lab.conf", insecure(to))
		hub := hf.New(t, &hf.Options{Listen: Lab{}.Listener(t)})
		hub.Put(&hf.Repo{ID: "Org/Big-GGUF"}, map[string]hf.File{
			"big-Q4_K_M.gguf": {Data: bytes.Repeat([]byte("0123456789abcdef"), copiedSize/16), LFS: true}, "README.md": {Data: []byte("# big")},
		})
		copyStreams(t, who, "HF_ENDPOINT="+hub.URL(), "hf://Org/Big-GGUF", strings.Replace(dest, "other", "hub", 1), to)
	})
}

// copyStreams copies a model of copiedSize within copyLimit of memory and of any file that it writes, and again, when nothing
// may be sent. It returns the digest.
func copyStreams(t *testing.T, who place, env, src, dest string, to registry) string {
	t.Helper()
	// ulimit -f is in units of 512 bytes: a process that writes a larger file is ended
	script := fmt.Sprintf(`ulimit -f %d; paddock copy -q %s %s >out & pid=$!; peak=0
while kill -0 $pid 2>/dev/null; do v=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$pid/status 2>/dev/null); peak=${v:-$peak}; sleep 0.2; done
wait $pid || exit $?; cat out; echo $peak`, copyLimit/512, src, dest)
	dir := who.temp(t)
	out := strings.Split(strings.TrimSpace(who.MustRun(t, "env", "-C", dir, "TMPDIR="+dir, env, "sh", "-c", script)), "\n")
	peak, err := strconv.Atoi(out[len(out)-1])
	if err != nil || peak == 0 || peak > copyLimit/1024 {
		t.Errorf("it took %d KiB of memory, %v", peak, err)
	}
	t.Logf("peak memory %d KiB", peak)
	asked := to.during(t, func() { who.MustRun(t, "env", env, "paddock", "copy", "-q", src, dest) })
	for _, r := range asked {
		if strings.Contains(r.path, "/blobs/uploads") {
			t.Errorf("the second run sent %+v", r)
		}
	}
	if len(asked) == 0 {
		t.Error("the second run asked for nothing: this proves nothing")
	}
	if rows := paddockLs(t, who); len(rows) != 0 {
		t.Errorf("the store has %v", rows)
	}
	return digestIn(t, out[0])
}

// TestCopyFolders: what copy writes into folders, skopeo reads.
func TestCopyFolders(t *testing.T) {
	reg := startRegistry(t, nil)
	src := reg.Addr + "/team/m:1"
	want := pushModelPack(t, reg, src, split(t))
	for _, who := range everyone(t) {
		who.configure(t, "registries.conf.d/lab.conf", insecure(reg))
		dir := who.temp(t)
		for _, dest := range []string{"oci:" + dir + "/oci:1", "dir:" + dir + "/dir"} {
			if got := digestIn(t, who.MustRun(t, "paddock", "copy", "-q", src, dest)); got != want {
				t.Errorf("%s: %s, want %s", dest, got, want)
			}
			file := strings.TrimSpace(who.MustRun(t, "mktemp"))
			who.MustRun(t, "sh", "-c", "skopeo inspect --raw "+dest+" >"+file)
			if got := "sha256:" + strings.Fields(who.MustRun(t, "sha256sum", file))[0]; got != want {
				t.Errorf("%s: skopeo reads %s, want %s", dest, got, want)
			}
		}
	}
}
