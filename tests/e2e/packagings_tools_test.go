//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"testing"
)

// pusher has a real tool publish a model, whose files are in dir of the lab.
type pusher func(t *testing.T, h *hub, dir, name string, s *source)

// toolRows are the packagings whose tools Debian has.
func toolRows(models map[string]*source) []row {
	titled := func(name, model string, push pusher) row {
		return row{packaging: name, model: model, format: "artifact", push: push}
	}
	split := titled("podman-add", "split", podmanAdd)
	split.tree, split.main = flat(models["split"].tree), "tiny-00001-of-00003.gguf"
	tensors := titled("podman-add", "tensors", podmanAdd)
	tensors.tree = flat(models["tensors"].tree)
	all := append(everyModel("oras-files", "artifact", nil, orasFiles), titled("oras-folders", "split", orasFolders),
		titled("oras-folders", "tensors", orasFolders), titled("podman-add", "vision", podmanAdd), split, tensors)
	return append(all, everyModel("ramalama-artifact", "modelpack", nil, ramalamaArtifact)...)
}

// orasFiles pushes each file under its path.
func orasFiles(t *testing.T, h *hub, dir, name string, s *source) {
	args := []string{"push", "--plain-http", name}
	for _, f := range s.files {
		args = append(args, f.Path)
	}
	h.oras(t, dir, args...)
}

// orasFolders pushes what lies at the root; oras makes one layer to unpack of each folder.
func orasFolders(t *testing.T, h *hub, dir, name string, s *source) {
	args, seen := []string{"push", "--plain-http", "--artifact-type", "application/x-test", name}, map[string]bool{}
	for _, f := range s.files {
		root, _, _ := strings.Cut(f.Path, "/")
		if !seen[root] {
			args = append(args, root)
		}
		seen[root] = true
	}
	h.oras(t, dir, args...)
}

// podmanAdd adds all files at once. The store is one of its own: an add beside another process's pull loses one of the two.
func podmanAdd(t *testing.T, h *hub, dir, name string, s *source) {
	args := []string{"add", name}
	for _, f := range s.files {
		args = append(args, path.Join(dir, f.Path))
	}
	podman := newPodman(t, h)
	podman(t, append([]string{"artifact"}, args...)...)
	podman(t, "artifact", "push", "-q", "--tls-verify=false", name)
}

// podmanIn runs podman on a store in a folder of the lab.
type podmanIn func(t *testing.T, args ...string) string

// newPodman runs podman on an empty store, which goes with the test.
func newPodman(t *testing.T, h *hub) podmanIn {
	t.Helper()
	store := strings.TrimSpace(h.lab.MustRun(t, "mktemp", "-d", "/var/tmp/publisher.XXXXXX"))
	t.Cleanup(func() { h.lab.Run(t, "rm", "-rf", "--one-file-system", store) })
	return func(t *testing.T, args ...string) string {
		t.Helper()
		return h.lab.MustRun(t, append([]string{"podman", "--root", store + "/root", "--runroot", store + "/run"}, args...)...)
	}
}

// builderBase is an image with a real root file system, in the store of builder.
const builderBase = "localhost/busybox:lab"

// ramalamaArtifact calls podman as RamaLama 0.24 does for --type artifact: a file at a time in the order of names, with the
// path in an annotation, and the name of the blob's file as title.
func ramalamaArtifact(t *testing.T, h *hub, dir, name string, s *source) {
	podman := newPodman(t, h)
	for i, f := range s.sorted() {
		metadata, err := json.Marshal(map[string]any{"name": path.Base(f.Path), "mode": 0o644, "uid": 0, "gid": 0, "size": len(f.Data),
			"mtime": "2026-11-23T13:53:10Z", "typeflag": 48})
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"artifact", "add",
			"--annotation", "org.cncf.model.filepath=" + f.Path, "--annotation", "org.cncf.model.file.metadata+json=" + string(metadata),
			"--annotation", "org.cncf.model.file.mediatype.untested=true",
			"--annotation", fmt.Sprintf("org.opencontainers.image.title=sha256-%s-%d", s.sum(f.Path), i)}
		if i == 0 {
			args = append(args, "--type", "application/vnd.cncf.model.manifest.v1+json")
		} else {
			args = append(args, "--append")
		}
		podman(t, append(args, name, path.Join(dir, f.Path))...)
	}
	podman(t, "artifact", "push", "-q", "--tls-verify=false", name)
}
