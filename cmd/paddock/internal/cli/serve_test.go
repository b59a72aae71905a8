package cli

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
)

func TestServe(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.must(t, "serve", tiny, "--port=9000", "--env", "A=b,c", "--ctx-size", "512", "--image", "localhost/server:1", "--", "--threads", "2")
	if len(w.ran) != 1 || len(w.resolved) != 1 {
		t.Fatalf("ran %q, asked for %q", w.ran, w.resolved)
	}
	argv := w.ran[0]
	for _, want := range [][]string{
		{"/usr/bin/podman", "run", "--name", "tiny-1"}, {"--rm"}, {"--cap-drop", "all"}, {"--read-only"}, {"--env", "A=b,c"},
		{"--ctx-size", "512"}, {"--model", "/models/model.gguf"}, {"--threads", "2"},
	} {
		if !containsRun(argv, want) {
			t.Errorf("%q is not in %q", want, argv)
		}
	}
	if line := strings.Join(argv, " "); !strings.Contains(line, "127.0.0.1:9000:8080") || !strings.Contains(line, "destination=/models/README.md") {
		t.Errorf("ran %s", line)
	}
	if !strings.Contains(w.err.String(), "http://127.0.0.1:9000") {
		t.Errorf("said %q", w.err)
	}
}

// containsRun says whether the words stand in argv one after the other.
func containsRun(argv, words []string) bool {
	for i := range argv {
		if len(argv[i:]) >= len(words) && slices.Equal(argv[i:i+len(words)], words) {
			return true
		}
	}
	return false
}

// TestServeWithoutOutput: a server runs also where nobody can read what it prints; a result that nobody can read is an error.
func TestServeWithoutOutput(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.env.Out = NoOutput{}
	w.runs = func(argv []string, s *engine.Streams) error {
		if s.Out != nil {
			t.Errorf("%q writes to %T", argv, s.Out)
		}
		return nil
	}
	w.must(t, "serve", tiny)
	if code, _, err := w.run(t, "ls"); len(w.ran) != 1 || code != exitError || !strings.Contains(err.Error(), "standard output is closed") {
		t.Errorf("ran %q, exit %d, %v", w.ran, code, err)
	}
}

func TestServeDryRun(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	if code, out, err := w.run(t, "serve", "--dry-run", tiny); code != 3 || out != "" || !strings.Contains(strings.Join(Hints(err), ""), "paddock pull "+tiny) {
		t.Errorf("of a missing model: exit %d, %q, %v", code, out, err)
	}
	if len(w.resolved) > 0 {
		t.Errorf("the dry run asked for %q", w.resolved)
	}
	w.must(t, "pull", tiny)
	out := w.must(t, "serve", "--dry-run", "-d", tiny)
	if len(w.ran) > 0 {
		t.Fatalf("the dry run ran %q", w.ran)
	}
	w.runs = func([]string, *engine.Streams) error {
		return &engine.ExitError{Name: "podman", Code: 125, Err: errors.New("x")}
	}
	if code, _, _ := w.run(t, "serve", "-d", tiny); code != 125 {
		t.Errorf("podman's 125 became %d", code)
	}
	if want, err := engine.ShellLine(w.ran[1]); err != nil || strings.TrimSpace(out) != want {
		t.Errorf("the dry run printed\n%s\nand what ran was\n%s (%v)", out, want, err)
	}
}

// TestServeDetached: a server that ends before it answers is an error that says so, and stays for its logs.
func TestServeDetached(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.runs = containers(nil)
	code, _, err := w.run(t, "serve", "-d", "--port", "1", tiny)
	if code != 1 || !strings.Contains(err.Error(), "ended") || !strings.Contains(strings.Join(Hints(err), ""), "podman logs tiny-1") {
		t.Errorf("exit %d, %v, %q", code, err, Hints(err))
	}
	if last := w.ran[len(w.ran)-1]; slices.Contains(last, "rm") {
		t.Errorf("it was removed: %q", last)
	}
	code, _, err = w.run(t, "serve", "-d", "--port", "1", tiny)
	if code != 1 || !strings.Contains(err.Error(), "tiny-1 already") || !strings.Contains(strings.Join(Hints(err), ""), "--replace") {
		t.Errorf("a second time: exit %d, %v, %q", code, err, Hints(err))
	}
}

// TestServeWithdraws: a container that could not be started is not left in the way.
func TestServeWithdraws(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.runs = containers(&engine.ExitError{Name: "podman", Code: 126, Err: errors.New("port taken")})
	if code, _, err := w.run(t, "serve", "-d", tiny); code != 126 {
		t.Errorf("exit %d, %v", code, err)
	}
	if last := w.ran[len(w.ran)-1]; !slices.Equal(last, []string{"/usr/bin/podman", "rm", "--force", "--ignore", "tiny-1"}) {
		t.Errorf("the last that ran is %q", last)
	}
}

// TestServePortTaken: the container that did not start for a port that is taken is explained; one that did not for another reason is not.
func TestServePortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for _, c := range []struct {
		code   int
		host   string // an address of which the port is not taken
		flags  []string
		hinted bool
	}{
		{126, "127.0.0.1", nil, true}, {126, "127.0.0.1", []string{"-d"}, true}, {125, "127.0.0.1", nil, false}, {126, "127.0.0.2", nil, false},
	} {
		w := newWorld(t)
		w.publish(t, tiny)
		w.runs = containers(&engine.ExitError{Name: "podman", Code: c.code, Err: errors.New("bind: address already in use")})
		code, _, err := w.run(t, append([]string{"serve", "--host", c.host, "--port", port, tiny}, c.flags...)...)
		if hinted := strings.Contains(strings.Join(Hints(err), ""), "another port with --port"); code != c.code || hinted != c.hinted {
			t.Errorf("%+v: exit %d, %v, %q", c, code, err, Hints(err))
		}
	}
}

