//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// escaped is what hostile paths try to write somewhere else.
const escaped = "paddock-escaped"

// hostile is something published that no pull may land.
type hostile struct {
	what string
	// layers of a ModelPack, or a document, or documents of which each names the one before it
	layers []layer
	chain  func(before ocispec.Descriptor) any
	depth  int
	says   string // what the refusal says, besides which layer it is of
}

// entries packs headers with as many zeros as each says, after a file that is good.
func entries(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range append([]tar.Header{{Typeflag: tar.TypeReg, Name: "good", Size: 3}}, headers...) {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, h.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hostileTars are refused while they are unpacked.
func hostileTars(t testing.TB) []hostile {
	t.Helper()
	packed := func(what, says string, headers ...tar.Header) hostile {
		return hostile{what: what, says: says, layers: []layer{{"weight.v1.tar", "label", entries(t, headers...)}}}
	}
	file, up := byte(tar.TypeReg), strings.Repeat("../", 12)+"tmp/"+escaped
	return []hostile{
		packed("a path out of the tree", `".." element`, tar.Header{Typeflag: file, Name: up, Size: 1}),
		packed("an absolute path", "is absolute", tar.Header{Typeflag: file, Name: "/tmp/" + escaped, Size: 1}),
		packed("a backslash", "backslash", tar.Header{Typeflag: file, Name: `..\` + escaped}),
		packed("a link out of the tree", "linking to", tar.Header{Typeflag: tar.TypeSymlink, Name: "l", Linkname: up}),
		packed("a hard link out of the tree", "linking to", tar.Header{Typeflag: tar.TypeLink, Name: "l", Linkname: "/etc/passwd"}),
		packed("through a link", "no file of the archive", tar.Header{Typeflag: tar.TypeSymlink, Name: "l", Linkname: "d"}, tar.Header{Typeflag: file, Name: "l/x"}),
		packed("a device", "device", tar.Header{Typeflag: tar.TypeChar, Name: "null", Devmajor: 1, Devminor: 3}),
		packed("a named pipe", "named pipe", tar.Header{Typeflag: tar.TypeFifo, Name: "p"}),
		packed("set-id", "set-id", tar.Header{Typeflag: file, Name: "sh", Mode: 0o6755}),
		packed("capitals", "capitals", tar.Header{Typeflag: file, Name: "Model", Size: 1}, tar.Header{Typeflag: file, Name: "model", Size: 2}),
		packed("a file in a file", "the file", tar.Header{Typeflag: file, Name: "a", Size: 1}, tar.Header{Typeflag: file, Name: "a/b"}),
		{what: "a bomb", says: "expands too much", layers: []layer{{"weight.v1.tar+gzip", "label", zipped(t, entries(t, tar.Header{Typeflag: file, Name: "zeros", Size: 100 << 20}))}}},
		{what: "no archive", says: "no sound tar+zstd archive", layers: []layer{{"weight.v1.tar+zstd", "label", []byte("no archive")}}},
	}
}

// hostileManifests are refused before any blob is fetched, unless it is the blob that does not fit.
func hostileManifests(t testing.TB) []hostile {
	t.Helper()
	raw := func(what, says string, paths ...string) hostile {
		h := hostile{what: what, says: says}
		for i, p := range paths {
			h.layers = append(h.layers, layer{"weight.v1.raw", p, fmt.Append(nil, "bytes ", i)})
		}
		return h
	}
	return []hostile{
		raw("a path out of the model", `".." element`, "m.gguf", strings.Repeat("../", 12)+"tmp/"+escaped),
		raw("an absolute path", "is absolute", "/tmp/"+escaped),
		raw("NUL", "control character", "a\x00b"),
		raw("a backslash", "backslash", `a\b`),
		raw("capitals", "capitals", "Model.gguf", "model.gguf"),
		raw("a slash at the end", "name of a folder", "m.gguf/"),
		raw("a file in a file", "which is a file", "a", "a/b"),
		{what: "a size that lies", says: "size", chain: func(before ocispec.Descriptor) any {
			m := manifestOf(before)
			before.Size += 1000
			m.Layers = append(m.Layers, before)
			return m
		}},
		{what: "a negative size", says: "negative", chain: func(before ocispec.Descriptor) any {
			m := manifestOf(before)
			before.Size = -1
			m.Layers = append(m.Layers, before)
			return m
		}},
		{what: "indexes in indexes", says: "nested more than", depth: 6, chain: func(before ocispec.Descriptor) any {
			if before.MediaType == octets {
				return manifestOf(before)
			}
			return ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{before}}
		}},
	}
}

const octets = "application/octet-stream"

// manifestOf is a ModelPack with a blob as its config.
func manifestOf(config ocispec.Descriptor) ocispec.Manifest {
	return ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		ArtifactType: "application/vnd.cncf.model.manifest.v1+json", Config: config,
	}
}

// publish puts it into a registry; false if the registry itself refuses it.
func (h *hostile) publish(t *testing.T, reg registry, repo string) bool {
	t.Helper()
	if h.chain == nil {
		packedModel{layers: h.layers}.push(t, reg, reg.Addr+"/"+repo+":1")
		return true
	}
	blob := []byte("{}")
	dir := model{files: map[string][]byte{"blob": blob}}.unpack(t, reg.lab)
	before := ocispec.Descriptor{
		MediaType: octets, Digest: digest.FromBytes(blob), Size: int64(len(blob)), Annotations: map[string]string{"org.cncf.model.filepath": "m.gguf"},
	}
	reg.oras(t, dir, append(append([]string{"blob", "push"}, reg.flags()...), reg.Addr+"/"+repo+"@"+before.Digest.String(), "blob")...)
	for i := range h.depth + 1 {
		raw, err := json.Marshal(h.chain(before))
		if err != nil {
			t.Fatal(err)
		}
		before = ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
		if i == 0 {
			before.MediaType = ocispec.MediaTypeImageManifest
		}
		at := before.Digest.String()
		if i == h.depth {
			at = "1"
		}
		r := reg.lab.Stdin(string(raw)).Run(t, "curl", "-sS", "--fail-with-body", "-X", "PUT", "-H", "Content-Type: "+before.MediaType,
			"--data-binary", "@-", "http://"+reg.Addr+"/v2/"+repo+"/manifests/"+at)
		if r.Code != 0 {
			t.Logf("the registry itself refuses %s: %s%s", h.what, r.Stdout, r.Stderr)
			return false
		}
	}
	return true
}

// listing is a script that lists every file of a store and of the staging beside it, with its size, and the index by its digest.
func listing(t *testing.T, in place) string {
	t.Helper()
	return "for d in " + storeDir(t, in) + " " + stagingDir(t, in) + `; do
		[ ! -d "$d" ] || find "$d" -type f ! -name '*.lock' -printf '%p %s\n'; [ ! -f "$d/index.json" ] || sha256sum "$d/index.json"; done | sort`
}

// TestHostilePull: whatever is published, a pull of it says which layer is wrong and ends with 1 or 5; the store is as it was,
// nothing is left beside it or written anywhere else, and half a gigabyte of memory is enough. An ordinary user, whose store
// differs in where it is, has those that try to get out of it.
func TestHostilePull(t *testing.T) {
	reg := startRegistry(t, nil)
	good := reg.Addr + "/m/good:1"
	pushModelPack(t, reg, good, single(t))
	list, before, people := map[string]string{}, map[string]string{}, everyone(t)
	for _, who := range people {
		who.MustRun(t, "paddock", "pull", "-q", "--tls-verify=false", good)
		list[who.name] = listing(t, who)
		before[who.name] = who.MustRun(t, "sh", "-c", list[who.name])
	}
	for i, h := range append(hostileTars(t), hostileManifests(t)...) {
		t.Run(h.what, func(t *testing.T) {
			name := fmt.Sprintf("%s/hostile/%d:1", reg.Addr, i)
			if !h.publish(t, reg, fmt.Sprintf("hostile/%d", i)) {
				return
			}
			for _, who := range people {
				if who.name == "root" || strings.Contains(h.what, "out of") {
					h.assertRefused(t, who, name, list[who.name], before[who.name])
				}
			}
		})
	}
	for _, who := range people {
		assertStoreVerified(t, who)
		who.MustRun(t, "paddock", "rm", good)
	}
	// find also fails for what went away while it looked
	if r := (Lab{}).Run(t, "find", "/", "-xdev", "-name", escaped+"*"); r.Stdout != "" || r.Code > 1 {
		t.Errorf("written outside: %s%s", r.Stdout, r.Stderr)
	}
}

func (h *hostile) assertRefused(t *testing.T, who place, name, list, before string) {
	t.Helper()
	const pull = `prlimit --data=536870912 paddock pull --progress none --tls-verify=false "$1"; code=$?; echo "exit $code"; `
	r := who.Run(t, "sh", "-c", pull+list, "sh", name)
	said, after, _ := strings.Cut(r.Stdout, "\n")
	if said != "exit 1" && said != "exit 5" || !strings.Contains(r.Stderr, h.says) {
		t.Errorf("%s: %s, %s", who.name, r.Stdout, r.Stderr)
	}
	if h.layers != nil && !strings.Contains(r.Stderr, "layer ") {
		t.Errorf("%s: it does not say which layer: %s", who.name, r.Stderr)
	}
	if after != before {
		t.Errorf("%s: at rest before:\n%s\nand after:\n%s", who.name, before, after)
	}
}
