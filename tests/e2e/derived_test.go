//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// layer is one layer of a ModelPack manifest: the end of its media type, its path, and its bytes.
type layer struct {
	kind, path string
	data       []byte
}

// packedModel is a model as it is published, and as it is to be seen.
type packedModel struct {
	layers []layer
	files  model
}

// archived is the split model in a tar of three entries, and its text in a tar+gzip.
func archived(t testing.TB) packedModel {
	t.Helper()
	m := split(t)
	weights := model{files: map[string][]byte{}}
	for p, data := range m.files {
		if strings.HasSuffix(p, ".gguf") {
			weights.files[p] = data
		}
	}
	text := model{files: map[string][]byte{"README.md": m.files["docs/README.md"]}}
	return packedModel{files: m, layers: []layer{
		{"weight.v1.tar", "a", archive(t, weights)},
		{"doc.v1.tar+gzip", "docs/README.md", zipped(t, archive(t, text))},
	}}
}

// repeating is a model of which two layers have one digest, and no titles that tell them apart.
func repeating(t testing.TB) packedModel {
	t.Helper()
	m := single(t)
	m.files["a/config.json"], m.files["b/tokenizer_config.json"] = []byte("{}"), []byte("{}")
	return packedModel{files: m, layers: []layer{
		{"weight.v1.raw", "model.gguf", m.files["model.gguf"]},
		{"weight.config.v1.raw", "a/config.json", []byte("{}")},
		{"weight.config.v1.raw", "b/tokenizer_config.json", []byte("{}")},
	}}
}

