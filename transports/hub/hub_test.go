package hub_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/hub"
	"github.com/paddock-dev/paddock/transports/source"
)

func TestLicenses(t *testing.T) {
	for _, c := range []struct {
		in   []string
		name string
		want []string
	}{
		{nil, "", nil},
		{[]string{"MIT"}, "", []string{"MIT"}},
		{[]string{"apache-2.0", "cc-by-4.0"}, "", []string{"Apache-2.0", "CC-BY-4.0"}},
		{[]string{"Apache License 2.0"}, "", []string{"Apache-2.0"}},
		{[]string{"other"}, "qwen research!", []string{"LicenseRef-qwen-research"}},
		{[]string{"other"}, "", []string{"LicenseRef-other"}},
		{[]string{"llama3.1"}, "", []string{"LicenseRef-llama3.1"}},
		{[]string{"unknown", " ", "?"}, "", nil},
	} {
		if got := hub.Licenses(c.in, c.name); !slices.Equal(got, c.want) {
			t.Errorf("%q, %q: %q", c.in, c.name, got)
		}
	}
}

// fixed is an Origin of one revision.
type fixed struct {
	base  *url.URL
	found hub.Found
}

func (f *fixed) Look(context.Context, string, string) (*hub.Found, error) {
	found := f.found
	return &found, nil
}
func (f *fixed) URL(_ *hub.Found, path string) *url.URL { return f.base.JoinPath(path) }

func resolve(t *testing.T, handler http.HandlerFunc, entries ...hub.Entry) (*artifacts.Plan, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	policy := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(policy, []byte(`{"default":[{"type":"insecureAcceptAnything"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &hub.Resolver{
		Common: hub.Common{System: &types.SystemContext{SignaturePolicyPath: policy}},
		Title:  "Site", Scheme: "site", Hosts: []string{"site.example"}, Branch: "main",
		Web: source.NewWeb(base, &source.WebOptions{Explain: source.NewStatusError}), Origin: &fixed{base, hub.Found{Repository: "o/r", Commit: "c", Entries: entries}},
	}
	return r.Resolve(t.Context(), "o/r")
}

// What a site says of its files is not believed where it can be checked, and bounded where it cannot.
func TestOddFiles(t *testing.T) {
	sum := digest.FromString("x")
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
	}
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		entry   hub.Entry
		kind    error
		says    string
	}{
		{"too large to read", text(""), hub.Entry{Path: "a.json", Size: 1 << 30}, nil, "too many to read"},
		{"longer than listed", text("four"), hub.Entry{Path: "a.json", Size: 3}, artifacts.ErrVerification, "more than 3 bytes"},
		{"shorter than listed", text("xx"), hub.Entry{Path: "a.json", Size: 3}, artifacts.ErrVerification, "2 bytes instead of 3"},
		{"backslash", text(""), hub.Entry{Path: `x\a.json`, Size: 1, SHA256: sum}, nil, "backslash"},
		{"absolute", text(""), hub.Entry{Path: "/a.json", Size: 1, SHA256: sum}, nil, "absolute"},
		{"a folder, too", text(""), hub.Entry{Path: "m.safetensors/a.json", Size: 1, SHA256: sum}, nil, "cannot both be files"},
	} {
		plan, err := resolve(t, c.handler, hub.Entry{Path: "m.safetensors", Size: 1, SHA256: sum}, c.entry)
		if err == nil || !strings.Contains(err.Error(), c.says) || c.kind != nil && !errors.Is(err, c.kind) {
			t.Errorf("%s: %+v, %v", c.name, plan, err)
		}
	}
	if plan, err := resolve(t, text("abc"), hub.Entry{Path: "m.safetensors", Size: 1, SHA256: sum}, hub.Entry{Path: "a.json", Size: 3}); err != nil || len(plan.Blobs) != 3 {
		t.Errorf("%+v, %v", plan, err)
	}
}

// A site that is asked by TLS cannot lead to where there is none.
func TestNoDowngrade(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	site := httptest.NewTLSServer(http.RedirectHandler(plain.URL+"/x?Signature=s", http.StatusFound))
	t.Cleanup(site.Close)
	base, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := source.NewWeb(base, &source.WebOptions{Trust: &source.Trust{Insecure: true}})
	if _, _, err := s.Get(t.Context(), base, nil, 10); err == nil || !strings.Contains(err.Error(), "not encrypted") || strings.Contains(err.Error(), "Signature") {
		t.Error(err)
	}
}
