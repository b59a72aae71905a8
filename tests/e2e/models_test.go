//go:build e2e

package e2e

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"sort"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/tests/fixtures"
)

// model is the files of a model by path; bytes of size (see big) are made in the lab.
type model struct {
	files map[string][]byte
	size  int64
}

// single is a model of one file.
func single(t testing.TB) model {
	t.Helper()
	data, err := fixtures.GGUF(&fixtures.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return model{files: map[string][]byte{"model.gguf": data}}
}

// split is a model in three parts, two folders down, with a text beside it.
func split(t testing.TB) model {
	t.Helper()
	parts, err := fixtures.Split(&fixtures.Options{}, "a/b/m", 3)
	if err != nil {
		t.Fatal(err)
	}
	m := model{files: map[string][]byte{"docs/README.md": []byte("# a model\n")}}
	for _, p := range parts {
		m.files[p.Path] = p.Data
	}
	return m
}

// big is one file of random bytes, for what takes a while.
func big(t testing.TB, size int64) model {
	t.Helper()
	return model{size: size}
}

// paths are the files' paths, sorted.
func (m model) paths() []string {
	var all []string
	for p := range m.files {
		all = append(all, p)
	}
	sort.Strings(all)
	return all
}

// sums are the sha256 of the files by path.
func (m model) sums(t testing.TB) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for p, data := range m.files {
		sum := sha256.Sum256(data)
		sums[p] = hex.EncodeToString(sum[:])
	}
	return sums
}

// unpack puts the files of the model into a new folder of the lab.
func (m model) unpack(t testing.TB, in Lab) string {
	t.Helper()
	dir := strings.TrimSpace(in.MustRun(t, "mktemp", "-d", "/var/tmp/model.XXXXXX"))
	t.Cleanup(func() { in.Run(t, "rm", "-rf", dir) })
	if m.size > 0 {
		in.MustRun(t, "sh", "-c", fmt.Sprintf("head -c %d /dev/urandom >%s/model.gguf", m.size, dir))
		return dir
	}
	var archive strings.Builder
	w := tar.NewWriter(&archive)
	for _, p := range m.paths() {
		if err := w.WriteHeader(&tar.Header{Name: p, Mode: 0o644, Size: int64(len(m.files[p]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.files[p]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	in.Stdin(archive.String()).MustRun(t, "tar", "-C", dir, "-xf", "-")
	return dir
}

// pushTitled publishes a model as oras does, and returns the manifest's digest.
func pushTitled(t *testing.T, reg registry, name string, m model) string {
	t.Helper()
	dir := m.unpack(t, reg.lab)
	reg.oras(t, dir, append(append([]string{"push"}, reg.flags()...), append([]string{name}, reg.files(t, dir)...)...)...)
	return strings.TrimSpace(reg.oras(t, dir, append(append([]string{"resolve"}, reg.flags()...), name)...))
}

// pushModelPack publishes a model as modctl does: a config of its own, raw layers, and paths in org.cncf.model.filepath
// with no title. It returns the manifest's digest.
func pushModelPack(t *testing.T, reg registry, name string, m model) string {
	t.Helper()
	return pushModelPackAs(t, reg, name, m, "")
}

// pushModelPackAs makes a manifest of its own for each family, of the same layers.
func pushModelPackAs(t *testing.T, reg registry, name string, m model, family string) string {
	t.Helper()
	dir := m.unpack(t, reg.lab)
	config := []byte(fmt.Sprintf(`{"descriptor":{"family":%q},"modelfs":{"type":"layers","diffIds":[]},"config":{}}`, "llama"+family))
	blob := func(file, mediaType string, data []byte, annotations map[string]string) ocispec.Descriptor {
		d := digest.FromBytes(data)
		reg.oras(t, dir, append(append([]string{"blob", "push"}, reg.flags()...), repository(name)+"@"+d.String(), file)...)
		return ocispec.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(data)), Annotations: annotations}
	}
	reg.lab.Stdin(string(config)).MustRun(t, "sh", "-c", "cat >"+dir+"/config.json")
	manifest := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		ArtifactType: "application/vnd.cncf.model.manifest.v1+json",
		Config:       blob("config.json", "application/vnd.cncf.model.config.v1+json", config, nil),
	}
	for _, p := range m.paths() {
		kind := "weight"
		if path.Ext(p) != ".gguf" {
			kind = "doc"
		}
		manifest.Layers = append(manifest.Layers,
			blob(p, "application/vnd.cncf.model."+kind+".v1.raw", m.files[p], map[string]string{"org.cncf.model.filepath": p}))
	}
	raw, err := json.Marshal(manifest)
	if family != "" {
		raw, err = json.MarshalIndent(manifest, "", "   ") // as no tool writes it: the bytes must come through as they are
	}
	if err != nil {
		t.Fatal(err)
	}
	reg.lab.Stdin(string(raw)).MustRun(t, "sh", "-c", "cat >"+dir+"/manifest.json")
	reg.oras(t, dir, append(append([]string{"manifest", "push"}, reg.flags()...), name, "manifest.json")...)
	return digest.FromBytes(raw).String()
}

func repository(name string) string { return name[:strings.LastIndex(name, ":")] }
