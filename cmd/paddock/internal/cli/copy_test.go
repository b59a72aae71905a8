package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
)

// TestCopy: a model passes through to another repository, and to folders, byte for byte, and nothing of it is stored.
func TestCopy(t *testing.T) {
	p := newPublisher(t, &fake.Options{NoMounts: true})
	src := p.at.Host() + "/org/m:1"
	want := p.digest(t, p.must(t, "pack", "-t", "m", p.dir))
	p.must(t, "push", "localhost/m", src)
	p.newStore(t)
	dir := t.TempDir()
	for _, dest := range []string{p.at.Host() + "/copy/m:1", "oci:" + dir + "/oci:v1", "dir:" + dir + "/dir"} {
		for _, again := range []bool{false, true} {
			p.at.Forget()
			if got := p.digest(t, p.must(t, "copy", src, dest)); got != want {
				t.Errorf("%s: %s, want %s", dest, got, want)
			}
			if again && !strings.HasPrefix(dest, "dir:") && (p.at.BytesTaken() > 0 || p.at.BytesSent() > 1000) {
				t.Errorf("%s again: %d bytes were taken, %d sent", dest, p.at.BytesSent(), p.at.BytesTaken())
			}
		}
	}
	hex := strings.TrimPrefix(want, "sha256:")
	if _, err := os.Stat(filepath.Join(dir, "oci", "blobs", "sha256", hex)); err != nil {
		t.Error(err)
	}
	if models, err := p.store.List(t.Context()); err != nil || len(models) != 0 {
		t.Errorf("the store has %v, %v", models, err)
	}
}

// TestCopyIntoFolder: a dir: layout is replaced by one that is whole, or stays as it is, even where it is copied to itself; what
// a killed copy left is in nobody's way; a folder with other things in it is not touched.
func TestCopyIntoFolder(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	src, other := p.at.Host()+"/org/m:1", p.at.Host()+"/org/m:docker"
	want := p.digest(t, p.must(t, "pack", "-t", "m", p.dir))
	p.must(t, "push", "localhost/m", src)
	second := p.digest(t, p.must(t, "copy", "--format", "docker", src, other))
	write(t, filepath.Join(p.env.Root, "etc/containers/policy.json"), `{"default":[{"type":"insecureAcceptAnything"}]}`)
	dir := filepath.Join(t.TempDir(), "d")
	holds := func(digest string) {
		t.Helper()
		if got := p.digest(t, p.must(t, "copy", "dir:"+dir, "oci:"+filepath.Join(t.TempDir(), "o"))); got != digest {
			t.Errorf("the folder has %s, want %s", got, digest)
		}
	}
	p.must(t, "copy", src, "dir:"+dir)
	p.must(t, "copy", "dir:"+dir, "dir:"+dir)
	holds(want)
	if err := os.MkdirAll(filepath.Join(dir, ".paddock-123", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	p.must(t, "copy", other, "dir:"+dir)
	holds(second)
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if code, _, err := p.run(t, "copy", p.at.Host()+"/org/none:1", "dir:"+dir); code != exitNotFound {
		t.Errorf("exit %d, %v", code, err)
	}
	holds(second)
	if after, err := os.ReadDir(dir); err != nil || len(after) != len(before) || len(before) != 4+1 {
		t.Errorf("%v, before %v, %v", after, before, err)
	}
	if code, _, err := p.run(t, "copy", src, "dir:"+p.dir); code != exitError || !strings.Contains(fmt.Sprint(err), "neither empty nor a dir: layout") {
		t.Errorf("exit %d, %v", code, err)
	}
}

// TestCopyFormat: another manifest for the same weights, which are not sent again.
func TestCopyFormat(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	src, docker, back := p.at.Host()+"/org/m:1", p.at.Host()+"/org/m:docker", p.at.Host()+"/org/m:back"
	first := p.digest(t, p.must(t, "pack", "-t", "m", p.dir))
	p.must(t, "push", "localhost/m", src)
	p.at.Forget()
	second := p.digest(t, p.must(t, "copy", "--format", "docker", src, docker))
	if second == first || p.at.BytesTaken() > 2000 {
		t.Errorf("got %s, and sent %d bytes", second, p.at.BytesTaken())
	}
	p.must(t, "pull", docker)
	if got := p.must(t, "inspect", "--format", "{{.Packaging}} {{.Main}}", docker); got != "docker model.gguf\n" {
		t.Errorf("got %q", got)
	}
	if again := p.digest(t, p.must(t, "copy", "-f", "docker", docker, back)); again != second {
		t.Errorf("what is so already was written anew: %s", again)
	}
	p.must(t, "copy", "-f", "modelpack", docker, back)
	if got := p.must(t, "inspect", "-r", "-f", "{{.Packaging}} {{.Main}}", back); got != "modelpack model.gguf\n" {
		t.Errorf("got %q", got)
	}
}

func TestCopyErrors(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	src := p.at.Host() + "/org/m:1"
	p.must(t, "pack", "-t", "m", p.dir)
	p.must(t, "push", "localhost/m", src)
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitUsage, "takes SRC DEST", []string{"copy", src}},
		{exitUsage, "unknown packaging", []string{"copy", "--format", "zip", src, src}},
		{exitUsage, "invalid name", []string{"copy", src, "m"}},
		{exitUsage, "can be signed", []string{"copy", "--sign-by", "x", src, "dir:/x"}},
		{exitUsage, "destination", []string{"copy", src, "oci:" + t.TempDir() + "/x:a:b c"}},
		{exitUsage, `no path follows "dir:"`, []string{"copy", src, "dir:"}},
		{exitUsage, `no path follows "oci:"`, []string{"copy", src, "oci:"}},
		{exitUsage, `no path follows "oci:"`, []string{"copy", src, "oci::v1"}},
		{exitNotFound, "not found", []string{"copy", p.at.Host() + "/org/m:2", src}},
		{exitError, "copying to dir:/dev/null/x", []string{"copy", src, "dir:/dev/null/x"}},
	} {
		if code, _, err := p.run(t, c.args...); code != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %d, %v", c.args, code, err)
		}
	}
}

