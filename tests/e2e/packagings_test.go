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

// TestPackagings packs the same models in every packaging, pushes each to a real registry, and pulls it everywhere, as root and
// as an ordinary user: inspect says what it is, serve would give the server the right arguments, and a container sees the same
// files with the same content. llama-server answers for each GGUF one on Podman as root, in a container that has several models,
// each below a folder of its own; and on every engine for one of each kind, in a container as serve runs it. Then all of them go,
// and leave nothing.
func TestPackagings(t *testing.T) {
	w := newWorld(t)
	all := rows(w.models)
	t.Run("publish", func(t *testing.T) {
		for i := range all {
			r := &all[i]
			t.Run(r.packaging+"/"+r.model, func(t *testing.T) {
				t.Parallel()
				r.at = w.publish(t, r)
				if r.model == "vision" { // an index does not know what is in the model
					r.index = w.publishIndex(t, r.at)
				}
			})
		}
	})
	t.Run("pull", func(t *testing.T) {
		for i, e := range w.engines {
			t.Run(e.name, func(t *testing.T) {
				t.Parallel()
				for chunk := range slices.Chunk(all, 10) {
					w.check(t, e, chunk, i == 0)
				}
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

// checked is what an engine made of a row.
type checked struct {
	*row
	name        string // with the registry
	what        string // of the sub-test
	behindIndex bool
	got         inspected
	argv        []string // of the container that serve would run
	want        []treeFile
	main        string
}

// check pulls the models of some rows, and looks at each in every way. first is the engine on which all GGUF ones answer, and
// which gets them behind indexes, too: which entry an index stands for is decided before the engine is known of.
func (w *world) check(t *testing.T, e engine, rows []row, first bool) {
	t.Helper()
	var all []*checked
	for i := range rows {
		r := &rows[i]
		s := w.models[r.model]
		c := &checked{row: r, name: e.hub.Addr + "/" + r.at, what: r.packaging + "/" + r.model,
			want: s.expect(t, cmp.Or(r.tree, s.tree), r.texts), main: cmp.Or(r.main, s.main)}
		if r.at != "" { // otherwise publishing it failed, and said so
			all = append(all, c)
		}
		if r.index != "" && first {
			i := *c
			i.name, i.what, i.behindIndex = e.hub.Addr+"/"+r.index, c.what+"/index", true
			all = append(all, &i)
		}
	}
	whole := e.prepare(t, all)
	seen := e.look(t, whole, first)
	for i, p := range whole {
		t.Run(p.what, func(t *testing.T) {
			s := w.models[p.model]
			assertInspected(t, p.got, p.row, s, p.want, p.main)
			args := assertArgs(t, p.argv, s, p.row, p.want, p.main, p.name)
			assertTreeIs(t, seen[i].tree, p.want)
			if first && s.gguf {
				assertReply(t, seen[i].reply, seen[i].said)
			}
			if p.answersEverywhere() && !p.behindIndex {
				e.answer(t, p.argv, args, p.want)
			}
		})
	}
	e.thin(t, whole)
}

// thin removes all but three models of some. To find the files of one, podman reads all that there are: 0.2 s a file where there are
// a hundred.
func (e engine) thin(t *testing.T, of []*checked) {
	t.Helper()
	command := []string{"paddock", "rm"}
	for _, p := range of[min(3, len(of)):] {
		command = append(command, p.name)
	}
	if len(command) > 2 {
		e.MustRun(t, command...)
	}
}

// prepare pulls models, and notes what inspect says and what serve would run. It returns those for which all of that succeeded.
func (e engine) prepare(t *testing.T, all []*checked) (whole []*checked) {
	t.Helper()
	script := `one() {
			paddock pull -q --tls-verify=false "$1" >/dev/null || return
			paddock inspect "$1" || return
			line=$(paddock serve --dry-run --network none --image ` + llamaImage + ` --name "$container" "$1" -- --threads 1) || return
			eval "set -- $line"; printf '\0'; printf '%s\0' "$@"
		}
		container=$1; shift; err=$(mktemp)
		for name do one "$name" 2>"$err"; rc=$?; printf '\036'; cat "$err"; printf '\036%d\036' "$rc"; done; rm "$err"`
	command := []string{"sh", "-uc", script, "sh", "table-" + e.name}
	for _, p := range all {
		command = append(command, p.name)
	}
	said := strings.Split(e.MustRun(t, command...), "\x1e")
	for i, p := range all {
		out, err, code := said[3*i], said[3*i+1], said[3*i+2]
		parts := strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
		if code != "0" || json.Unmarshal([]byte(parts[0]), &p.got) != nil || !slices.Contains(parts, llamaImage) {
			t.Run(p.what, func(t *testing.T) { t.Errorf("exit %s\n%s%s", code, out, err) })
			continue
		}
		p.argv = parts[1:]
		whole = append(whole, p)
	}
	return whole
}

// sight is what a container saw of a model: the sums of its files, and what its server replied, if that was asked. said is what all
// servers there said.
type sight struct{ tree, reply, said string }

// look runs one container with the mounts of all the models, each below a folder of its own. There every server of a GGUF one is
// asked, too, if ask is set: with the arguments that serve would give it, but for the folder.
func (e engine) look(t *testing.T, all []*checked, ask bool) (seen []sight) {
	t.Helper()
	if len(all) == 0 {
		return nil
	}
	var options, mounts, servers []string
	for i, p := range all {
		before, after := p.argv[:slices.Index(p.argv, llamaImage)], p.argv[slices.Index(p.argv, llamaImage)+1:]
		folder := fmt.Sprintf("/rows/%03d/models", i)
		for j := 0; j < len(before); j++ {
			switch {
			case before[j] == "--mount" && strings.Contains(before[j+1], "=/models"):
				mounts = append(mounts, "--mount", strings.Replace(before[j+1], "=/models", "="+folder, 1))
				j++
			case i == 0:
				options = append(options, before[j])
			}
		}
		server := ""
		if ask && strings.HasSuffix(p.main, ".gguf") {
			for _, a := range after { // no argument of the table has a quote
				server += " '" + strings.Replace(a, "/models", folder, 1) + "'"
			}
		}
		servers = append(servers, server)
	}
	const script = askServer + `cd /rows; for r in *; do
			cd $r/models; find . -type f | sort | while read -r f; do sha256sum "$f"; done; cd ../..
			printf '\036'; [ -z "$1" ] || eval "ask $1"; printf '\036'; shift
		done`
	r := e.Run(t, slices.Concat(options, mounts, []string{"--entrypoint", "/bin/sh", llamaImage, "-euc", script, "sh"}, servers)...)
	parts := strings.Split(r.Stdout, "\x1e")
	if r.Code != 0 || len(parts) != 2*len(all)+1 {
		t.Fatalf("exit %d, %d models of %d were seen:\n%s%s", r.Code, len(parts)/2, len(all), r.Stdout, r.Stderr)
	}
	for i := range all {
		seen = append(seen, sight{tree: parts[2*i], reply: parts[2*i+1], said: r.Stderr})
	}
	return seen
}

// askServer defines the shell function that has llama-server answer once, with its arguments.
const askServer = `ask() {
		/usr/bin/llama-server "$@" >&2 & p=$!
		until wget -q -O /dev/null http://127.0.0.1:8080/health 2>/dev/null; do kill -0 $p || return 0; sleep 0.05; done
		wget -q -O - --post-data '{"messages":[{"role":"user","content":"the"}],"max_tokens":4}' http://127.0.0.1:8080/v1/chat/completions
		kill $p; wait $p || :
	}
	`

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

// answer runs the very container that serve would, but for its program: that prints the sums of all files below /models, gives
// args to the server, and asks it.
func (e engine) answer(t *testing.T, argv, args []string, want []treeFile) {
	t.Helper()
	const script = askServer + `cd /models; find . -type f | sort | while read -r f; do sha256sum "$f"; done; printf '\036'; ask "$@"`
	command := slices.Concat(argv[:slices.Index(argv, llamaImage)], []string{"--entrypoint", "/bin/sh", llamaImage, "-euc", script, "sh"}, args)
	r := e.Run(t, command...)
	if r.Code != 0 {
		t.Fatalf("%q: exit %d\n%s%s", command, r.Code, r.Stdout, r.Stderr)
	}
	tree, reply, _ := strings.Cut(r.Stdout, "\x1e")
	assertTreeIs(t, tree, want)
	assertReply(t, reply, r.Stderr)
}

func assertReply(t *testing.T, reply, said string) {
	t.Helper()
	if !strings.Contains(reply, `"completion_tokens":`) {
		t.Errorf("the server answered %q\n%s", reply, said)
	}
}

// assertTreeIs compares sums of files, as a container printed them, with what it should see.
func assertTreeIs(t *testing.T, tree string, want []treeFile) {
	t.Helper()
	var lines []string
	for _, f := range want {
		lines = append(lines, fmt.Sprintf("%s  ./%s", f.sum, f.path))
	}
	got := strings.Split(strings.TrimSpace(tree), "\n")
	slices.SortFunc(got, func(a, b string) int { return strings.Compare(a[min(len(a), 64):], b[min(len(b), 64):]) })
	if strings.Join(got, "\n") != strings.Join(lines, "\n") {
		t.Errorf("files in the container:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
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
