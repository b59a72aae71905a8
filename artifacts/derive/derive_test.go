package derive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// layer is one layer of a ModelPack: where its content belongs, and what it is.
type layer struct{ mediaType, path, data string }

// tarOf is a tar of one file.
func tarOf(t *testing.T, name, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o600})
	if err == nil {
		_, err = w.Write([]byte(content))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// staged puts a model's blobs in a folder, and returns its plan, and how to derive from it.
func staged(t *testing.T, layers ...layer) (*artifacts.Plan, *Options) {
	t.Helper()
	dir := t.TempDir()
	put := func(data string) digest.Digest {
		d := digest.FromString(data)
		if err := os.WriteFile(filepath.Join(dir, d.Encoded()), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return d
	}
	var list []string
	for _, l := range layers {
		list = append(list, fmt.Sprintf(`{"mediaType":"application/vnd.cncf.model.%s","digest":%q,"size":%d,"annotations":{"org.cncf.model.filepath":%q}}`,
			l.mediaType, put(l.data), len(l.data), l.path))
	}
	manifest := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.cncf.model.manifest.v1+json",
		"config":{"mediaType":"application/vnd.cncf.model.config.v1+json","digest":%q,"size":2},"layers":[%s]}`, put("{}"), strings.Join(list, ","))
	name, err := artifacts.ParseName("quay.io/org/m:1")
	if err != nil {
		t.Fatal(err)
	}
	o := &Options{
		Parent: filepath.Join(dir, "work"), Logger: slog.New(slog.DiscardHandler), Ready: func() ([]byte, error) { return nil, nil },
		Staged: func(d digest.Digest) string {
			path := filepath.Join(dir, d.Encoded())
			if _, err := os.Stat(path); err != nil {
				return ""
			}
			return path
		},
	}
	return &artifacts.Plan{Name: name, Kind: artifacts.KindArtifact, Manifest: manifest, Digest: digest.FromBytes(manifest)}, o
}

// left lists what is in the folder of the workspaces.
func left(t *testing.T, o *Options) []fs.DirEntry {
	t.Helper()
	all, err := os.ReadDir(o.Parent)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return all
}

// TestMake: the files of archives become layers of their own, those that are files already stay what they are.
func TestMake(t *testing.T) {
	plan, o := staged(t, layer{"weight.v1.tar", "q4/m.gguf", tarOf(t, "m.gguf", "weights")}, layer{"doc.v1.raw", "README.md", "read me"})
	var waits []string
	o.Wait = func(why string) { waits = append(waits, why) }
	d, err := Make(t.Context(), plan, o)
	if err != nil || !d.New() {
		t.Fatalf("got %+v, %v", d, err)
	}
	if len(waits) != 2 || !strings.Contains(waits[0], "quay.io/org/m:1") || waits[1] != "" {
		t.Errorf("waited for %q", waits)
	}
	m, err := packaging.Parse(d.Bytes(), nil)
	if err != nil || len(m.Files) != 2 || m.Unservable != nil {
		t.Fatalf("got %+v, %v", m, err)
	}
	for _, f := range m.Files {
		want := map[string]string{"m.gguf": "weights", "README.md": "read me"}[filepath.Base(f.Path)]
		if data, err := os.ReadFile(d.Path(f.Digest)); err != nil || string(data) != want || want == "" {
			t.Errorf("%s: got %q, %v", f.Path, data, err)
		}
	}
	for _, b := range append(d.Blobs, artifacts.Blob{Digest: digest.FromBytes(d.Manifest), Size: int64(len(d.Manifest))}) {
		if info, err := os.Stat(d.Path(b.Digest)); err != nil || info.Size() != b.Size {
			t.Errorf("%s: %v, %v", b.Digest, info, err)
		}
	}
	if len(left(t, o)) != 1 {
		t.Errorf("workspaces: %v", left(t, o))
	}
	if err := errors.Join(d.Close(), d.Close()); err != nil || len(left(t, o)) > 0 {
		t.Errorf("left %v, %v", left(t, o), err)
	}
}

// TestMakeNothing: what needs nothing derived, or may not be unpacked, leaves no workspace.
func TestMakeNothing(t *testing.T) {
	packed := layer{"weight.v1.tar", "m.gguf", tarOf(t, "m.gguf", "weights")}
	broken := errors.New("the disk is gone")
	for _, c := range []struct {
		name    string
		layer   layer
		ready   func() ([]byte, error)
		change  func(*artifacts.Plan)
		want    string // the manifest
		err     error
		refused bool
	}{
		{"a file", layer{"weight.v1.raw", "m.gguf", "weights"}, nil, nil, "", nil, false},
		{"in the store already", packed, func() ([]byte, error) { return []byte("ready"), nil }, nil, "ready", nil, false},
		{"a store that cannot be read", packed, func() ([]byte, error) { return nil, broken }, nil, "", broken, false},
		{"a path out", layer{"weight.v1.tar", "m.gguf", tarOf(t, "../m.gguf", "x")}, nil, nil, "", packaging.ErrUnsafePath, true},
		{"no archive", layer{"weight.v1.tar", "m.gguf", strings.Repeat("no tar", 1000)}, nil, nil, "", artifacts.ErrVerification, true},
		{"no manifest that is known", packed, nil, func(p *artifacts.Plan) { p.Manifest = []byte(`{"schemaVersion":1}`) }, "", nil, false},
	} {
		plan, o := staged(t, c.layer)
		if c.ready != nil {
			o.Ready = c.ready
		}
		if c.change != nil {
			c.change(plan)
		}
		d, err := Make(t.Context(), plan, o)
		if !errors.Is(err, c.err) || IsRefused(err) != c.refused || string(d.Bytes()) != c.want || d.New() {
			t.Errorf("%s: got %+v, %v", c.name, d, err)
		}
		if err := d.Close(); err != nil || len(left(t, o)) > 0 {
			t.Errorf("%s: left %v, %v", c.name, left(t, o), err)
		}
	}
}
