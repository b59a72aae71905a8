package cli

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/podmanstore"
	"github.com/paddock-dev/paddock/artifacts/storetest"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// publishTar puts a model into the registry whose only file is in a tar.
func (w *world) publishTar(t *testing.T, name, path string) *storetest.Origin {
	t.Helper()
	data, err := fixtures.GGUF(&fixtures.Options{Embd: 32})
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	to := tar.NewWriter(&archive)
	if err := to.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(data))}); err != nil {
		t.Fatal(err)
	}
	if _, err := to.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	layer := archive.Bytes()
	m := imgspecv1.Manifest{
		MediaType: imgspecv1.MediaTypeImageManifest, ArtifactType: "application/vnd.cncf.model.manifest.v1+json",
		Config: imgspecv1.Descriptor{
			MediaType: "application/vnd.cncf.model.config.v1+json", Digest: digest.FromString(storetest.Config), Size: int64(len(storetest.Config)),
		},
		Layers: []imgspecv1.Descriptor{{
			MediaType: "application/vnd.cncf.model.weight.v1.tar", Digest: digest.FromBytes(layer), Size: int64(len(layer)),
			Annotations: map[string]string{"org.cncf.model.filepath": path},
		}},
	}
	m.SchemaVersion = 2
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	o := storetest.Serve(&artifacts.Plan{
		Name: storetest.ParseName(t, name), Kind: artifacts.KindArtifact, Manifest: raw, MediaType: m.MediaType, Digest: digest.FromBytes(raw),
	}, []byte(storetest.Config), layer)
	w.published[name] = o
	return o
}

// TestServeUnpacked: a model in an archive is pulled, and its file mounted from where it was unpacked to; what is pinned,
// ensured and labelled is the model that was published.
func TestServeUnpacked(t *testing.T) {
	w := newWorld(t)
	store, err := podmanstore.Open(&podmanstore.Options{GraphRoot: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	w.env.Services.Store = func(context.Context, *Env) (artifacts.Store, error) { return store, nil }
	o := w.publishTar(t, tiny, "model.gguf")
	w.must(t, "quadlet", "install", "--progress", "none", "--name", "svc", tiny)
	unit := w.must(t, "quadlet", "print", "svc")
	pin := tiny[:strings.LastIndex(tiny, ":")] + "@" + o.Plan.Digest.String()
	from := "type=artifact,source=localhost/paddock/derived:" + o.Plan.Digest.Encoded() + ",digest=sha256:"
	for _, line := range []string{"Source=" + pin, "Model=" + tiny, "Digest=" + o.Plan.Digest.String()} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("the unit lacks %s:\n%s", line, unit)
		}
	}
	if !strings.Contains(unit, "Mount="+from) || !strings.Contains(unit, " ensure "+pin+"\n") {
		t.Errorf("the unit:\n%s", unit)
	}
	w.must(t, "rm", tiny) // the pin keeps the files
	w.must(t, "ensure", pin)
	if line := w.must(t, "serve", "--dry-run", pin); !strings.Contains(line, from) || !strings.Contains(line, "org.paddock.model="+pin) {
		t.Errorf("serve: %s", line)
	}
	if out := w.must(t, "ls", "--noheading", "--format", "{{.Name}}"); strings.TrimSpace(out) != pin {
		t.Errorf("ls: %q", out)
	}
	w.must(t, "quadlet", "rm", "svc")
	if u, err := store.Usage(t.Context(), nil); err != nil || u.Blobs != 0 {
		t.Errorf("left %+v, %v", u, err)
	}
}

