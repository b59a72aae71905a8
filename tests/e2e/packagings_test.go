//go:build e2e

package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/tests/fixtures/packers"
)

// TestPackagings packs the same models in every packaging, pushes each to a real registry, and pulls it everywhere: inspect
// says what it is, serve would give the server the right arguments, and a container sees the same files with the same
// content. llama-server answers for each GGUF one on Podman as root, and on the other engines for one of each kind, since the
// files and the arguments are compared anyhow. For the sake of time an ordinary user of Docker and of the old Podman has one of
// each kind, too. Then all of them go, and leave nothing.
func TestPackagings(t *testing.T) {
	w := newWorld(t)
	t.Run("rows", func(t *testing.T) {
		for _, r := range rows(w.models) {
			t.Run(r.packaging+"/"+r.model, func(t *testing.T) {
				t.Parallel()
				at := w.publish(t, &r)
				for i, e := range w.engines {
					if e.folder != "" && e.user != "" && !r.answersEverywhere() {
						continue // the folder of an ordinary user differs from root's in where it is, for every row alike
					}
					answer := w.models[r.model].gguf && (i == 0 || r.answersEverywhere())
					t.Run(e.name, func(t *testing.T) { w.check(t, e, &r, at, answer) })
				}
				if r.model != "vision" {
					return // an index does not know what is in the model
				}
				t.Run("index", func(t *testing.T) {
					// which entry an index stands for is decided before the engine is known of
					w.check(t, w.engines[0], &r, w.publishIndex(t, at), false)
				})
			})
		}
	})
	for _, e := range w.engines {
		t.Run("removed/"+e.name, func(t *testing.T) { w.removeAll(t, e) })
	}
}

// world is what all rows share.
type world struct {
	hub     *hub // where rows are packed
	old     *hub // in the lab with an old Podman
	models  map[string]*source
	dirs    map[string]string // of the models' files, in the lab
	engines []engine
}

// engine is a container engine as one person uses it.
type engine struct {
	place
	hub *hub
	// folder is the store of an engine that cannot mount artifacts; "" for Podman's own.
	folder string
}

// newWorld has every engine for root and for an ordinary user: Podman, Docker, and in a lab of its own Podman 5.4.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{hub: startHub(t, Lab{}), models: sources(t), dirs: map[string]string{}}
	for name, s := range w.models {
		m := model{files: map[string][]byte{}}
		for _, f := range s.files {
			m.files[f.Path] = f.Data
		}
		w.dirs[name] = m.unpack(t, w.hub.lab)
	}
	for _, who := range everyone(t) {
		w.engines = append(w.engines, engine{place{who.Lab, "podman-" + who.name}, w.hub, ""})
	}
	for _, h := range dockerHosts(t) {
		w.engines = append(w.engines, engine{place{h.Lab, "docker-" + h.name}, w.hub, h.store})
	}
	old := oldHosts(t)
	w.old = startHub(t, Lab{old: true})
	for _, h := range old {
		w.engines = append(w.engines, engine{place{h.Lab, "old-podman-" + h.name}, w.old, h.store})
	}
	return w
}

// publish packs a row, and pushes it to both registries under the same path and tag, which it returns.
func (w *world) publish(t *testing.T, r *row) string {
	t.Helper()
	at := "table/" + r.packaging + "-" + r.model + ":v1"
	s := w.models[r.model]
	if r.push != nil {
		r.push(t, w.hub, w.dirs[r.model], w.hub.Addr+"/"+at, s)
		w.old.publish(t, at, w.hub.fetch(t, at))
		return at
	}
	packed, err := r.pack(s.files)
	if err != nil {
		t.Fatal(err)
	}
	w.hub.publish(t, at, packed)
	w.old.publish(t, at, packed)
	return at
}

// publishIndex puts what a path stands for behind an index, under another path.
func (w *world) publishIndex(t *testing.T, at string) string {
	t.Helper()
	packed := w.hub.fetch(t, at)
	index, err := packers.Index(&packed)
	if err != nil {
		t.Fatal(err)
	}
	at += "-index"
	w.hub.publish(t, at, index)
	return at
}

// inspected is what the table looks at in paddock inspect.
type inspected struct {
	Packaging, Main, Unservable string
	Files                       []struct{ Path, Role string }
	GGUF                        *struct {
		Architecture, Name string
		Parameters         int64
	}
	Safetensors *struct {
		Architectures []string
		Parameters    int64
	}
}

// check pulls a row's model, and looks at it in every way. answer has llama-server run, too.
func (w *world) check(t *testing.T, e engine, r *row, at string, answer bool) {
	t.Helper()
	s, name := w.models[r.model], e.hub.Addr+"/"+at
	want := s.expect(t, cmp.Or(r.tree, s.tree), r.texts)
	main := cmp.Or(r.main, s.main)
	got, argv := e.prepare(t, name)
	assertInspected(t, got, r, s, want, main)
	args := assertArgs(t, argv, s, r, want, main, name)
	if !answer {
		args = nil
	}
	e.look(t, argv, args, want)
}

// prepare pulls a model, and returns what inspect says and what serve would run.
func (e engine) prepare(t *testing.T, name string) (inspected, []string) {
	t.Helper()
	container := "table-" + strings.NewReplacer(":", "-", "/", "-").Replace(name[strings.Index(name, "/table/")+7:])
	script := `paddock pull -q --tls-verify=false "$1" >/dev/null; paddock inspect "$1"; printf '\0'
		line=$(paddock serve --dry-run --network none --image ` + llamaImage + ` --name "$2" "$1" -- --threads 1)
		eval "set -- $line"; printf '%s\0' "$@"`
	out := e.MustRun(t, "sh", "-euc", script, "sh", name, container)
	parts := strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
	var got inspected
	if err := json.Unmarshal([]byte(parts[0]), &got); err != nil {
		t.Fatalf("paddock inspect: %v\n%s", err, parts[0])
	}
	return got, parts[1:]
}

