package cli

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/asimage"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/storetest"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// TestInspectRemoteImage: the files of an image whose layers are not compressed are told from the headers in its layers, with the
// facts of the GGUF file among them.
func TestInspectRemoteImage(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	data, err := fixtures.GGUF(&fixtures.Options{Embd: 512})
	if err != nil {
		t.Fatal(err)
	}
	p.file(t, "model.gguf", string(data)+strings.Repeat("\x00", 8<<20))
	p.must(t, "pack", "-t", "m", p.dir)
	m, err := p.store.Find(t.Context(), "localhost/m:latest")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := asimage.ToImage(t.Context(), storetest.ParseName(t, "localhost/i:1"), m, func(f *artifacts.File) artifacts.Opener {
		return atrest.StoredFile(m, f, p.store)
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range plan.Blobs {
		p.at.PutBlob(blobBytes(t, &plan.Blobs[i]))
	}
	p.at.PutManifest("org/i", "1", plan.MediaType, plan.Manifest)
	name := p.at.Host() + "/org/i:1"
	p.at.Forget()
	var i inspection
	if err := json.Unmarshal([]byte(p.must(t, "inspect", "--remote", name)), &i); err != nil {
		t.Fatal(err)
	}
	if sent := p.at.BytesSent(); sent > 2<<20 {
		t.Errorf("%d bytes were read", sent)
	}
	if i.Unservable != "" || i.Kind != "image" || i.Main != "model.gguf" || len(i.Files) != 2 || i.GGUF == nil || i.GGUF.Architecture == "" || i.Digest != plan.Digest.String() {
		t.Errorf("got %+v", i)
	}
	for _, f := range i.Files {
		if f.Digest != "" || f.MediaType != "" {
			t.Errorf("the layer's are not the file's: %+v", f)
		}
		if f.Path == "model.gguf" && f.Size != int64(len(data))+8<<20 {
			t.Errorf("got %+v", f)
		}
	}
}

// TestInspectRemoteCompressedImage: of other images nothing is claimed.
func TestInspectRemoteCompressedImage(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	config := p.at.Marshal(map[string]any{
		"os": "linux", "architecture": "amd64", "rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest.FromString("x").String()}},
	})
	layer := []byte("compressed")
	p.at.PutManifest("org/i", "1", "application/vnd.oci.image.manifest.v1+json", p.at.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": map[string]any{"mediaType": "application/vnd.oci.image.config.v1+json", "digest": p.at.PutBlob(config), "size": len(config)},
		"layers": []any{map[string]any{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": p.at.PutBlob(layer), "size": len(layer)}},
	}))
	out := p.must(t, "inspect", "--remote", p.at.Host()+"/org/i:1")
	if strings.Contains(out, "unservable") || !strings.Contains(p.err.String(), "known after a pull") {
		t.Errorf("got %s, and %s", out, p.err)
	}
}

// TestInspectRemoteFolder: of files without digests everything but those is told.
func TestInspectRemoteFolder(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	write(t, filepath.Join(p.env.Root, "etc/containers/policy.json"), `{"default":[{"type":"insecureAcceptAnything"}]}`)
	var i inspection
	if err := json.Unmarshal([]byte(p.must(t, "inspect", "--remote", p.dir)), &i); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(p.dir, "model.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	if i.Digest != "" || i.Main != "model.gguf" || i.Unservable != "" || i.GGUF == nil || len(i.Files) != 2 {
		t.Fatalf("got %+v", i)
	}
	for _, f := range i.Files {
		if f.Digest != "" || f.Path == "model.gguf" && (f.Size != info.Size() || f.Role != "weights") {
			t.Errorf("got %+v", f)
		}
	}
	if code, out, err := p.run(t, "inspect", "--remote", "--raw", p.dir); code != exitError || out != "" || !strings.Contains(err.Error(), "no manifest before a pull") {
		t.Errorf("raw: exit %d, %q, %v", code, out, err)
	}
}

func blobBytes(t *testing.T, b *artifacts.Blob) []byte {
	t.Helper()
	if b.Data != nil {
		return b.Data
	}
	r, err := b.Open(t.Context(), 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil || r.Close() != nil {
		t.Fatal(err)
	}
	return data
}
