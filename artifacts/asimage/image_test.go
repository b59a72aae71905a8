package asimage_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/asimage"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

var errRead = errors.New("the disk is broken")

// model is an artifact of files by path.
func model(t *testing.T, files map[string]string) (*artifacts.Model, asimage.FileOpener) {
	t.Helper()
	var built []packaging.BuildFile
	content := map[digest.Digest]string{}
	for p, data := range files {
		d := digest.FromString(data)
		content[d] = data
		built = append(built, packaging.BuildFile{Path: p, Digest: d, Size: int64(len(data))})
	}
	manifest, config, err := packaging.BuildModelPack(built, &packaging.BuildMeta{Annotations: map[string]string{"org.opencontainers.image.source": "https://x"}})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := packaging.Parse(manifest, config)
	if err != nil {
		t.Fatal(err)
	}
	m := &artifacts.Model{
		Name: "localhost/m:1", Kind: artifacts.KindArtifact, Packaging: *parsed, Manifest: manifest,
		Annotations: map[string]string{"org.opencontainers.image.source": "https://x"},
	}
	return m, func(f *artifacts.File) artifacts.Opener {
		return func(_ context.Context, offset, length int64) (io.ReadCloser, error) {
			data := content[f.Digest]
			if data == "broken" {
				return nil, errRead
			}
			if length < 0 {
				length = int64(len(data)) - offset
			}
			return io.NopCloser(strings.NewReader(data[offset : offset+length])), nil
		}
	}
}

func name(t *testing.T, s string) artifacts.Name {
	t.Helper()
	n, err := artifacts.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestToImage: the layers are tars of the files, of the digests and sizes that the manifest says, and the same every time.
func TestToImage(t *testing.T) {
	files := map[string]string{
		"m.gguf": strings.Repeat("weights ", 1000), "sub/" + strings.Repeat("long", 50) + "/config.json": "{}", "empty": "", "block": strings.Repeat("x", 512),
	}
	m, open := model(t, files)
	plan, err := asimage.ToImage(t.Context(), name(t, "localhost/i:1"), m, open, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := asimage.ToImage(t.Context(), name(t, "localhost/other:1"), m, open, nil)
	if err != nil || again.Digest != plan.Digest {
		t.Errorf("a second time: %v", err)
	}
	found, links := map[string]string{}, map[string]string{}
	for _, b := range plan.Blobs[1:] {
		data := read(t, &b, 0, -1)
		if digest.FromBytes(data) != b.Digest || int64(len(data)) != b.Size {
			t.Errorf("layer %s is not itself", b.Digest)
		}
		untar(t, data, found, links)
		for _, span := range [][2]int64{{0, 1}, {1, b.Size - 1}, {511, 2}, {b.Size - 1025, 1025}, {b.Size / 2, 1}, {b.Size, 0}, {1000, b.Size - 1200}} {
			if span[1] < 0 || span[0]+span[1] > b.Size {
				continue
			}
			if part := read(t, &b, span[0], span[1]); !bytes.Equal(part, data[span[0]:span[0]+span[1]]) {
				t.Errorf("layer %s: %d bytes at %d are others", b.Digest, span[1], span[0])
			}
		}
	}
	for p, want := range files {
		if found["models/"+p] != want {
			t.Errorf("%s is %.20q", p, found["models/"+p])
		}
	}
	if len(found) != len(files) || links["models/model.file"] != "m.gguf" {
		t.Errorf("%d files, links %v", len(found), links)
	}
	var config ocispec.Image
	if err := json.Unmarshal(plan.Blobs[0].Data, &config); err != nil {
		t.Fatal(err)
	}
	if config.Architecture != asimage.DefaultArchitecture || config.Config.Labels["org.containers.type"] != "ai.image.model.raw" ||
		config.Config.Labels["org.opencontainers.image.source"] != "https://x" || len(config.RootFS.DiffIDs) != len(files)+1 || len(config.History) != len(files)+1 {
		t.Errorf("the configuration is %s", plan.Blobs[0].Data)
	}
	if got, err := packaging.Detect(plan.Manifest); err != nil || got.Format != packaging.Image {
		t.Errorf("it is %v, %v", got, err)
	}
}

func read(t *testing.T, b *artifacts.Blob, offset, length int64) []byte {
	t.Helper()
	r, err := b.Open(t.Context(), offset, length)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil || r.Close() != nil {
		t.Fatal(err)
	}
	return data
}

func untar(t *testing.T, data []byte, files, links map[string]string) {
	t.Helper()
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.ModTime.Unix() != 0 {
			t.Errorf("%s tells of this machine: %+v", h.Name, h)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		switch h.Typeflag {
		case tar.TypeReg:
			files[h.Name] = string(content)
		case tar.TypeSymlink:
			links[h.Name] = h.Linkname
		}
	}
}

func TestToImageRefuses(t *testing.T) {
	broken, open := model(t, map[string]string{"m.gguf": "broken"})
	if _, err := asimage.ToImage(t.Context(), name(t, "localhost/i:1"), broken, open, nil); !errors.Is(err, errRead) {
		t.Errorf("a file that cannot be read: %v", err)
	}
	taken, open := model(t, map[string]string{"m.gguf": "x", "model.file": "y"})
	archive, _ := model(t, map[string]string{"m.gguf": "x"})
	archive.Packaging.Files[0].Encoding = packaging.Tar
	image, _ := model(t, map[string]string{"m.gguf": "x"})
	image.Kind = artifacts.KindImage
	for what, m := range map[string]*artifacts.Model{"the link's name": taken, "an archive": archive, "an image": image, "nothing": {}} {
		if _, err := asimage.ToImage(t.Context(), name(t, "localhost/i:1"), m, open, nil); !errors.Is(err, packaging.ErrUnservable) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestFromImage: the artifact of an image has the files with digests of their own.
func TestFromImage(t *testing.T) {
	m, open := model(t, map[string]string{"m.gguf": "weights", "README.md": "# m"})
	want := m.Packaging.Files
	m.Kind, m.Packaging.Files = artifacts.KindImage, append([]artifacts.File(nil), want...)
	contents := map[string]artifacts.Opener{}
	for i := range want {
		contents[want[i].Path] = open(&want[i])
		m.Packaging.Files[i].Digest = digest.FromString("the layer of " + want[i].Path)
	}
	plan, err := asimage.FromImage(t.Context(), name(t, "localhost/a:1"), m,
		func(f *artifacts.File) artifacts.Opener { return contents[f.Path] }, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := packaging.Parse(plan.Manifest, plan.Blobs[0].Data)
	if err != nil || parsed.Format != packaging.ModelPack || len(parsed.Files) != len(want) {
		t.Fatal(parsed, err)
	}
	for i := range want {
		if parsed.Files[i].Path != want[i].Path || parsed.Files[i].Digest != want[i].Digest {
			t.Errorf("got %+v, want %+v", parsed.Files[i], want[i])
		}
	}
}