// TestServeWithdrawsFromDocker: what this docker run created is removed by its ID, and another's container of that name is not.
func TestServeWithdrawsFromDocker(t *testing.T) {
	for id, want := range map[string][]string{strings.Repeat("ab", 32): {"/usr/bin/docker", "rm", "--force", strings.Repeat("ab", 32)}, "": nil} {
		choice := dockerChoice()
		choice.Engine = &engine.Docker{Path: "/usr/bin/docker"}
		w := foldered(t, choice)
		w.publish(t, tiny)
		w.must(t, "pull", tiny)
		var last []string
		w.env.Services.Run = func(_ context.Context, argv []string, s *engine.Streams) error {
			last = argv
			if argv[1] != "run" {
				return map[bool]error{false: &engine.ExitError{Name: "docker", Code: 1, Err: errors.New("x")}}[argv[1] == "rm"]
			}
			last = nil
			if id != "" {
				if _, err := io.WriteString(s.Out, id+"\n"); err != nil {
					return err
				}
			}
			return &engine.ExitError{Name: "docker", Code: 125, Err: errors.New("port is already allocated")}
		}
		code, out, err := w.run(t, "serve", "-d", tiny)
		if code != 125 || out != "" || !slices.Equal(last, want) {
			t.Errorf("%q: exit %d, %q, %v; the last that ran is %q", id, code, out, err, last)
		}
	}
}

// containers is an engine whose containers end at once, or do not start.
func containers(start error) func(argv []string, s *engine.Streams) error {
	there := false
	return func(argv []string, s *engine.Streams) error {
		switch {
		case argv[1] == "run":
			there = true
			return start
		case argv[1] == "rm":
			there = false
			return nil
		case !there:
			return &engine.ExitError{Name: "podman", Code: 125, Err: errors.New("no such container")}
		}
		_, err := io.WriteString(s.Out, "exited 1\n")
		return err
	}
}

func TestServeRefuses(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	for _, c := range []struct {
		line, says string
	}{
		{"serve", "NAME"}, {"serve a b", "NAME"}, {"serve --port 0 " + tiny, "port"}, {"serve --port 70000 " + tiny, "port"},
		{"serve --env A " + tiny, "NAME=VALUE"}, {"serve --env =b " + tiny, "environment variable"}, {"serve --host nowhere " + tiny, "nowhere"},
		{"serve --prot 1 " + tiny, "prot"}, {"serve --ctx-size=-1 " + tiny, "ctx-size"}, {"serve --name a/b " + tiny, "a/b"},
	} {
		if code, out, err := w.run(t, strings.Fields(c.line)...); code != 2 || out != "" || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: exit %d, %q, %v", c.line, code, out, err)
		}
	}
	if len(w.ran) > 0 || len(w.resolved) > 0 {
		t.Errorf("ran %q, asked for %q", w.ran, w.resolved)
	}
}

// TestServeExplains: what llama.cpp says of a model that it cannot load is told in other words, with the next thing to do.
func TestServeExplains(t *testing.T) {
	const cut = "llama_model_load: error loading model: tensor 'output.weight' data is not within the file bounds, model is corrupted or incomplete\n"
	for _, c := range []struct {
		log, says, hint string
	}{
		{"load_model: loading\n" + cut + "main: exiting\n", "cut short or damaged ('output.weight')", "paddock ensure --verify " + tiny},
		{strings.TrimSuffix(cut, "\n"), "cut short", "paddock ensure --verify " + tiny},
		{"gguf_init_from_file: failed to open GGUF file '/models/m-00002-of-00002.gguf'\n" + cut, "not there ('/models/m-00002", "paddock inspect " + tiny},
		{cut + "main: model loaded\n", "", ""},
		{strings.Repeat("x", 1<<20) + "\n" + cut, "cut short", "paddock ensure"},
	} {
		w := newWorld(t)
		w.publish(t, tiny)
		w.runs = func(_ []string, s *engine.Streams) error {
			for i := 0; i < len(c.log); i += 1000 { // as it comes from a pipe
				if _, err := io.WriteString(s.Err, c.log[i:min(i+1000, len(c.log))]); err != nil {
					return err
				}
			}
			return &engine.ExitError{Name: "podman", Code: 1, Err: errors.New("x")}
		}
		code, _, err := w.run(t, "serve", tiny)
		if code != 1 || !strings.Contains(err.Error(), c.says) || !strings.Contains(strings.Join(Hints(err), ""), c.hint) || !strings.Contains(w.err.String(), c.log) {
			t.Errorf("%.80s: exit %d, %v, %q", c.log, code, err, Hints(err))
		}
		if c.says == "" && len(Hints(err)) > 0 {
			t.Errorf("of a server that ended later: %v, %q", err, Hints(err))
		}
		w = newWorld(t)
		w.publish(t, tiny)
		ends := containers(nil)
		w.runs = func(argv []string, s *engine.Streams) error {
			if argv[1] == "logs" {
				_, err := io.WriteString(s.Err, c.log)
				return err
			}
			return ends(argv, s)
		}
		code, _, err = w.run(t, "serve", "-d", "--port", "1", tiny)
		if hints := strings.Join(Hints(err), " "); code != 1 || !strings.Contains(err.Error(), c.says) || !strings.Contains(hints, c.hint) || !strings.Contains(hints, "podman logs") {
			t.Errorf("detached: %.80s: exit %d, %v, %q", c.log, code, err, hints)
		}
	}
}
