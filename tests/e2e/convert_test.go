//go:build e2e

package e2e

import (
	"maps"
	"strings"
	"testing"
)

// TestConvert: an artifact becomes an image that Podman shows and mounts, with the same files in /models; back, it is an artifact
// with the digest that packing the files gives.
func TestConvert(t *testing.T) {
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			m := split(t)
			dir := m.unpack(t, who.Lab)
			who.MustRun(t, "paddock", "pack", "-q", "-t", "m:1", dir)
			made := digestIn(t, who.MustRun(t, "paddock", "convert", "-q", "localhost/m:1"))
			const image = "localhost/m-image:1"
			if r := paddockLs(t, who)[image]; r.Digest != made || r.Kind != "image" || r.Packaging != "ramalama-image" {
				t.Errorf("ls says %+v, want %s", r, made)
			}
			if got := who.MustRun(t, "podman", "image", "inspect", "--format", `{{.Digest}} {{index .Labels "org.containers.type"}}`, image); got != made+" ai.image.model.raw\n" {
				t.Errorf("podman says %q, want %s", got, made)
			}
			out := who.MustRun(t, "podman", "run", "--rm", "--network=none", "--mount", "type=image,source="+image+",destination=/mnt,subpath=/models",
				"localhost/busybox:lab", "sh", "-c", "cd /mnt && find . -type f -exec sha256sum {} + && readlink model.file")
			found := map[string]string{}
			for line := range strings.Lines(out) {
				if sum, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
					found[strings.TrimPrefix(name, "./")] = sum
				}
			}
			if want := m.sums(t); !maps.Equal(found, want) || !strings.Contains(out, "a/b/m-00001-of-00003.gguf\n") {
				t.Errorf("the container sees %s", out)
			}
			if got := digestIn(t, who.MustRun(t, "paddock", "convert", "-q", "-t", "again:1", "localhost/m:1")); got != made {
				t.Errorf("a second time: %s, want %s", got, made)
			}
			who.MustRun(t, "paddock", "convert", "-q", "--to", "artifact", "-t", "back:1", image)
			if got := who.MustRun(t, "paddock", "inspect", "-f", "{{range .Files}}{{.Path}} {{.Digest}}\n{{end}}", "localhost/back:1"); got !=
				who.MustRun(t, "paddock", "inspect", "-f", "{{range .Files}}{{.Path}} {{.Digest}}\n{{end}}", "localhost/m:1") {
				t.Errorf("back, the files are %s", got)
			}
			if r := who.Run(t, "paddock", "convert", "--to", "image", image); r.Code != 1 || !strings.Contains(r.Stderr, "is an image already") {
				t.Errorf("exit %d, %s", r.Code, r.Stderr)
			}
			for _, name := range []string{"localhost/m:1", image, "localhost/again:1", "localhost/back:1"} {
				who.MustRun(t, "paddock", "rm", name)
			}
			assertStoreWhole(t, who)
		})
	}
}
