package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/tests/fakes/cdn"
	fake "github.com/paddock-dev/paddock/tests/fakes/hf"
	"github.com/paddock-dev/paddock/tests/fakes/modelscope"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// hubWorld is a world whose origins are the real ones, pointed at fakes.
func hubWorld(t *testing.T, vars map[string]string) *world {
	t.Helper()
	w := newWorld(t)
	policy := filepath.Join(w.env.Root, "etc/containers/policy.json")
	if err := os.MkdirAll(filepath.Dir(policy), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(policy, []byte(`{"default":[{"type":"insecureAcceptAnything"}]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	inner := w.env.Getenv
	w.env.Getenv = func(name string) string {
		if v, ok := vars[name]; ok {
			return v
		}
		return inner(name)
	}
	w.env.Services.Resolver, w.env.Services.Registry = newResolver, newRegistry
	return w
}

func ggufFile(t *testing.T) fake.File {
	t.Helper()
	data, err := fixtures.GGUF(&fixtures.Options{Embd: 32})
	if err != nil {
		t.Fatal(err)
	}
	return fake.File{Data: data, LFS: true}
}

// TestHubNames: a model is found by everything that it can be pulled by.
func TestHubNames(t *testing.T) {
	h := fake.New(t, nil)
	h.Put(&fake.Repo{ID: "Org/M"}, map[string]fake.File{"m-Q4_K_M.gguf": ggufFile(t), "m-Q8_0.gguf": ggufFile(t)})
	w := hubWorld(t, map[string]string{"HF_ENDPOINT": h.URL()})
	out := w.must(t, "pull", "hf://Org/M")
	if !strings.HasPrefix(out, "hf.co/org/m:Q4_K_M sha256:") || !strings.Contains(w.err.String(), "taking Q4_K_M by default") {
		t.Errorf("%q, %q", out, w.err)
	}
	h.Forget()
	for _, typed := range []string{
		"hf://Org/M", "hf://org/m:q4_k_m", "huggingface://Org/M:latest", "hf.co/Org/M:Q4_K_M", "hf.co/org/m:Q4_K_M", "https://huggingface.co/Org/M",
	} {
		if out := w.must(t, "inspect", typed); !strings.Contains(out, `"name": "hf.co/org/m:Q4_K_M"`) {
			t.Errorf("inspect %s: %s", typed, out)
		}
		if out := w.must(t, "serve", "--dry-run", typed); !strings.Contains(out, "hf.co/org/m:Q4_K_M") {
			t.Errorf("serve %s: %s", typed, out)
		}
		w.must(t, "ensure", typed)
	}
	if asked := h.Requests(); len(asked) != 0 {
		t.Errorf("what is in the store is asked for: %q", asked)
	}
	for _, other := range []string{"hf://Org/M:Q8_0", "hf://Org/M@v1", "hf://Org/N"} {
		if code, _, err := w.run(t, "inspect", other); code != exitNotFound {
			t.Errorf("inspect %s: exit %d, %v", other, code, err)
		}
	}
	if code, _, err := w.run(t, "rm", "hf://Org/M:Q8_0"); code != exitNotFound {
		t.Error(err)
	}
	if out := w.must(t, "rm", "hf://Org/M"); !strings.HasPrefix(out, "hf.co/org/m:") {
		t.Errorf("rm printed %q", out)
	}
	w.must(t, "pull", "hf://Org/M:Q8_0")
	w.must(t, "inspect", "hf://Org/M") // the only one
	w.must(t, "pull", "https://huggingface.co/Org/M/blob/main/m-Q4_K_M.gguf")
	if code, _, err := w.run(t, "inspect", "hf://Org/M"); code != exitError || !strings.Contains(err.Error(), "ambiguous: hf.co/org/m:Q8_0, hf.co/org/m:m-Q4_K_M.gguf") {
		t.Errorf("exit %d, %v", code, err)
	}
	w.must(t, "rm", "hf://Org/M/m-Q4_K_M.gguf", "hf.co/org/m:Q8_0")
	if names := w.names(t); len(names) != 0 {
		t.Errorf("left: %q", names)
	}
}

// TestHubCollision: a name that two origins have is the first one's, until that is gone.
func TestHubCollision(t *testing.T) {
	h := fake.New(t, nil)
	h.Put(&fake.Repo{ID: "Org/a-b"}, map[string]fake.File{"m-Q8_0.gguf": ggufFile(t)})
	h.Put(&fake.Repo{ID: "Org/a._b"}, map[string]fake.File{"m-Q8_0.gguf": ggufFile(t)})
	w := hubWorld(t, map[string]string{"HF_ENDPOINT": h.URL()})
	w.must(t, "pull", "hf://Org/a-b:Q8_0")
	code, _, err := w.run(t, "pull", "hf://Org/a._b:Q8_0")
	if code != exitError || !strings.Contains(err.Error(), "made from hf://Org/a-b:Q8_0, not from hf://Org/a._b:Q8_0") ||
		!slices.Equal(Hints(err), []string{"paddock rm hf.co/org/a-b:Q8_0 first, or keep the new one under another name: paddock pull -t NAME"}) {
		t.Errorf("exit %d, %v, %q", code, err, Hints(err))
	}
	if code, _, err := w.run(t, "inspect", "hf://Org/a._b:Q8_0"); code != exitError || !errors.Is(err, artifacts.ErrNameTaken) {
		t.Errorf("exit %d, %v", code, err)
	}
	w.must(t, "pull", "-t", "localhost/other:1", "hf://Org/a._b:Q8_0")
	w.must(t, "pull", "hf://Org/a-b:Q8_0")
	if names := w.names(t); !slices.Equal(names, []string{"hf.co/org/a-b:Q8_0", "localhost/other:1"}) {
		t.Errorf("%q", names)
	}
	if code, _, err := w.run(t, "pull", "-t", "X", "hf://Org/a-b"); code != exitUsage {
		t.Errorf("exit %d, %v", code, err)
	}
	if out := w.must(t, "pull", "-t", "x", "hf://Org/a-b"); !strings.HasPrefix(out, "localhost/x:latest ") {
		t.Errorf("a name without a registry is kept as %s", out)
	}
}

// TestHubErrors: every error that only a hub has (see TestOriginErrors) has its message, its hint and its exit code, and leaves
// nothing behind.
func TestHubErrors(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		vars map[string]string
		hub  fake.Fault
		cdn  *cdn.Fault
		code int
		says string
		hint string // "" for none
	}{
		"missing": {args: []string{"hf://Org/None"}, code: exitNotFound, says: "Hugging Face has no repository Org/None", hint: "if it is private, set HF_TOKEN"},
		"missing, with token": {args: []string{"hf://Org/None"}, vars: map[string]string{"HF_TOKEN": "hf_good"}, code: exitNotFound,
			says: "no repository Org/None", hint: "the account of the token in HF_TOKEN"},
		"no revision": {args: []string{"hf://Org/M@v9"}, code: exitNotFound, says: "no such revision of Org/M"},
		"no quantisation": {args: []string{"hf://Org/M:Q4_K_S"}, code: exitNotFound, says: "no quantisation Q4_K_S: there are Q4_K_M, Q8_0",
			hint: `did you mean "Q4_K_M"?`},
		"no file": {args: []string{"hf://Org/M/m-Q8_1.gguf"}, code: exitNotFound, says: `no file or folder "m-Q8_1.gguf"`, hint: `did you mean "m-Q8_0.gguf"?`},
		"gated": {args: []string{"hf://Org/G"}, code: exitAuthentication, says: "Org/G is gated",
			hint: "ask for access at https://huggingface.co/Org/G, then set HF_TOKEN to a token of that account"},
		"gated, with token": {args: []string{"hf://Org/R"}, vars: map[string]string{"HF_TOKEN": "hf_good"}, code: exitAuthentication, says: "403",
			hint: "ask for access at https://huggingface.co/Org/R with the account of the token in HF_TOKEN"},
		"401": {args: []string{"hf://Org/M"}, vars: map[string]string{"HF_TOKEN": "hf_bad"}, code: exitAuthentication, says: "the token is not valid",
			hint: "make a new token"},
		"git hash":       {args: []string{"hf://Org/T"}, hub: fake.Fault{Prefix: "/Org/T/resolve", Spoil: true}, code: exitRefused, says: "git hash"},
		"403 of the CDN": {args: []string{"hf://Org/M"}, cdn: &cdn.Fault{Status: 403}, code: exitError, says: "403 Forbidden"},
		"offline":        {args: []string{"hf://Org/M"}, vars: map[string]string{"HF_HUB_OFFLINE": "1"}, code: exitError, says: "HF_HUB_OFFLINE", hint: "unset HF_HUB_OFFLINE"},
		"endpoint":       {args: []string{"hf://Org/M"}, vars: map[string]string{"HF_ENDPOINT": "ftp://x"}, code: exitError, says: "reading HF_ENDPOINT"},
		"reference":      {args: []string{"hf://Org/M:"}, code: exitUsage, says: "quantisation"},
		"data set":       {args: []string{"hf://datasets/Org/M"}, code: exitUsage, says: "datasets"},
		"both":           {args: []string{"--include", "*.json", "hf://Org/M:Q8_0"}, code: exitUsage, says: "takes the place"},
		"glob":           {args: []string{"--include", "[", "hf://Org/M"}, code: exitUsage, says: "glob"},
		"included":       {args: []string{"--include", "*.json", "hf://Org/M"}, code: exitNotFound, says: "no file matches *.json"},
		"two models":     {args: []string{"hf://Org/Two"}, code: exitError, says: "several models", hint: "ORG/REPO/a-Q8_0.gguf"},
	} {
		h := fake.New(t, &fake.Options{Token: "hf_good", BadToken: true})
		files := map[string]fake.File{"m-Q4_K_M.gguf": ggufFile(t), "m-Q8_0.gguf": ggufFile(t)}
		h.Put(&fake.Repo{ID: "Org/M"}, files)
		h.Put(&fake.Repo{ID: "Org/G", Gated: true}, files)
		h.Put(&fake.Repo{ID: "Org/R", Gated: true, Refused: true}, files)
		h.Put(&fake.Repo{ID: "Org/Two"}, map[string]fake.File{"a-Q8_0.gguf": ggufFile(t), "b-Q8_0.gguf": ggufFile(t)})
		h.Put(&fake.Repo{ID: "Org/T"}, map[string]fake.File{"model.safetensors": ggufFile(t), "config.json": {Data: []byte("{}")}})
		if c.hub != (fake.Fault{}) {
			h.Break(c.hub)
		}
		h.CDN.Break(c.cdn)
		vars := map[string]string{"HF_ENDPOINT": h.URL()}
		for k, v := range c.vars {
			vars[k] = v
		}
		w := hubWorld(t, vars)
		code, out, err := w.run(t, append([]string{"pull"}, c.args...)...)
		hints := strings.Join(Hints(err), "\n")
		none := c.hint == "" && code != exitUsage // wrong usage always has one
		if code != c.code || err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(hints, c.hint) || none && hints != "" {
			t.Errorf("%s: exit %d, %v, hints %q", name, code, err, hints)
		}
		if out != "" || len(w.names(t)) != 0 {
			t.Errorf("%s: printed %q, left %q", name, out, w.names(t))
		}
	}
}

func TestModelScope(t *testing.T) {
	s := modelscope.New(t, nil)
	s.Put(&modelscope.Repo{ID: "Org/M", Commit: strings.Repeat("1", 40), Files: map[string][]byte{"m-Q4_K_M.gguf": ggufFile(t).Data}})
	w := hubWorld(t, map[string]string{"MODELSCOPE_DOMAIN": s.URL()})
	for _, typed := range []string{"ms://Org/M", "modelscope://Org/M:Q4_K_M", "https://modelscope.cn/models/Org/M"} {
		if out := w.must(t, "pull", typed); !strings.HasPrefix(out, "modelscope.cn/org/m:Q4_K_M sha256:") {
			t.Errorf("%s: %s", typed, out)
		}
		w.must(t, "inspect", typed)
	}
	code, _, err := w.run(t, "pull", "ms://Org/None")
	if code != exitNotFound || !strings.Contains(strings.Join(Hints(err), ""), "MODELSCOPE_API_TOKEN") {
		t.Errorf("exit %d, %v, %q", code, err, Hints(err))
	}
}

// TestRepairFromHub: what is damaged comes from the commit that the manifest names, wherever the branch is by now.
func TestRepairFromHub(t *testing.T) {
	h := fake.New(t, nil)
	h.Put(&fake.Repo{ID: "Org/M"}, map[string]fake.File{"m-Q4_K_M.gguf": ggufFile(t)})
	w := hubWorld(t, map[string]string{"HF_ENDPOINT": h.URL()})
	fields := strings.Fields(w.must(t, "pull", "hf://Org/M"))
	other := ggufFile(t)
	other.Data = append(other.Data, 0)
	h.Commit("Org/M", "main", map[string]fake.File{"m-Q4_K_M.gguf": other})
	model, err := w.store.Find(context.Background(), fields[0])
	if err != nil {
		t.Fatal(err)
	}
	resolver, err := w.env.forRun().Resolver(&originOptions{store: w.store})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := resolver.Resolve(t.Context(), "hf.co/org/m@"+fields[1])
	if err != nil || plan.Digest != model.Digest {
		t.Fatalf("%+v, %v", plan, err)
	}
	var kept artifacts.Name
	if kept, err = artifacts.ParseName(fields[0]); err != nil {
		t.Fatal(err)
	}
	plan.Name = kept
	if _, err := w.store.Land(t.Context(), plan, nil); err != nil {
		t.Error(err)
	}
}

// TestHubTags: what tags lists of a repository of files can be pulled, as it was typed; what has no list says so.
func TestHubTags(t *testing.T) {
	h, s := fake.New(t, nil), modelscope.New(t, nil)
	files := map[string]fake.File{"m-Q4_K_M.gguf": ggufFile(t), "m-Q8_0.gguf": ggufFile(t)}
	h.Put(&fake.Repo{ID: "Org/M"}, files)
	h.Commit("Org/M", "old", map[string]fake.File{"m-Q8_0.gguf": ggufFile(t)})
	s.Put(&modelscope.Repo{ID: "Org/M", Commit: strings.Repeat("ab", 20), Files: map[string][]byte{"m-Q8_0.gguf": files["m-Q8_0.gguf"].Data}})
	w := hubWorld(t, map[string]string{"HF_ENDPOINT": h.URL(), "MODELSCOPE_DOMAIN": s.URL()})
	for typed, want := range map[string]string{
		"hf://Org/M":                   "hf://Org/M:Q4_K_M hf://Org/M:Q8_0",
		"hf://org/m:q8_0":              "hf://Org/M:Q4_K_M hf://Org/M:Q8_0",
		"hf://Org/M@old":               "hf://Org/M:Q8_0@old",
		"hf.co/Org/M":                  "hf.co/Org/M:Q4_K_M hf.co/Org/M:Q8_0",
		"https://huggingface.co/Org/M": "https://hf.co/Org/M:Q4_K_M https://hf.co/Org/M:Q8_0",
		"ms://Org/M":                   "ms://Org/M:Q8_0",
	} {
		got := strings.Fields(w.must(t, "tags", typed))
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q", typed, got)
		}
		for _, one := range got {
			w.must(t, "pull", "-q", one)
		}
	}
	for typed, c := range map[string]struct {
		code int
		says string
	}{
		"hf://Org/None":           {exitNotFound, "no repository"},
		"ollama://smollm":         {exitError, "https://ollama.com/library/smollm/tags"},
		"ollama://a/b/c/d":        {exitUsage, "invalid name"},
		"https://x.example":       {exitError, "x.example: only registries"},
		"/tmp":                    {exitError, "beside /tmp: only registries"},
		"oci:/tmp/x":              {exitError, "beside oci:/tmp/x: only registries"},
		"https://a:b@c.example/d": {exitError, "only registries"},
	} {
		if code, out, err := w.run(t, "tags", typed); code != c.code || out != "" || !strings.Contains(err.Error(), c.says) {
			t.Errorf("tags %s: exit %d, %q, %v", typed, code, out, err)
		}
	}
}
