package cli

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
	"go.podman.io/image/v5/types"
)

// testEnv is an Env of memory: no files, no variables but vars. It returns what is written.
func testEnv(t *testing.T, vars ...string) (env *Env, out, errOut *bytes.Buffer) {
	t.Helper()
	out, errOut = &bytes.Buffer{}, &bytes.Buffer{}
	return &Env{
		In: strings.NewReader(""), Out: out, Err: errOut,
		Getenv: func(name string) string {
			for _, kv := range vars {
				if value, ok := strings.CutPrefix(kv, name+"="); ok {
					return value
				}
			}
			return ""
		},
		Environ:   func() []string { return vars },
		Home:      func() (string, error) { return "", errors.New("no home") },
		Root:      t.TempDir(),
		BuildInfo: func() (*debug.BuildInfo, bool) { return nil, false },
	}, out, errOut
}

// probeOptions has a field for every kind of flag.
type probeOptions struct {
	model  string
	rest   []string
	env    []string
	tls    types.OptionalBool
	name   *string
	port   *int
	quiet  bool
	format string
	jobs   int
}

func probeCommand(env *Env, run func(context.Context, *Env, *probeOptions) error) *cli.Command {
	var o probeOptions
	return &cli.Command{
		Name: "probe", Usage: "Try every kind of flag", ArgsUsage: "MODEL [-- ARGS]",
		Flags: []cli.Flag{
			stringsFlag(&o.env, "set `NAME=VALUE`", "env", "e"),
			optionalBoolFlag(&o.tls, "check certificates", "tls-verify"),
			optionalStringFlag(&o.name, "", "call it `NAME`", "name"),
			optionalIntFlag(&o.port, "8080", "listen on `PORT`", "port", "p"),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Destination: &o.quiet, Usage: "say less"},
			&cli.IntFlag{Name: "jobs", Destination: &o.jobs, Usage: "open `N` connections"},
			formatFlag(&o.format),
		},
		Action: func(c *cli.Context) error {
			if err := exactArgsBefore(c, &o.rest, &o.model); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

// probe runs a line of an app that has probe, alone and in a group.
func probe(t *testing.T, args ...string) (*probeOptions, error) {
	t.Helper()
	env, _, _ := testEnv(t)
	e := env.forRun()
	var got *probeOptions
	record := func(_ context.Context, _ *Env, o *probeOptions) error {
		got = o
		return nil
	}
	app := newApp(e)
	app.Commands = append(app.Commands, probeCommand(e, record),
		&cli.Command{Name: "group", Subcommands: []*cli.Command{probeCommand(e, record)}})
	harden(app.Commands)
	ordered, _, err := permute(grammarOf(app), args)
	if err != nil {
		return nil, err
	}
	err = app.RunContext(t.Context(), append([]string{app.Name}, ordered...))
	return got, err
}

func TestFlagsReachOptions(t *testing.T) {
	for _, c := range []struct {
		args  string
		check func(o *probeOptions) bool
	}{
		{"probe m", func(o *probeOptions) bool {
			return o.model == "m" && o.env == nil && o.tls == types.OptionalBoolUndefined && o.name == nil && o.port == nil && o.rest == nil
		}},
		{"probe m --env A=1,2 -e B= -e C", func(o *probeOptions) bool { return slices.Equal(o.env, []string{"A=1,2", "B=", "C"}) }},
		{"probe --tls-verify m", func(o *probeOptions) bool { return o.tls == types.OptionalBoolTrue }},
		{"probe m --tls-verify=false", func(o *probeOptions) bool { return o.tls == types.OptionalBoolFalse }},
		{"probe m --tls-verify=0 --tls-verify=1", func(o *probeOptions) bool { return o.tls == types.OptionalBoolTrue }},
		{"probe m --name= -p 0", func(o *probeOptions) bool { return *o.name == "" && *o.port == 0 }},
		{"probe m -p8081 --port 8082", func(o *probeOptions) bool { return *o.port == 8082 }},
		{"probe m -qp8081 --jobs=-1 -f json", func(o *probeOptions) bool {
			return o.quiet && *o.port == 8081 && o.jobs == -1 && o.format == "json"
		}},
		{"probe m -q=false", func(o *probeOptions) bool { return !o.quiet }},
		{"group probe m -q -- -x -- y", func(o *probeOptions) bool {
			return o.quiet && slices.Equal(o.rest, []string{"-x", "--", "y"})
		}},
		{"probe m --", func(o *probeOptions) bool { return len(o.rest) == 0 }},
		{"probe -- -m", func(o *probeOptions) bool { return o.model == "-m" }},
		{"--log-level debug probe m --engine docker", func(o *probeOptions) bool { return o.model == "m" }},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			if o, err := probe(t, strings.Fields(c.args)...); err != nil || !c.check(o) {
				t.Errorf("%v, %+v", err, o)
			}
		})
	}
}

