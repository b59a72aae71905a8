//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// builtImage is an image that carries a model, as some tool builds it. Its Containerfile gets the model's files in data/models.
type builtImage struct {
	packaging, containerfile string
}

// builtImages are the kinds of images that publishers make: RamaLama's two, one of rlcr.io, and KServe's with one file in each
// layer, of which a later one removes a file of an earlier one.
func builtImages(m model) map[string]builtImage {
	pointer := "RUN mkdir /out && cp -a /src/models /out/ && ln -s a/b/m-00001-of-00003.gguf /out/models/model.file\n"
	build := "FROM localhost/busybox:lab AS build\nCOPY data /src\n" + pointer
	kserve := "FROM localhost/busybox:lab\nCOPY data/models/a/b/m-00001-of-00003.gguf /models/old/old.gguf\nCOPY data/models/docs /models/old/docs\n"
	for _, p := range m.paths() {
		kserve += fmt.Sprintf("COPY data/models/%s /models/%s\n", p, p)
	}
	return map[string]builtImage{
		"raw":    {"ramalama-image", build + "FROM scratch\nLABEL org.containers.type=ai.image.model.raw\nCOPY --from=build /out/ /\n"},
		"car":    {"ramalama-image", build + "FROM localhost/busybox:lab\nLABEL org.containers.type=ai.image.model.car\nCOPY --from=build /out/ /\n"},
		"rlcr":   {"ramalama-image", "FROM scratch\nLABEL com.ramalama.model.file.location=/models/a/b/m-00001-of-00003.gguf\nCOPY data/ /\n"},
		"kserve": {"modelcar", kserve + "RUN rm -r /models/old\n"},
	}
}

// publish builds an image in the lab and pushes it; nothing of it stays in Podman's storage.
func (b builtImage) publish(t *testing.T, reg registry, name string, m model) {
	t.Helper()
	dir := m.unpack(t, reg.lab)
	reg.lab.MustRun(t, "sh", "-euc", `cd "$1"; mkdir -p ctx/data/models; mv $(ls -A | grep -v ctx) ctx/data/models/; cat >ctx/Containerfile`, "sh", dir)
	reg.lab.Stdin(b.containerfile).MustRun(t, "sh", "-c", "cat >"+dir+"/ctx/Containerfile")
	// the lab gives no room for Podman's own limits
	reg.lab.MustRun(t, "podman", "build", "-q", "--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=500:500", "-t", name, dir+"/ctx")
	reg.lab.MustRun(t, "podman", "push", "-q", "--tls-verify=false", name)
	reg.lab.MustRun(t, "podman", "rmi", "-f", name)
}

// attest puts the image of a name behind an index, as buildx does: beside an attestation that is of no platform.
func attest(t *testing.T, reg registry, name, index string) {
	t.Helper()
	dir := model{files: map[string][]byte{"statement.json": []byte("{}")}}.unpack(t, reg.lab)
	reg.oras(t, dir, append(append([]string{"push"}, reg.flags()...), repository(name)+":att", "statement.json")...)
	var manifests []map[string]any
	for _, of := range []string{name, repository(name) + ":att"} {
		var d map[string]any
		out := reg.oras(t, dir, append(append([]string{"manifest", "fetch", "--descriptor"}, reg.flags()...), of)...)
		if err := json.Unmarshal([]byte(out), &d); err != nil {
			t.Fatal(err)
		}
		delete(d, "artifactType")
		manifests = append(manifests, d)
	}
	manifests[0]["platform"] = map[string]string{"os": "linux", "architecture": "amd64"}
	manifests[1]["platform"] = map[string]string{"os": "unknown", "architecture": "unknown"}
	manifests[1]["annotations"] = map[string]any{
		"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": manifests[0]["digest"],
	}
	const mediaType = "application/vnd.oci.image.index.v1+json"
	raw, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": mediaType, "manifests": manifests})
	if err != nil {
		t.Fatal(err)
	}
	reg.lab.Stdin(string(raw)).MustRun(t, "sh", "-c", "cat >"+dir+"/index.json")
	reg.oras(t, dir, append(append([]string{"manifest", "push", "--media-type", mediaType}, reg.flags()...), index, "index.json")...)
}

// imageLine is the line of podman images of a name; "" if there is none.
func imageLine(t *testing.T, in place, name string) string {
	t.Helper()
	for l := range strings.Lines(in.MustRun(t, "podman", "images", "--noheading", "--format", "{{.Repository}}:{{.Tag}} {{.Digest}}")) {
		if strings.HasPrefix(l, name+" ") {
			return strings.TrimSpace(l)
		}
	}
	return ""
}
