package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// peer is one way to get the blob.
type peer struct {
	name string
	argv func(w *world, addr string) []string
	// blob is where the bytes are afterwards.
	blob func(w *world) string
}

const (
	paddock = "paddock"
	podman  = "podman"
	curl    = "curl"
)

func peers() []peer {
	out := filepath.Join(workDir, "out")
	stored := func(w *world) string { return filepath.Join(storeDir, "blobs/sha256", w.hex) }
	model := func(addr string) string { return addr + "/" + repository + ":1" }
	return []peer{
		{paddock, func(_ *world, addr string) []string {
			return []string{"paddock", "pull", "-q", "--tls-verify=false", model(addr)}
		}, stored},
		{podman, func(_ *world, addr string) []string {
			return []string{"podman", "artifact", "pull", "-q", "--tls-verify=false", model(addr)}
		}, stored},
		{"skopeo oci:", func(_ *world, addr string) []string {
			return []string{"skopeo", "copy", "-q", "--src-tls-verify=false", "docker://" + model(addr), "oci:" + out + ":1"}
		}, func(w *world) string { return filepath.Join(out, "blobs/sha256", w.hex) }},
		{"skopeo dir:", func(_ *world, addr string) []string {
			return []string{"skopeo", "copy", "-q", "--src-tls-verify=false", "docker://" + model(addr), "dir:" + out}
		}, func(w *world) string { return filepath.Join(out, w.hex) }},
		{"oras", func(_ *world, addr string) []string {
			return []string{"oras", "pull", "--no-tty", "--plain-http", "-o", out, model(addr)}
		}, func(*world) string { return filepath.Join(out, "model.gguf") }},
		{curl, func(w *world, addr string) []string {
			return []string{"curl", "-fsS", "-o", filepath.Join(out, "blob"), "http://" + addr + "/v2/" + repository + "/blobs/sha256:" + w.hex}
		}, func(*world) string { return filepath.Join(out, "blob") }},
	}
}

// whole checks that the blob is where it should be: nobody is fast by failing.
func (p *peer) whole(w *world) error {
	info, err := os.Stat(p.blob(w))
	if err != nil {
		return fmt.Errorf("looking at what %s pulled: %w", p.name, err)
	}
	if info.Size() != w.size {
		return fmt.Errorf("looking at what %s pulled: %s has %d bytes, want %d", p.name, p.blob(w), info.Size(), w.size)
	}
	return nil
}
