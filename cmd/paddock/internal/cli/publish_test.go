package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.podman.io/image/v5/signature/sigstore"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/podmanstore"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
	"github.com/paddock-dev/paddock/tests/fixtures"
	"github.com/paddock-dev/paddock/transports/registry"
)

// publisher is a world with a real store on disk, and a fake registry that takes uploads.
type publisher struct {
	*world
	dir   string // with the files of a model
	at    *fake.Registry
	store *podmanstore.Store
}

func newPublisher(t *testing.T, o *fake.Options) *publisher {
	t.Helper()
	o.Writable = true
	p := &publisher{world: newWorld(t), dir: filepath.Join(t.TempDir(), "tiny"), at: fake.New(t, o)}
	home := t.TempDir()
	p.env.Home = func() (string, error) { return home, nil }
	p.env.Services.Store = func(context.Context, *Env) (artifacts.Store, error) { return p.store, nil }
	p.newStore(t)
	conf := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(conf, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	options := registry.Options{
		RegistriesConf:    write("registries.conf", "[[registry]]\nlocation = \""+p.at.Host()+"\"\ninsecure = true\n"),
		RegistriesConfDir: conf + "/none", ShortNameAliases: conf + "/aliases.conf", RegistriesDir: conf + "/none",
		Policy: write("policy.json", `{"default":[{"type":"insecureAcceptAnything"}]}`), PerHostCertDir: conf + "/none",
	}
	auth := write("auth.json", "{}")
	p.env.Services.Registry = func(_ *Env, o *originOptions) (*registry.Resolver, error) {
		options.AuthFile = auth
		if o.authFile != "" {
			options.AuthFile = o.authFile
		}
		options.Say = o.say
		options.Username, options.Password, _ = strings.Cut(o.creds, ":")
		return registry.New(&options)
	}
	p.env.Services.Resolver = newResolver
	data, err := fixtures.GGUF(&fixtures.Options{Embd: 32})
	if err != nil {
		t.Fatal(err)
	}
	p.file(t, "model.gguf", string(data))
	p.file(t, "sub/README.md", "# tiny\n")
	return p
}

// newStore is another machine's store.
func (p *publisher) newStore(t *testing.T) {
	t.Helper()
	store, err := podmanstore.Open(&podmanstore.Options{GraphRoot: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	p.store = store
}

func (p *publisher) file(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (p *publisher) digest(t *testing.T, out string) string {
	t.Helper()
	_, digest, ok := strings.Cut(strings.TrimSpace(out), " ")
	if !ok || !strings.HasPrefix(digest, "sha256:") {
		t.Fatalf("no digest in %q", out)
	}
	return digest
}

// TestPublish: pack, push, another store's pull, push elsewhere: one digest.
func TestPublish(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	packed := p.must(t, "pack", p.dir)
	if !strings.HasPrefix(packed, "localhost/tiny:latest sha256:") {
		t.Errorf("got %q", packed)
	}
	want := p.digest(t, packed)
	file := filepath.Join(t.TempDir(), "digest")
	first, second := p.at.Host()+"/org/tiny:1", p.at.Host()+"/other/tiny:2"
	if got := p.must(t, "push", "--digestfile", file, "localhost/tiny", first); got != first+" "+want+"\n" {
		t.Errorf("got %q, want %s", got, want)
	}
	if written, err := os.ReadFile(file); err != nil || string(written) != want {
		t.Errorf("the file has %q, %v", written, err)
	}
	p.newStore(t)
	if got := p.digest(t, p.must(t, "pull", first)); got != want {
		t.Errorf("pulled %s", got)
	}
	p.at.Forget()
	if got := p.digest(t, p.must(t, "push", first, "docker://"+second)); got != want {
		t.Errorf("pushed %s", got)
	}
	// The config is in no list of files, so the store does not know it elsewhere.
	if taken := p.at.BytesTaken(); taken > 2000 {
		t.Errorf("%d bytes were sent, though the registry could take the blobs from its other repository", taken)
	}
	p.at.Forget()
	if p.must(t, "push", first); p.at.Count(fake.Upload) != 0 {
		t.Error("what is there already was uploaded")
	}
	if got := p.digest(t, p.must(t, "pull", second)); got != want {
		t.Errorf("pulled %s from elsewhere", got)
	}
}

func TestPackFlags(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	manifest := p.must(t, "pack", "--dry-run", "-t", "m:1", "--license", "MIT", "--license", "Apache-2.0", "--author", "A", "--source", "https://x",
		"--revision", "abc", "--annotation", "a=b=c", p.dir)
	for _, want := range []string{
		`"org.opencontainers.image.licenses":"MIT AND Apache-2.0"`, `"org.opencontainers.image.source":"https://x"`,
		`"org.opencontainers.image.revision":"abc"`, `"org.opencontainers.image.authors":"A"`, `"a":"b=c"`,
		`"org.cncf.model.filepath":"sub/README.md"`,
	} {
		if !strings.Contains(manifest, want) {
			t.Errorf("no %s in %s", want, manifest)
		}
	}
	if models, err := p.store.List(t.Context()); err != nil || len(models) != 0 {
		t.Errorf("a dry run stored %v, %v", models, err)
	}
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitUsage, "got none", []string{"pack"}},
		{exitUsage, "KEY=VALUE", []string{"pack", "--annotation", "x", p.dir}},
		{exitUsage, "invalid name", []string{"pack", "-t", "UPPER", p.dir}},
		{exitUsage, "computed, not chosen", []string{"pack", "-t", "quay.io/m@sha256:" + strings.Repeat("a", 64), p.dir}},
		{exitNotFound, "/none: not found", []string{"pack", p.dir + "/none"}},
	} {
		if code, _, err := p.run(t, c.args...); code != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %d, %v", c.args, code, err)
		}
	}
}

func TestPushErrors(t *testing.T) {
	p := newPublisher(t, &fake.Options{Username: "ann", Password: "secret"})
	p.must(t, "pack", "-t", "m", p.dir)
	dest := p.at.Host() + "/org/m:1"
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitAuthentication, "authentication failed", []string{"push", "localhost/m", dest}},
		{exitAuthentication, "authentication failed", []string{"push", "--creds", "ann:wrong", "localhost/m", dest}},
		{exitNotFound, "not found", []string{"push", "localhost/other", dest}},
		{exitUsage, "invalid name", []string{"push", "localhost/m", "org/m"}},
		{exitUsage, "names no registry", []string{"push", "m"}},
		{exitUsage, "takes NAME [DEST]", []string{"push"}},
		{exitUsage, "takes NAME [DEST]", []string{"push", "a", "b", "c"}},
		{exitUsage, "cannot be used together", []string{"push", "--sign-by-sigstore", "a", "--sign-by-sigstore-private-key", "b", "localhost/m", dest}},
		{exitUsage, "goes with a flag", []string{"push", "--sign-passphrase-file", "a", "localhost/m", dest}},
		{exitError, "reading --sign-by-sigstore-private-key", []string{"push", "--sign-by-sigstore-private-key", "/none", "localhost/m", dest}},
	} {
		code, _, err := p.run(t, c.args...)
		if code != c.code || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: %d, %v", c.args, code, err)
		}
	}
	p.must(t, "push", "--creds", "ann:secret", "localhost/m", dest)
}