// TestUnpackedAgain: unpacked files that Podman was told to remove are missed by inspect and doctor, and made again by serve, ensure
// and doctor --fix, though the origin is gone; if what they were in is gone, too, it is said what to do.
func TestUnpackedAgain(t *testing.T) {
	w := newWorld(t)
	root := t.TempDir()
	store, err := podmanstore.Open(&podmanstore.Options{GraphRoot: root, Grace: -1})
	if err != nil {
		t.Fatal(err)
	}
	w.env.Services.Store = func(context.Context, *Env) (artifacts.Store, error) { return store, nil }
	o := w.publishTar(t, tiny, "model.gguf")
	w.must(t, "pull", "--progress", "none", tiny)
	delete(w.published, tiny)
	derived := "localhost/paddock/derived:" + o.Plan.Digest.Encoded()
	code, _, err := w.run(t, "rm", "--force", derived)
	if code != exitError || !strings.Contains(err.Error(), tiny) || strings.Join(Hints(err), "|") != "paddock rm "+tiny {
		t.Errorf("rm of the unpacked files: exit %d, %v, %q", code, err, Hints(err))
	}
	for _, again := range [][]string{{"serve", "--progress", "none", tiny}, {"ensure", tiny}, {"doctor", "--fix"}} {
		dropUnpacked(t, root, derived, o)
		code, _, err := w.run(t, "serve", "--dry-run", tiny)
		if code != exitError || strings.Join(Hints(err), "|") != "paddock doctor --fix" {
			t.Errorf("serve --dry-run: exit %d, %v, %q", code, err, Hints(err))
		}
		if out := w.must(t, "inspect", tiny); !strings.Contains(out, `"unservable"`) {
			t.Errorf("inspect: %s", out)
		}
		code, out, err := w.run(t, "doctor", "--format", "{{.Kind}} {{.Where}}")
		if code != exitError || strings.TrimSpace(out) != "not-unpacked "+tiny || strings.Join(Hints(err), "|") != "paddock doctor --fix" {
			t.Errorf("doctor: exit %d, %q, %v, %q", code, out, err, Hints(err))
		}
		w.must(t, again...)
		w.must(t, "doctor")
		if out := w.must(t, "inspect", tiny); strings.Contains(out, `"unservable"`) {
			t.Errorf("after %q: %s", again, out)
		}
	}
	dropUnpacked(t, root, derived, o)
	if err := os.Remove(filepath.Join(root, "artifacts", "blobs", "sha256", o.Plan.Blobs[1].Digest.Encoded())); err != nil {
		t.Fatal(err)
	}
	code, _, err = w.run(t, "serve", "--progress", "none", tiny)
	if code != exitNotFound || !strings.Contains(strings.Join(Hints(err), "|"), "paddock ensure "+tiny) {
		t.Errorf("serve: exit %d, %v, %q", code, err, Hints(err))
	}
}

// dropUnpacked takes the unpacked files of a model out of a store, as podman artifact rm does: the only entry of that name, and the
// blobs that the model does not have, too.
func dropUnpacked(t *testing.T, graphRoot, name string, o *storetest.Origin) {
	t.Helper()
	root := filepath.Join(graphRoot, "artifacts")
	read := func(path string, into any) {
		data, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	blob := func(d digest.Digest) string { return filepath.Join(root, "blobs", "sha256", d.Encoded()) }
	var index imgspecv1.Index
	read(filepath.Join(root, "index.json"), &index)
	at := slices.IndexFunc(index.Manifests, func(d imgspecv1.Descriptor) bool { return d.Annotations[imgspecv1.AnnotationRefName] == name })
	if at < 0 {
		t.Fatalf("there is no %s", name)
	}
	var derived imgspecv1.Manifest
	read(blob(index.Manifests[at].Digest), &derived)
	for _, d := range append(derived.Layers, derived.Config, index.Manifests[at]) {
		if strings.Contains(string(o.Plan.Manifest), d.Digest.String()) {
			continue
		}
		if err := os.Remove(blob(d.Digest)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	index.Manifests = slices.Delete(index.Manifests, at, at+1)
	data, err := json.Marshal(index)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "index.json"), string(data))
}

// TestUnknownArchive: an archive of which nothing says that it is a model's is not pulled to be served.
func TestUnknownArchive(t *testing.T) {
	w := newWorld(t)
	o := w.publishTar(t, tiny, "model.gguf")
	manifest := strings.NewReplacer("application/vnd.cncf.model.manifest.v1+json", "application/x-chart", "vnd.cncf.model.", "x-chart.").Replace(string(o.Plan.Manifest))
	o.Plan.Manifest, o.Plan.Digest = []byte(manifest), digest.FromString(manifest)
	if code, _, err := w.run(t, "serve", "--progress", "none", tiny); code != 1 || o.Read() != 0 {
		t.Errorf("exit %d, %v, %d bytes", code, err, o.Read())
	}
}