func TestUsageErrors(t *testing.T) {
	for _, c := range []struct{ args, message, hint string }{
		{"", "missing command", `see "paddock --help"`},
		{"group", "missing command", ""},
		{"group prob", `unknown command "prob" for "paddock group"`, `did you mean "paddock group probe"?`},
		{"probe", "probe takes MODEL [-- ARGS], got 0 arguments", ""},
		{"probe a b", "probe takes MODEL [-- ARGS], got 2 arguments", ""},
		{"probe m -p http", `invalid value "http" for flag --port: want a whole number`, ""},
		{"probe m --jobs x", `invalid value "x" for flag --jobs: parse error`, ""},
		{"probe m --tls-verify=maybe", `invalid boolean value "maybe" for --tls-verify: want true or false`, ""},
		{"probe m --quiet=maybe", `invalid boolean value "maybe" for --quiet: parse error`, ""},
		{"version now", `version takes no arguments, got "now"`, ""},
		{"version -- now", `version takes no arguments, got "now"`, ""},
		{"--version version", `--version goes with no command, got "version"`, ""},
		{"--log-level=dbug version", `unknown log level "dbug": want debug, info, warn or error`, "did you mean --log-level=debug?"},
		{"completion csh", `no completion for shell "csh": want bash, zsh or fish`, ""},
		{"help nope", `unknown command "nope" for "paddock"`, ""},
	} {
		_, err := probe(t, strings.Fields(c.args)...)
		if err == nil || err.Error() != c.message || ExitCode(err) != exitUsage {
			t.Errorf("%s: got %v (exit %d)", c.args, err, ExitCode(err))
		}
		if hints := strings.Join(Hints(err), ""); c.hint != "" && c.args != "" && hints != c.hint {
			t.Errorf("%s: hints %q", c.args, hints)
		}
	}
	env, out, errOut := testEnv(t)
	err := Run(t.Context(), env, nil)
	if strings.Join(Hints(err), "") != `see "paddock --help"` || out.Len()+errOut.Len() > 0 {
		t.Errorf("hints %q, printed %q %q", Hints(err), out, errOut)
	}
}

func TestHelpEverywhere(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--help", "Usage:\n  paddock [options] COMMAND\n"},
		{"-h", "Exit status:"},
		{"help", "Commands:\n"},
		{"help version", "Usage:\n  paddock version [options]\n"},
		{"version -h", "Usage:\n  paddock version [options]\n"},
		{"version x --help", "  -f, --format FORMAT"},
		{"--help version", "Global options:\n"},
		{"completion --help", "Usage:\n  paddock completion bash|zsh|fish\n"},
	} {
		env, out, errOut := testEnv(t)
		env.BuildInfo, env.Environ, env.Home = nil, nil, nil // help asks for nothing
		if err := Run(t.Context(), env, strings.Fields(c.args)); err != nil || !strings.Contains(out.String(), c.want) || errOut.Len() > 0 {
			t.Errorf("%s: %v, got\n%s%s", c.args, err, out, errOut)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	env, _, _ := testEnv(t)
	if err := Run(ctx, env, []string{"nonsense"}); ExitCode(err) != exitInterrupted {
		t.Errorf("got %v, exit %d", err, ExitCode(err))
	}
	if err := Run(ctx, env, []string{"version"}); err != nil {
		t.Errorf("what was done was reported as interrupted: %v", err)
	}
}

func TestLogLevel(t *testing.T) {
	env, _, errOut := testEnv(t)
	var level slog.Level
	env.LibraryLog = func(l slog.Level) { level = l }
	if err := Run(t.Context(), env, []string{"info", "--log-level=debug"}); err != nil || level != slog.LevelDebug {
		t.Errorf("%v, level %v", err, level)
	}
	if !strings.Contains(errOut.String(), "no home directory") {
		t.Errorf("no debug line: %q", errOut)
	}
}

func TestGlobalSettings(t *testing.T) {
	env, out, errOut := testEnv(t, "PADDOCK_PROT=1")
	file := filepath.Join(env.Root, "my.conf")
	if err := os.WriteFile(file, []byte("serve.port = 99"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := Run(t.Context(), env, []string{"info", "--config", file, "--engine=docker"})
	if err != nil || !strings.Contains(out.String(), `{key: engine.name, value: "docker", origin: "--engine"}`) ||
		!strings.Contains(out.String(), `{key: serve.port, value: "99", origin: "`+file+`"}`) {
		t.Errorf("%v\n%s", err, out)
	}
	if errOut.String() != "paddock: warning: unknown environment variable PADDOCK_PROT is ignored; did you mean PADDOCK_PORT?\n" {
		t.Errorf("stderr: %q", errOut)
	}
	if err := Run(t.Context(), env, []string{"info", "--engine=lxc"}); ExitCode(err) != exitUsage || !strings.Contains(err.Error(), "--engine") {
		t.Errorf("bad engine: %v", err)
	}
	if err := Run(t.Context(), env, []string{"version", "--config", "/nowhere"}); err != nil {
		t.Errorf("version reads settings: %v", err)
	}
	if err := Run(t.Context(), env, []string{"info", "--config", "/nowhere"}); ExitCode(err) != exitError {
		t.Errorf("missing file: %v", err)
	}
}