// TestSignFails: what cannot be signed is not published under the name, by push and by copy.
func TestSignFails(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	src, dest := p.at.Host()+"/org/m:1", p.at.Host()+"/org/m:signed"
	p.must(t, "pack", "-t", "m", p.dir)
	p.must(t, "push", "localhost/m", src)
	pair, err := sigstore.GenerateKeyPair([]byte("right"))
	if err != nil {
		t.Fatal(err)
	}
	p.file(t, "key", string(pair.PrivateKey))
	p.file(t, "wrong", "wrong\n")
	for _, what := range [][]string{{"push", "localhost/m"}, {"copy", src}} {
		for _, how := range [][]string{
			{"--sign-by-sigstore-private-key", p.dir + "/key", "--sign-passphrase-file", p.dir + "/wrong"}, {"--sign-by", "nobody@x.example"},
		} {
			args := append(append(slices.Clone(what), dest), how...)
			if code, out, err := p.run(t, args...); code != exitError || out != "" || !strings.Contains(err.Error(), "signing "+dest) {
				t.Errorf("%v: exit %d, %q, %v", args, code, out, err)
			}
			if code, _, err := p.run(t, "inspect", "--remote", dest); code != exitNotFound {
				t.Errorf("%v: it is published: %v", args, err)
			}
		}
	}
}

// TestPushDamaged: what is damaged in the store is noticed, and the registry gets no name for it.
func TestPushDamaged(t *testing.T) {
	for what, damage := range map[string]func(path string) error{
		"other bytes": func(path string) error {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			data[len(data)-1] ^= 1
			return errors.Join(os.Remove(path), os.WriteFile(path, data, 0o644))
		},
		"cut":     func(path string) error { return os.Truncate(path, 10) },
		"missing": os.Remove,
	} {
		p := newPublisher(t, &fake.Options{})
		p.must(t, "pack", "-t", "m", p.dir)
		m, err := p.store.Find(t.Context(), "localhost/m:latest")
		if err != nil {
			t.Fatal(err)
		}
		path, err := p.store.Locate(m, m.Packaging.First("weights"))
		if err != nil {
			t.Fatal(err)
		}
		if err := damage(path); err != nil {
			t.Fatal(err)
		}
		want := exitRefused
		if what == "missing" {
			want = exitNotFound
		}
		dest := p.at.Host() + "/org/m:1"
		if code, out, err := p.run(t, "push", "localhost/m", dest); code != want || out != "" {
			t.Errorf("%s: %d, %q, %v", what, code, out, err)
		}
		if code, _, err := p.run(t, "pull", dest); code != exitNotFound {
			t.Errorf("%s: the registry has it: %v", what, err)
		}
	}
}

// TestOwnNames: what pack was given as a name finds the model afterwards, unless something else has that very name.
func TestOwnNames(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	digest := p.digest(t, p.must(t, "pack", "-t", "foo", p.dir))
	for _, typed := range []string{"foo", "foo:latest", "localhost/foo", digest[:len("sha256:")+12]} {
		if out := p.must(t, "inspect", "--format", "{{.Digest}}", typed); strings.TrimSpace(out) != digest {
			t.Errorf("inspect %s: %s", typed, out)
		}
		p.must(t, "ensure", typed)
	}
	p.must(t, "push", "-q", "foo", p.at.Host()+"/org/foo:1")
	for _, typed := range []string{"foo:2", "other", "a/foo"} {
		if code, _, err := p.run(t, "inspect", typed); code != 3 || !strings.Contains(err.Error(), typed) || strings.Contains(err.Error(), "localhost") {
			t.Errorf("inspect %s: exit %d, %v", typed, code, err)
		}
	}
	p.must(t, "rm", "foo")
	if code, _, _ := p.run(t, "inspect", "localhost/foo"); code != 3 {
		t.Errorf("after rm foo: exit %d", code)
	}
}