// TestCopyIndex: of an index one manifest is copied, or pulled, and a person is told which, and what is left behind.
func TestCopyIndex(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	want := p.digest(t, p.must(t, "pack", "-t", "m", p.dir))
	p.must(t, "push", "localhost/m", p.at.Host()+"/org/m:1")
	raw := []byte(p.must(t, "inspect", "-r", "--raw", p.at.Host()+"/org/m:1"))
	for tag, c := range map[string]struct {
		index []byte
		says  string
	}{
		"alone":  {p.at.Index(runtime.GOARCH, raw), ""},
		"others": {p.at.Index(runtime.GOARCH, raw, []byte(`{"mediaType":"application/vnd.oci.image.manifest.v1+json"}`)), `leaving "linux/s390x"` + "\n"},
	} {
		p.at.PutManifest("org/m", tag, "application/vnd.oci.image.index.v1+json", c.index)
		src := p.at.Host() + "/org/m:" + tag
		if got := p.digest(t, p.must(t, "copy", "-q", src, p.at.Host()+"/copy/m:"+tag)); got != want {
			t.Errorf("%s: copied %s, want %s", tag, got, want)
		}
		taking := src + ` is an index: taking "linux/` + runtime.GOARCH + `", ` + want
		said := p.world.err.String()
		if !strings.HasSuffix(said, c.says) || c.says != "" && !strings.Contains(said, taking) {
			t.Errorf("%s: said %q", tag, said)
		}
		p.must(t, "pull", "-q", src)
		if said := p.world.err.String(); strings.Contains(said, "index") != (c.says != "") || c.says != "" && !strings.Contains(said, taking) {
			t.Errorf("%s: pull said %q", tag, said)
		}
	}
	const twice = `{"schemaVersion":2,"manifests":[{"digest":"%s","size":1},{"digest":"%s","size":1}]}`
	p.at.PutManifest("org/m", "unclear", "application/vnd.oci.image.index.v1+json", fmt.Appendf(nil, twice, digest.FromString("a"), digest.FromString("b")))
	code, _, err := p.run(t, "pull", p.at.Host()+"/org/m:unclear")
	if hint := strings.Join(Hints(err), "|"); code != exitError || !strings.Contains(err.Error(), "ambiguous index") || !strings.Contains(hint, "paddock pull "+p.at.Host()+"/org/m@sha256:") {
		t.Errorf("exit %d, %v, %q", code, err, hint)
	}
}
