package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/tests/fixtures"
)

// Where things are in the lab. The work folder and Podman's store are on one file system.
const (
	registryPort = "5099"
	registryAddr = "127.0.0.1:" + registryPort
	repository   = "bench/blob"
	workDir      = "/var/tmp/bench"
	graphRoot    = "/var/lib/containers/storage"
	storeDir     = graphRoot + "/artifacts"
)

// world is a real registry with one model of one blob.
type world struct {
	size int64
	hex  string // sha256 of the blob
}

// newWorld starts the registry and publishes the model.
func newWorld(ctx context.Context, size int64) (*world, error) {
	if err := os.MkdirAll(workDir, 0o755); err != nil {
		return nil, fmt.Errorf("making the work folder: %w", err)
	}
	if _, err := must(ctx, "lab-registry", "start", registryPort); err != nil {
		return nil, err
	}
	w := &world{size: size}
	return w, w.publish(ctx)
}

func (w *world) close(ctx context.Context) error {
	_, err := must(context.WithoutCancel(ctx), "lab-registry", "stop", registryPort)
	return errors.Join(err, os.RemoveAll(workDir))
}

// publish pushes the blob as a ModelPack artifact of one layer.
func (w *world) publish(ctx context.Context) error {
	path := filepath.Join(workDir, "model.gguf")
	defer os.Remove(path) // all of the folder goes in the end
	blob := fixtures.NewBlob(w.size, 1)
	if err := writeFile(path, blob.Reader()); err != nil {
		return err
	}
	var err error
	if w.hex, err = blob.SHA256(); err != nil {
		return err
	}
	_, err = must(ctx, "env", "-C", workDir, "oras", "push", "--plain-http", registryAddr+"/"+repository+":1",
		"model.gguf:application/vnd.cncf.model.weight.v1.raw", "--artifact-type", "application/vnd.cncf.model.manifest.v1+json")
	return err
}

func writeFile(path string, r io.Reader) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing the blob: %w", err)
	}
	if _, err := io.Copy(f, r); err != nil {
		return fmt.Errorf("writing the blob: %w", errors.Join(err, f.Close()))
	}
	return f.Close()
}

// clean removes what pulls have left, and lets the disk come to rest: nobody pays for what ran before. The store is a folder
// like the others; podman artifact rm --all takes minutes for a thousand models.
func (w *world) clean() error {
	for _, dir := range []string{filepath.Join(workDir, "out"), filepath.Join(graphRoot, "paddock"), storeDir} {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("clearing %s: %w", dir, err)
		}
	}
	if err := os.MkdirAll(filepath.Join(workDir, "out"), 0o755); err != nil {
		return err
	}
	unix.Sync()
	return nil
}

// registryCPU is how long the registry has run on a processor, from proc_pid_stat(5), which counts in hundredths of a second.
func registryCPU() (time.Duration, error) {
	pid, err := os.ReadFile("/run/lab-registry/" + registryPort + "/pid")
	if err != nil {
		return 0, fmt.Errorf("finding the registry: %w", err)
	}
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("asking for the registry's time: %w", err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("asking for the registry's time: %q", stat)
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}
