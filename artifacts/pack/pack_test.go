package pack_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/pack"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// folder makes a folder with files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		put(t, filepath.Join(dir, name), content)
	}
	return dir
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func gguf(t *testing.T) string {
	t.Helper()
	data, err := fixtures.GGUF(&fixtures.Options{Embd: 32})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func paths(files []pack.File) string {
	var all []string
	for _, f := range files {
		all = append(all, f.Path)
	}
	return strings.Join(all, " ")
}

func TestScan(t *testing.T) {
	dir := folder(t, map[string]string{
		"m.gguf": "x", "sub/config.json": "{}", ".hidden": "x", ".git/config": "x", "sub/.cache/x": "x", "README.md": "x",
	})
	if err := os.Symlink("m.gguf", filepath.Join(dir, "link.gguf")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		paths []string
		o     pack.Options
		want  string
	}{
		{[]string{dir}, pack.Options{}, "README.md link.gguf m.gguf sub/config.json"},
		{[]string{dir}, pack.Options{Hidden: true}, ".hidden README.md link.gguf m.gguf sub/.cache/x sub/config.json"},
		{[]string{dir + "/m.gguf", dir + "/sub"}, pack.Options{}, "config.json m.gguf"},
		{[]string{dir + "/.hidden"}, pack.Options{}, ".hidden"},
		{[]string{dir + "/link.gguf"}, pack.Options{}, "link.gguf"},
	} {
		got, err := pack.Scan(c.paths, &c.o)
		if err != nil || paths(got) != c.want {
			t.Errorf("%v: got %q, %v", c.paths, paths(got), err)
		}
	}
}

func TestScanRefuses(t *testing.T) {
	outside := folder(t, map[string]string{"secret": "x"})
	for what, c := range map[string]struct {
		prepare func(dir string) error
		says    string
	}{
		"a pipe":            {func(d string) error { return syscall.Mkfifo(d+"/p", 0o600) }, "named pipe"},
		"a socket":          {func(d string) error { return syscall.Mknod(d+"/s", syscall.S_IFSOCK|0o600, 0) }, "a socket"},
		"a link out":        {func(d string) error { return os.Symlink(outside+"/secret", d+"/l") }, "link out of the folder"},
		"a link to nothing": {func(d string) error { return os.Symlink("nothing", d+"/l") }, "following"},
		"a link to above":   {func(d string) error { return os.Symlink(".", d+"/l") }, "link to a folder"},
		"cases": {func(d string) error {
			return errors.Join(os.WriteFile(d+"/A.txt", nil, 0o600), os.WriteFile(d+"/a.txt", nil, 0o600))
		}, "two files"},
		"folders' cases": {func(d string) error {
			return errors.Join(os.Mkdir(d+"/D", 0o700), os.Mkdir(d+"/d", 0o700), os.WriteFile(d+"/D/x", nil, 0o600), os.WriteFile(d+"/d/y", nil, 0o600))
		}, "only in the case"},
		"file and folder": {func(d string) error {
			return errors.Join(os.Mkdir(d+"/D", 0o700), os.WriteFile(d+"/D/x", nil, 0o600), os.WriteFile(d+"/d", nil, 0o600))
		}, "a file and a folder"},
		"a backslash": {func(d string) error { return os.WriteFile(d+`/a\b`, nil, 0o600) }, "backslash"},
		"a newline":   {func(d string) error { return os.WriteFile(d+"/a\nb", nil, 0o600) }, "control character"},
		"no UTF-8":    {func(d string) error { return os.WriteFile(d+"/a\xff", nil, 0o600) }, "UTF-8"},
		"nothing":     {func(string) error { return nil }, "no files"},
	} {
		dir := t.TempDir()
		if err := c.prepare(dir); err != nil {
			t.Fatal(err)
		}
		files, err := pack.Scan([]string{dir}, nil)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, %v", what, files, err)
		}
	}
	if err := os.Symlink(outside+"/secret", outside+"/inside"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(outside+"/inside", dir+"/l"); err != nil {
		t.Fatal(err)
	}
	if got, err := pack.Scan([]string{dir}, &pack.Options{Follow: true}); err != nil || paths(got) != "l" {
		t.Errorf("followed: %v, %v", got, err)
	}
	if _, err := pack.Scan([]string{dir + "/none"}, nil); !errors.Is(err, artifacts.ErrNotFound) {
		t.Error(err)
	}
	if _, err := pack.Scan([]string{outside + "/secret", outside + "/secret"}, nil); !errors.Is(err, pack.ErrRefused) {
		t.Errorf("one file twice: %v", err)
	}
}

func TestDescribe(t *testing.T) {
	weights := gguf(t)
	dir := folder(t, map[string]string{"weights": weights, "mmproj-of-nothing.gguf": weights, "LICENSE": "MIT", "chat.jinja": "{{x}}"})
	files, err := pack.Scan([]string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := pack.Describe(files)
	if err != nil || facts.GGUF == nil {
		t.Fatal(facts, err)
	}
	want := map[string]packaging.Role{"weights": packaging.Weights, "mmproj-of-nothing.gguf": packaging.Weights, "LICENSE": packaging.License, "chat.jinja": packaging.Template}
	for _, f := range files {
		if f.Role != want[f.Path] {
			t.Errorf("%s is %s", f.Path, f.Role)
		}
	}
	for name, content := range map[string]string{
		"cut.gguf": weights[:len(weights)-1], "pointer.gguf": "version https://git-lfs.github.com/spec/v1\n", "m.safetensors": "no", "empty.gguf": "",
	} {
		files, err := pack.Scan([]string{folder(t, map[string]string{name: content})}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pack.Describe(files); !errors.Is(err, pack.ErrRefused) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDescribeShards: a shard under another name than its own is of no use to llama.cpp.
func TestDescribeShards(t *testing.T) {
	parts, err := fixtures.Split(&fixtures.Options{}, "m", 2)
	if err != nil {
		t.Fatal(err)
	}
	good, bad := map[string]string{}, map[string]string{}
	for i, p := range parts {
		good[p.Path] = string(p.Data)
		bad["part"+string(rune('1'+i))+".gguf"] = string(p.Data)
	}
	for _, c := range []struct {
		files map[string]string
		want  error
	}{{good, nil}, {bad, pack.ErrRefused}} {
		files, err := pack.Scan([]string{folder(t, c.files)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pack.Describe(files); !errors.Is(err, c.want) {
			t.Errorf("%v: %v", paths(files), err)
		}
	}
}

// TestPlan: the digest depends on the files and nothing else, and the blobs are the files.
func TestPlan(t *testing.T) {
	name, err := artifacts.ParseName("localhost/m:1")
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]string{"m.gguf": gguf(t), "sub/a": "", "sub/b": "", "README.md": "# m"}
	var first *artifacts.Plan
	for range 2 {
		files, err := pack.Scan([]string{folder(t, content)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		facts, err := pack.Describe(files)
		if err != nil {
			t.Fatal(err)
		}
		meta := &packaging.BuildMeta{}
		facts.Meta(meta)
		plan, err := whole(t, pack.Plan(name, files, meta))
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && first.Digest != plan.Digest {
			t.Errorf("%s and %s", first.Digest, plan.Digest)
		}
		first = plan
		for _, b := range plan.Blobs[1:] {
			r, err := b.Open(t.Context(), 0, -1)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || b.Digest.Algorithm().FromBytes(got) != b.Digest || r.Close() != nil {
				t.Errorf("blob %s: %v", b.Digest, err)
			}
		}
	}
	files, err := pack.Scan([]string{folder(t, content)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	put(t, files[0].Source, "longer than before")
	if _, err := whole(t, pack.Plan(name, files, nil)); err == nil || !strings.Contains(err.Error(), "a moment ago") {
		t.Errorf("a file that changed: %v", err)
	}
}

// whole completes a plan with what the files really are.
func whole(t *testing.T, plan *artifacts.Plan) (*artifacts.Plan, error) {
	t.Helper()
	var found []artifacts.Found
	for _, p := range plan.Pending {
		data, err := os.ReadFile(p.Path)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, artifacts.Found{Digest: digest.FromBytes(data), Size: int64(len(data))})
	}
	return plan.Complete(found)
}
