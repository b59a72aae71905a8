//go:build e2e

package e2e

import (
	"cmp"
	"fmt"
	"path"
	"strings"
	"testing"
)

// image says how a model is put into a container image.
type image struct {
	base   string // "scratch", or "busybox" for a real root file system
	labels []string
	folder string // of the files, below /models; "" for /models itself
	// pointer has /models/model.file lead to the main file, or for a model of several to their folder, as RamaLama has it.
	pointer bool
	// marked is RamaLama's index around the image, with annotations.
	marked bool
	format string // of the manifest, as podman push names it
}

// imageRows are packagings that are images: what a container sees is the image's /models. All are built by podman.
func imageRows(models map[string]*source) []row {
	const kind = "org.containers.type=ai.image.model."
	location := func(p string) []string { return []string{"com.ramalama.model.file.location=/models/" + p} }
	var all []row
	for _, p := range []struct {
		name, format string
		image        image
		models       string
	}{
		{"ramalama-raw", "ramalama-image", image{base: "scratch", labels: []string{kind + "raw"}, folder: "tiny", pointer: true, marked: true}, "vision split tensors"},
		{"ramalama-car", "ramalama-image", image{base: "busybox", labels: []string{kind + "car"}, folder: "tiny", pointer: true, marked: true}, "vision split"},
		{"modelcar", "modelcar", image{base: "busybox"}, "vision split tensors"},
		{"image-docker", "modelcar", image{base: "scratch", format: "v2s2"}, "vision split"},
		{"rlcr", "ramalama-image", image{base: "scratch", labels: location("tiny.gguf")}, "vision"},
		{"rlcr", "ramalama-image", image{base: "scratch", labels: location("q4/part/tiny-00001-of-00003.gguf")}, "split"},
	} {
		for m := range strings.FieldsSeq(p.models) {
			s := models[m]
			all = append(all, row{packaging: p.name, model: m, format: p.format, push: p.image.push, tree: below(p.image.folder, s.tree),
				main: path.Join(p.image.folder, s.main)})
		}
	}
	return all
}

// below is a tree in a folder.
func below(folder, tree string) string {
	var lines []string
	for line := range strings.SplitSeq(tree, "\n") {
		if words := strings.Fields(line); len(words) == 2 {
			lines = append(lines, fmt.Sprintf("%s %s =%s", path.Join(folder, words[0]), words[1], words[0]))
		}
	}
	return strings.Join(lines, "\n")
}

// push builds the image and pushes it. It has one layer, since each takes podman a second; those of TestImages have more. Labels come
// last: what is before them is built once for all.
func (i image) push(t *testing.T, h *hub, dir, name string, s *source) {
	podman := func(args ...string) { t.Helper(); h.builder()(t, args...) }
	base := i.base
	if base != "scratch" {
		base = builderBase
	}
	file := []string{"FROM " + base, "COPY root/ /"}
	for _, l := range i.labels {
		file = append(file, "LABEL "+l)
	}
	pointer := ""
	if i.pointer {
		pointer = path.Join(i.folder, s.main)
	}
	const script = `c=$(mktemp -d /var/tmp/context.XXXXXX); m=$c/root/models; mkdir -p "$m"; cp -a "$1/." "$m/$2"
		[ -z "$3" ] || ln -s "$3" "$m/model.file"; cat >"$c/Containerfile"; echo "$c"`
	containerfile := h.lab.Stdin(strings.Join(file, "\n") + "\n")
	context := strings.TrimSpace(containerfile.MustRun(t, "sh", "-euc", script, "sh", dir, i.folder, pointer))
	t.Cleanup(func() { h.lab.Run(t, "rm", "-rf", context) })
	if !i.marked {
		podman("build", "-q", "--network", "none", "--layers", "-t", name, context)
		podman("push", "-q", "--tls-verify=false", "--format", cmp.Or(i.format, "oci"), name)
		return
	}
	built := "localhost/" + path.Base(name)
	podman("build", "-q", "--network", "none", "--layers", "-t", built, context)
	podman("manifest", "create", name)
	podman("manifest", "add", "--annotation", "org.cncf.model.model=true", "--annotation", i.labels[0],
		"--annotation", "org.opencontainers.image.title=ollama://tiny", name, built)
	podman("manifest", "push", "-q", "--all", "--tls-verify=false", name, "docker://"+name)
}