func archive(t testing.TB, m model) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, p := range m.paths() {
		if err := w.WriteHeader(&tar.Header{Name: p, Mode: 0o600, Size: int64(len(m.files[p]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.files[p]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// push publishes the layers, and returns the manifest's digest.
func (p packedModel) push(t *testing.T, reg registry, name string) digest.Digest {
	t.Helper()
	config := []byte(`{"descriptor":{"family":"llama"},"modelfs":{"type":"layers","diffIds":[]},"config":{}}`)
	blobs := model{files: map[string][]byte{"config": config}}
	describe := func(mediaType string, data []byte) ocispec.Descriptor {
		return ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
	}
	manifest := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		ArtifactType: "application/vnd.cncf.model.manifest.v1+json",
		Config:       describe("application/vnd.cncf.model.config.v1+json", config),
	}
	for i, l := range p.layers {
		blobs.files[fmt.Sprint("layer", i)] = l.data
		d := describe("application/vnd.cncf.model."+l.kind, l.data)
		d.Annotations = map[string]string{"org.cncf.model.filepath": l.path}
		manifest.Layers = append(manifest.Layers, d)
	}
	raw, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	dir := blobs.unpack(t, reg.lab)
	for file, data := range blobs.files {
		reg.oras(t, dir, append(append([]string{"blob", "push"}, reg.flags()...), repository(name)+"@"+digest.FromBytes(data).String(), file)...)
	}
	reg.lab.Stdin(string(raw)).MustRun(t, "sh", "-c", "cat >"+dir+"/manifest.json")
	reg.oras(t, dir, append(append([]string{"manifest", "push"}, reg.flags()...), name, "manifest.json")...)
	return digest.FromBytes(raw)
}

func derivedName(d digest.Digest) string { return "localhost/paddock/derived:" + d.Encoded() }

// assertNothingLeft checks that the store holds no blob, and that nothing of an unpacking lies beside it.
func assertNothingLeft(t *testing.T, in place) {
	t.Helper()
	assertStoreWhole(t, in)
	if left := in.MustRun(t, "sh", "-c", "ls -A "+storeDir(t, in)+"/blobs/sha256"); strings.TrimSpace(left) != "" {
		t.Errorf("blobs left after the last name was removed: %s", left)
	}
	if left := in.MustRun(t, "sh", "-c", "d="+stagingDir(t, in)+`; [ ! -e "$d" ] || find "$d" -type f`); strings.TrimSpace(left) != "" {
		t.Errorf("files left in staging: %s", left)
	}
}

// unpackedAgain removes unpacked files with Podman, and has them made again without the registry, by each that can: doctor --fix,
// and, as serve does, ensure.
func unpackedAgain(t *testing.T, who place, name, derived string) {
	t.Helper()
	for _, again := range [][]string{{"paddock", "doctor", "--fix"}, {"paddock", "ensure", name}} { // nothing says how to reach the registry
		who.MustRun(t, "podman", "artifact", "rm", derived)
		found := "not-unpacked " + name + "\n"
		if out := who.Run(t, "paddock", "doctor", "--format", "{{.Kind}} {{.Where}}"); !strings.Contains(out.Stdout, found) {
			t.Errorf("paddock doctor: exit %d, %s%s", out.Code, out.Stdout, out.Stderr)
		}
		who.MustRun(t, again...)
		if out := who.Run(t, "paddock", "doctor", "--format", "{{.Kind}} {{.Where}}"); strings.Contains(out.Stdout, found) {
			t.Errorf("paddock doctor after %q: %s", again, out.Stdout)
		}
	}
	who.MustRun(t, "podman", "artifact", "rm", derived) // the caller's serve is the third
}

// TestServeDerived: models in archives, and with layers that Podman cannot tell apart, are pulled and served as the
// publisher's files; what Podman removes of them is mended; and they go without a trace.
func TestServeDerived(t *testing.T) {
	reg := startRegistry(t, nil)
	packed := map[string]packedModel{"root": archived(t), "ai": repeating(t)}
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			name, p := reg.Addr+"/m/derived-"+who.name+":1", packed[who.name]
			d := p.push(t, reg, name)
			container := "derived-" + who.name
			t.Cleanup(func() { who.Run(t, "podman", "rm", "-f", "-i", "-t", "0", container) })
			serve := func() {
				who.MustRun(t, "paddock", "serve", "-d", "--tls-verify=false", "--name", container, "--image", llamaImage,
					"--port", "18210", name, "--", "--threads", "1")
				assertTree(t, who, container, p.files)
				assertChat(t, who, "18210")
				assertHardened(t, who, container)
				who.MustRun(t, "podman", "rm", "-f", "-t", "0", container)
			}
			serve()
			assertStoreVerified(t, who)
			if rows := paddockLs(t, who); len(rows) != 1 || rows[name].Digest != d.String() {
				t.Errorf("paddock ls: %+v", rows)
			}
			unpackedAgain(t, who, name, derivedName(d))
			serve()
			who.MustRun(t, "paddock", "rm", name)
			assertNothingLeft(t, who)
		})
	}
}

// TestDerivedService: a service of unpacked files is pinned to what was published, is up after a reboot without the
// registry, and goes with its files.
func TestDerivedService(t *testing.T) {
	NeedPaddock(t)
	b := Boot(t)
	reg := registryIn(t, b.Lab, nil)
	p := archived(t)
	for _, who := range b.everyone() {
		name := reg.Addr + "/m/derived." + who.name + ":v1.0"
		d := p.push(t, reg, name)
		service := "derived." + who.name
		out := who.Run(t, "paddock", "quadlet", "install", "--start", "--tls-verify=false", "--name", service, "--image", llamaImage,
			"--port", who.port, name, "--", "--threads", "1")
		if out.Code != 0 {
			t.Fatalf("%s: install --start: exit %d, %s\n%s", who.name, out.Code, out.Stderr, who.journal(t, service))
		}
		unit := who.MustRun(t, "paddock", "quadlet", "print", service)
		if !strings.Contains(unit, "source="+derivedName(d)+",") || !strings.Contains(unit, "@"+d.String()+"\n") {
			t.Errorf("%s: the unit:\n%s", who.name, unit)
		}
		who.MustRun(t, "paddock", "rm", name) // the service's pin keeps the files
	}
	reg.Stop(t)
	b.Restart(t)
	for _, who := range b.everyone() {
		service := "derived." + who.name
		if s := who.waitActive(t, service); s != "active" {
			t.Fatalf("%s: after the reboot the service is %s\n%s", who.name, s, who.journal(t, service))
		}
		assertTree(t, who.place, service, p.files)
		assertChat(t, who.place, who.port)
		who.MustRun(t, "paddock", "quadlet", "rm", service)
		assertNothingLeft(t, who.place)
	}
}
