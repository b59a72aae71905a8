//go:build faults

package faults

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/tests/fixtures"
)

const (
	registryPort = "5098"
	registryAddr = "127.0.0.1:" + registryPort
	workDir      = "/var/tmp/faults"
	graphRoot    = "/var/lib/containers/storage"
	mib          = 1 << 20
)

// model is what the registry has under a name.
type model struct {
	path   string // of the repository, with the tag
	digest string
	size   int64 // of the layers
}

// world is a real registry with some models.
type world struct {
	seed uint64
	// big is one layer of 2 GiB, for what is promised in per cent. main is one of 256 MiB, small one of 64 MiB, and both has
	// the layers of small and main.
	big, main, small, both *model
}

// layer is one file of a model, of deterministic bytes.
type layer struct {
	file string
	size int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	must(t, nil, "mkdir", "-p", workDir)
	// What was sent and lies unread in the kernel is lost with a killed program, and counts as fetched again. So little may
	// lie there; the network is the lab's own.
	if err := os.WriteFile("/proc/sys/net/ipv4/tcp_rmem", []byte("4096 131072 262144"), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, nil, "lab-registry", "start", registryPort)
	t.Cleanup(func() { must(t, nil, "lab-registry", "stop", registryPort) })
	w := &world{seed: seeded(t)}
	small, main := layer{"small.gguf", 64 * mib}, layer{"main.gguf", 256 * mib}
	w.small = publish(t, "m/small:1", small)
	w.main = publish(t, "m/main:1", main)
	w.both = publish(t, "m/both:1", small, main)
	w.big = publish(t, "m/big:1", layer{"big.gguf", 2048 * mib})
	return w
}

// publish pushes a ModelPack artifact as oras does.
func publish(t *testing.T, path string, layers ...layer) *model {
	t.Helper()
	m := &model{path: path}
	push := []string{"env", "-C", workDir, "oras", "push", "--plain-http", "--artifact-type", "application/vnd.cncf.model.manifest.v1+json",
		registryAddr + "/" + path}
	for i, l := range layers {
		write(t, filepath.Join(workDir, l.file), fixtures.NewBlob(l.size, uint64(l.size)).Reader())
		push = append(push, layers[i].file+":application/vnd.cncf.model.weight.v1.raw")
		m.size += l.size
	}
	must(t, nil, push...)
	for _, l := range layers {
		if err := os.Remove(filepath.Join(workDir, l.file)); err != nil {
			t.Fatal(err)
		}
	}
	m.digest = strings.TrimSpace(must(t, nil, "oras", "resolve", "--plain-http", registryAddr+"/"+path))
	return m
}

func write(t *testing.T, path string, r io.Reader) {
	t.Helper()
	f, err := os.Create(path)
	if err == nil {
		_, err = io.Copy(f, r)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// clear empties the store and what is beside it, as a case that failed may have left it.
func (w *world) clear(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"artifacts", "paddock"} {
		if err := os.RemoveAll(filepath.Join(graphRoot, dir)); err != nil {
			t.Fatal(err)
		}
	}
	unix.Sync() // nobody waits for what another case has written
}
