package file

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

func resolver(t *testing.T, text string) *Resolver {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return &Resolver{System: &types.SystemContext{SignaturePolicyPath: file}}
}

const anything = `{"default":[{"type":"insecureAcceptAnything"}]}`

// folder makes files; their content is GGUF if their name says so, and their path else.
func folder(t *testing.T, names ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "My Model")
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		content := name
		if strings.HasSuffix(name, ".gguf") {
			content = "GGUF" + name
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func pending(plan *artifacts.Plan) []string {
	var names []string
	for _, p := range plan.Pending {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}

func TestFiles(t *testing.T) {
	dir := folder(t, "m.gguf", "s-00001-of-00002.gguf", "s-00002-of-00002.gguf", "w.safetensors")
	if err := os.Rename(filepath.Join(dir, "m.gguf"), filepath.Join(dir, "blob")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("s-00002-of-00002.gguf", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"blob":                  "localhost/blob:latest blob.gguf",
		"s-00002-of-00002.gguf": "localhost/s-00001-of-00002.gguf:latest s-00001-of-00002.gguf s-00002-of-00002.gguf",
		"link":                  "localhost/link:latest s-00001-of-00002.gguf s-00002-of-00002.gguf",
		"w.safetensors":         "localhost/w.safetensors:latest w.safetensors",
	} {
		r := resolver(t, anything)
		plan, err := r.Resolve(t.Context(), filepath.Join(dir, given))
		if err != nil {
			t.Errorf("%s: %v", given, err)
			continue
		}
		if got := plan.Name.String() + " " + strings.Join(pending(plan), " "); got != want {
			t.Errorf("%s: %s", given, got)
		}
		if names, err := r.Names(filepath.Join(dir, given)); err != nil || names.Queries[0] != plan.Name.String() || names.Origin != plan.Origin {
			t.Errorf("%s: %+v, %v", given, names, err)
		}
	}
}

func TestFolders(t *testing.T) {
	for name, c := range map[string]struct {
		files []string
		want  string // the files taken, or an error
	}{
		"gguf": {[]string{"m.gguf", "mmproj.gguf", "chat_template.jinja", "LICENSE", "README.md", "config.json", ".git/x.gguf", "x.bin"},
			"LICENSE README.md chat_template.jinja m.gguf mmproj.gguf"},
		"two models": {[]string{"a.gguf", "b.gguf"}, "holds 2 models, name one of them: a.gguf, b.gguf"},
		"split":      {[]string{"m-00001-of-00002.gguf", "m-00002-of-00002.gguf"}, "m-00001-of-00002.gguf m-00002-of-00002.gguf"},
		"part gone":  {[]string{"m-00001-of-00002.gguf"}, "m-00002-of-00002.gguf, a part of a split model"},
		"safetensors": {[]string{"model.safetensors", "config.json", "tokenizer.json", "tokenizer.model", "merges.txt", "code.py", "pytorch_model.bin", "1_Pooling/config.json",
			"original/x.safetensors", "data.csv", "photo.png", "m.gguf"},
			"1_Pooling/config.json code.py config.json merges.txt model.safetensors tokenizer.json tokenizer.model"},
		"nothing": {[]string{"README.md"}, "neither GGUF nor safetensors"},
	} {
		dir := folder(t, c.files...)
		plan, err := resolver(t, anything).Resolve(t.Context(), dir)
		got := ""
		if err != nil {
			got = err.Error()
		} else if got = strings.Join(pending(plan), " "); plan.Name.String() != "localhost/my-model:latest" {
			t.Errorf("%s: %s", name, plan.Name)
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// Links lead anywhere within the folder, and not out of it.
func TestLinks(t *testing.T) {
	dir := folder(t, "blobs/x", "m.gguf")
	outside := filepath.Join(t.TempDir(), "secret.json")
	if err := os.WriteFile(outside, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("m.gguf", filepath.Join(dir, "n.jinja")); err != nil {
		t.Fatal(err)
	}
	plan, err := resolver(t, anything).Resolve(t.Context(), dir)
	if err != nil || strings.Join(pending(plan), " ") != "m.gguf n.jinja" {
		t.Errorf("%v, %v", plan, err)
	}
	for _, to := range []string{outside, "../../../../../../../../" + outside, filepath.Join(dir, "gone")} {
		link := filepath.Join(dir, "LICENSE")
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
		if _, err := resolver(t, anything).Resolve(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "LICENSE") {
			t.Errorf("%s: %v", to, err)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
}

// What is no file is refused, and not waited for.
func TestRefused(t *testing.T) {
	dir := folder(t, "m.gguf", "no.bin", "page.html")
	pipe := filepath.Join(dir, "p.gguf")
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "fake.gguf"), []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		pipe: "neither a file nor a folder", dir: "p.gguf is not a regular file", "/dev/zero": "neither a file nor a folder",
		filepath.Join(dir, "fake.gguf"): "not GGUF", filepath.Join(dir, "page.html"): "not GGUF", "/": "whole machine",
	} {
		if _, err := resolver(t, anything).Resolve(t.Context(), path); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := resolver(t, anything).Resolve(t.Context(), filepath.Join(dir, "none.gguf")); !errors.Is(err, artifacts.ErrNotFound) {
		t.Error(err)
	}
}

func TestPolicy(t *testing.T) {
	dir := folder(t, "m.gguf")
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "m.gguf")
	if _, err := resolver(t, `{"default":[{"type":"reject"}]}`).Resolve(t.Context(), path); !errors.Is(err, artifacts.ErrPolicy) {
		t.Error(err)
	}
	allowed := `{"default":[{"type":"reject"}],"transports":{"file":{"` + real + `":[{"type":"insecureAcceptAnything"}]}}}`
	if _, err := resolver(t, allowed).Resolve(t.Context(), path); err != nil {
		t.Error(err)
	}
}

// The same files in another place make the same model, and nothing says where they were.
func TestReproducible(t *testing.T) {
	var manifests []string
	for range 2 {
		dir := folder(t, "m.gguf", "LICENSE")
		if err := os.Chtimes(filepath.Join(dir, "m.gguf"), time.Now(), time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		plan, err := resolver(t, anything).Resolve(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		batch, found, err := staging.Open(filepath.Join(t.TempDir(), "area")).Identify(context.Background(), plan.Pending, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer batch.Close()
		whole, err := plan.Complete(found)
		if err != nil {
			t.Fatal(err)
		}
		m, err := packaging.Parse(whole.Manifest, nil)
		if err != nil || m.Main != "m.gguf" || strings.Contains(string(whole.Manifest), filepath.Dir(dir)) {
			t.Errorf("%+v, %v, %s", m, err, whole.Manifest)
		}
		manifests = append(manifests, string(whole.Manifest))
	}
	if manifests[0] != manifests[1] {
		t.Error(manifests)
	}
}

// A file:// URL may be percent-encoded.
func TestEncoded(t *testing.T) {
	dir := folder(t, "m.gguf", "100%25.gguf")
	for _, given := range []string{strings.ReplaceAll(dir, " ", "%20") + "/m.gguf", dir + "/100%25.gguf"} {
		if plan, err := resolver(t, anything).Resolve(t.Context(), given); err != nil || len(plan.Pending) != 1 {
			t.Errorf("%s: %v", given, err)
		}
	}
}

// The host of a file:// URL is this machine.
func TestHosts(t *testing.T) {
	dir := folder(t, "m.gguf")
	t.Chdir(dir)
	r := resolver(t, anything)
	for _, given := range []string{dir + "/m.gguf", "localhost" + dir + "/m.gguf", "LocalHost" + dir + "/m%2Egguf", "./m.gguf", "../" + filepath.Base(dir) + "/m.gguf"} {
		plan, err := r.Resolve(t.Context(), given)
		if err != nil || plan.Name.String() != "localhost/m.gguf:latest" {
			t.Errorf("%s: %+v, %v", given, plan, err)
		}
		if names, err := r.Names(given); err != nil || !slices.Equal(names.Queries, []string{"localhost/m.gguf:latest"}) {
			t.Errorf("%s: %+v, %v", given, names, err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "host"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "m.gguf"), filepath.Join(dir, "host", "m.gguf")); err != nil {
		t.Fatal(err)
	}
	for _, given := range []string{"host/m.gguf", "host" + dir + "/host/m.gguf", "127.0.0.1/x", "m.gguf", "~/m.gguf"} {
		_, err := r.Resolve(t.Context(), given)
		_, named := r.Names(given)
		for _, err := range []error{err, named} {
			if !errors.Is(err, artifacts.ErrInvalidName) || !strings.Contains(err.Error(), "file://"+given+" is on the machine") {
				t.Errorf("%s: %v", given, err)
			}
		}
	}
}
