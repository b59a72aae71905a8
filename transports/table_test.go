package transports_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports"
)

// recorder is a transport that notes what it is asked for.
type recorder struct{ asked []string }

func (r *recorder) Resolve(_ context.Context, input string) (*artifacts.Plan, error) {
	r.asked = append(r.asked, input)
	return &artifacts.Plan{MediaType: input}, nil
}

func newTable(t testing.TB) *transports.Table {
	t.Helper()
	table, err := transports.NewTable(
		transports.Transport{Name: "registry", Schemes: []string{"docker", "oci"}, Bare: true, Resolver: &recorder{}},
		transports.Transport{Name: "layout", Prefixes: []string{"oci", "oci-archive", "dir"}, Resolver: &recorder{}},
		transports.Transport{Name: "file", Schemes: []string{"file"}, Paths: true, Resolver: &recorder{}},
		transports.Transport{Name: "hub", Schemes: []string{"hub"}, Hosts: []string{"hub.example", "www.hub.example"}, Resolver: &recorder{}},
		transports.Transport{Name: "url", Schemes: []string{"https"}, WholeURL: true, Resolver: &recorder{}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestParse(t *testing.T) {
	table := newTable(t)
	for _, c := range []struct{ input, transport, scheme, argument string }{
		{"quay.io/org/m:tag", "registry", "", "quay.io/org/m:tag"},
		{"localhost:5000/ns/m", "registry", "", "localhost:5000/ns/m"},
		{"m@sha256:" + strings.Repeat("a", 64), "registry", "", "m@sha256:" + strings.Repeat("a", 64)},
		{"docker://quay.io/org/m", "registry", "docker", "quay.io/org/m"},
		{"DOCKER://quay.io/org/m", "registry", "docker", "quay.io/org/m"},
		{"oci://quay.io/org/m", "registry", "oci", "quay.io/org/m"},
		{"hub://Org/Repo:Q4_K_M", "hub", "hub", "Org/Repo:Q4_K_M"},
		{"https://example.com/a?b=c", "url", "https", "https://example.com/a?b=c"},
		{"https://hub.example/Org/Repo?a=b", "hub", "https", "hub.example/Org/Repo?a=b"},
		{"HTTP://WWW.Hub.example/Org/Repo", "hub", "http", "WWW.Hub.example/Org/Repo"},
		{"hub.example/Org/Repo:Q4_K_M", "hub", "", "hub.example/Org/Repo:Q4_K_M"},
		{"hub://hub.example/Org", "hub", "hub", "hub.example/Org"},
		{"docker://hub.example/org/m", "registry", "docker", "hub.example/org/m"},
		{"https://hub.example:8443/m", "url", "https", "https://hub.example:8443/m"},
		{"https://hub.example.evil/m", "url", "https", "https://hub.example.evil/m"},
		{"hub.example.evil/m", "registry", "", "hub.example.evil/m"},
		{"oci:./models:m", "layout", "oci", "./models:m"},
		{"OCI-archive:/m.tar", "layout", "oci-archive", "/m.tar"},
		{"dir:my models", "layout", "dir", "my models"},
		{"./x", "file", "", "./x"},
		{"/x/y z.gguf", "file", "", "/x/y z.gguf"},
		{"..", "file", "", ".."},
		{"file:///x/m.gguf", "file", "file", "/x/m.gguf"},
		{"file:///x/m n.gguf", "file", "file", "/x/m n.gguf"},
		{"x.gguf", "registry", "", "x.gguf"}, // whether there is such a file or not
		{"smollm:135m", "registry", "", "smollm:135m"},
		{"a/b://c", "registry", "", "a/b://c"}, // no scheme has a slash: the registry will refuse it
	} {
		ref, err := table.Parse(c.input)
		if err != nil {
			t.Errorf("%q: %v", c.input, err)
			continue
		}
		if ref.Transport.Name != c.transport || ref.Scheme != c.scheme || ref.Argument != c.argument {
			t.Errorf("%q: %s, %q, %q", c.input, ref.Transport.Name, ref.Scheme, ref.Argument)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	table := newTable(t)
	for _, c := range []struct{ input, says string }{
		{"", "empty"},
		{"foo://x", `unknown scheme "foo": known are docker://, file://, https://, hub://, oci://, dir:PATH, oci:PATH, oci-archive:PATH, paths, names without a scheme`},
		{"docker://", "nothing follows docker://"},
		{"oci:", `no path follows "oci:"`},
		{"~/x", "none of this system"},
		{`C:\m.gguf`, "none of this system"},
		{"./a\nb", "U+000A"},
		{"a b", "U+0020"},
		{"a\x1b[31m", "U+001B"},
		{"a\xff", "UTF-8"},
		{strings.Repeat("a", 8193), "longer"},
	} {
		_, err := table.Parse(c.input)
		if !errors.Is(err, artifacts.ErrInvalidName) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v", c.input, err)
		}
	}
}

func TestSecretsOfURLs(t *testing.T) {
	if _, err := newTable(t).Parse("https://me:secret@h/m.gguf?token=secret\n"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

func TestTableWithoutBareNames(t *testing.T) {
	table, err := transports.NewTable(transports.Transport{Name: "hub", Schemes: []string{"hub"}, Resolver: &recorder{}})
	if err != nil {
		t.Fatal(err)
	}
	for typed, says := range map[string]string{"org/m": "no scheme", "./x": "files are not an origin"} {
		if _, err := table.Parse(typed); !errors.Is(err, artifacts.ErrInvalidName) || !strings.Contains(err.Error(), says) {
			t.Error(err)
		}
	}
}

func TestNewTableRefuses(t *testing.T) {
	r := &recorder{}
	for name, rows := range map[string][]transports.Transport{
		"scheme twice":   {{Name: "a", Schemes: []string{"x"}, Resolver: r}, {Name: "b", Schemes: []string{"x"}, Resolver: r}},
		"bare twice":     {{Name: "a", Bare: true, Resolver: r}, {Name: "b", Bare: true, Resolver: r}},
		"host twice":     {{Name: "a", Hosts: []string{"x"}, Resolver: r}, {Name: "b", Hosts: []string{"x"}, Resolver: r}},
		"upper host":     {{Name: "a", Hosts: []string{"X"}, Resolver: r}},
		"host with path": {{Name: "a", Hosts: []string{"x/y"}, Resolver: r}},
		"empty host":     {{Name: "a", Hosts: []string{""}, Resolver: r}},
		"paths twice":    {{Name: "a", Paths: true, Resolver: r}, {Name: "b", Paths: true, Resolver: r}},
		"prefix twice":   {{Name: "a", Prefixes: []string{"x"}, Resolver: r}, {Name: "b", Prefixes: []string{"x"}, Resolver: r}},
		"upper case":     {{Name: "a", Schemes: []string{"X"}, Resolver: r}},
		"not a scheme":   {{Name: "a", Schemes: []string{"x:"}, Resolver: r}},
		"empty scheme":   {{Name: "a", Schemes: []string{""}, Resolver: r}},
		"no resolver":    {{Name: "a", Schemes: []string{"x"}}},
		"without a name": {{Schemes: []string{"x"}, Resolver: r}},
	} {
		if _, err := transports.NewTable(rows...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestResolve(t *testing.T) {
	table := newTable(t)
	plan, err := table.Resolve(t.Context(), "hub://Org/Repo")
	if err != nil || plan.MediaType != "Org/Repo" {
		t.Errorf("%v, %v", plan, err)
	}
	if _, err := table.Resolve(t.Context(), "foo://x"); !errors.Is(err, artifacts.ErrInvalidName) {
		t.Error(err)
	}
}

// speller is a recorder that spells names its own way.
type speller struct{ recorder }

func (s *speller) Names(input string) (*transports.Names, error) {
	return &transports.Names{Queries: []string{"hub.example/" + strings.ToLower(input)}}, nil
}

func TestNames(t *testing.T) {
	table, err := transports.NewTable(
		transports.Transport{Name: "registry", Schemes: []string{"docker"}, Bare: true, Resolver: &recorder{}},
		transports.Transport{Name: "hub", Schemes: []string{"hub"}, Resolver: &speller{}},
	)
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]string{
		"docker://quay.io/a/b": "quay.io/a/b", "quay.io/a/b:1": "quay.io/a/b:1", "3f9": "3f9", "hub://Org/Repo": "hub.example/org/repo",
	} {
		if got, err := table.Names(typed); err != nil || len(got.Queries) != 1 || got.Queries[0] != want {
			t.Errorf("%s: %+v, %v", typed, got, err)
		}
	}
	if _, err := table.Names("./x"); !errors.Is(err, artifacts.ErrInvalidName) {
		t.Error(err)
	}
}

func TestBelow(t *testing.T) {
	r := &recorder{}
	plan, err := transports.Below("rlcr.io/ramalama", r).Resolve(t.Context(), "smollm:135m")
	if err != nil || plan.MediaType != "rlcr.io/ramalama/smollm:135m" {
		t.Errorf("%v, %v", plan, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"quay.io/a/b:c", "docker://a", "https://h/p?q#f", "./x", "foo://x", "a://b://c", "://", "é://x", "", "oci:a b", "oci://a", "dir:", "file:a b", "file:///a b", "./a b", "~a", "x.gguf"} {
		f.Add(seed)
	}
	table := newTable(f)
	f.Fuzz(func(t *testing.T, input string) {
		ref, err := table.Parse(input)
		if err != nil {
			if !errors.Is(err, artifacts.ErrInvalidName) {
				t.Errorf("%q: %v", input, err)
			}
			return
		}
		if ref.Transport == nil || ref.Argument == "" {
			t.Fatalf("%q: %+v", input, ref)
		}
		if again, err := table.Parse(ref.String()); err != nil || again != ref {
			t.Errorf("%q: %q parses to %+v, %v", input, ref, again, err)
		}
	})
}