func assertInspected(t *testing.T, got inspected, r *row, s *source, want []treeFile, main string) {
	t.Helper()
	if got.Packaging != r.format || got.Main != main || got.Unservable != "" {
		t.Errorf("inspect: packaging %q, want %q; main %q, want %q; %s", got.Packaging, r.format, got.Main, main, got.Unservable)
	}
	var files, wanted []string
	for _, f := range got.Files {
		files = append(files, f.Path+" "+f.Role)
	}
	for _, f := range want {
		wanted = append(wanted, f.path+" "+f.role)
	}
	slices.Sort(files)
	if strings.Join(files, "\n") != strings.Join(wanted, "\n") {
		t.Errorf("inspect has the files\n%s\nwant\n%s", strings.Join(files, "\n"), strings.Join(wanted, "\n"))
	}
	const parameters = 127552
	if !s.gguf && (got.Safetensors == nil || !slices.Equal(got.Safetensors.Architectures, []string{"LlamaForCausalLM"}) || got.Safetensors.Parameters != parameters) {
		t.Errorf("inspect: safetensors %+v", got.Safetensors)
	}
	if s.gguf && (got.GGUF == nil || got.GGUF.Architecture != "llama" || got.GGUF.Name != s.title || got.GGUF.Parameters != parameters) {
		t.Errorf("inspect: gguf %+v, want %q", got.GGUF, s.title)
	}
}

// assertArgs checks what the server is given, and returns it.
func assertArgs(t *testing.T, argv []string, s *source, r *row, want []treeFile, main, name string) []string {
	t.Helper()
	args := argv[slices.Index(argv, llamaImage)+1:]
	wanted := []string{"--model", "/models/" + main}
	first := func(role, ending string) string {
		for _, f := range want {
			if f.role == role && strings.HasSuffix(f.path, ending) {
				return "/models/" + f.path
			}
		}
		return ""
	}
	alias := name[strings.LastIndex(name, "/")+1:]
	switch projector, template := first("projector", ""), first("template", ".jinja"); {
	case !s.gguf:
		wanted = []string{"--model", path.Join("/models", main), "--served-model-name"}
	default:
		if projector != "" {
			wanted = append(wanted, "--mmproj", projector)
		}
		if template != "" {
			wanted = append(wanted, "--jinja", "--chat-template-file", template)
		}
		wanted = append(append(wanted, r.context...), "--alias")
	}
	wanted = append(wanted, alias, "--host", "0.0.0.0", "--port", "8080")
	wanted = append(append(wanted, r.params...), "--threads", "1")
	if !slices.Equal(args, wanted) {
		t.Errorf("serve would give the server %q, want %q", args, wanted)
	}
	return args
}

// look runs the very container that serve would, but for its program: that prints the sums of all files below /models and, if
// there are args, gives them to the server and asks it.
func (e engine) look(t *testing.T, argv, args []string, want []treeFile) {
	t.Helper()
	const script = `cd /models; find . -type f | sort | while read -r f; do sha256sum "$f"; done
		[ $# -gt 0 ] || exit 0
		/usr/bin/llama-server "$@" >&2 & p=$!
		until wget -q -O /dev/null http://127.0.0.1:8080/health 2>/dev/null; do kill -0 $p; sleep 0.1; done
		wget -q -O - --post-data '{"messages":[{"role":"user","content":"the"}],"max_tokens":4}' http://127.0.0.1:8080/v1/chat/completions`
	i := slices.Index(argv, llamaImage)
	command := slices.Concat(argv[:i], []string{"--entrypoint", "/bin/sh", llamaImage, "-euc", script, "sh"}, args)
	r := e.Run(t, command...)
	if r.Code != 0 {
		t.Fatalf("%q: exit %d\n%s%s", command, r.Code, r.Stdout, r.Stderr)
	}
	var lines []string
	for _, f := range want {
		lines = append(lines, fmt.Sprintf("%s  ./%s", f.sum, f.path))
	}
	tree, reply, answered := strings.Cut(r.Stdout, "{")
	got := strings.Split(strings.TrimSpace(tree), "\n")
	slices.SortFunc(got, func(a, b string) int { return strings.Compare(a[min(len(a), 64):], b[min(len(b), 64):]) })
	if strings.Join(got, "\n") != strings.Join(lines, "\n") {
		t.Errorf("files in the container:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
	if args != nil && (!answered || !strings.Contains(reply, `"completion_tokens":`)) {
		t.Errorf("the server answered %q\n%s", reply, r.Stderr)
	}
}

// removeAll removes half of the names, which costs the others no file, and then the rest, of which nothing is left.
func (w *world) removeAll(t *testing.T, e engine) {
	t.Helper()
	const rest = `paddock ls --format '{{.Name}}' | xargs -r paddock rm`
	e.MustRun(t, "sh", "-euc", "paddock ls --format '{{.Name}}' | sed -n 'p;n' | xargs paddock rm; paddock doctor; "+rest)
	if rows := paddockLs(t, e.place); len(rows) != 0 {
		t.Errorf("still there: %v", rows)
	}
	if e.folder != "" {
		e.MustRun(t, "paddock", "prune") // of images that another user of this Docker removed
		assertFolderEmpty(t, folderHost{place: e.place, store: e.folder})
		return
	}
	assertNothingLeft(t, e.place)
}
