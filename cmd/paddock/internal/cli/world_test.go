package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/memstore"
	"github.com/paddock-dev/paddock/artifacts/storetest"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	"github.com/paddock-dev/paddock/tests/fixtures"
	"github.com/paddock-dev/paddock/transports"
)

// world is a machine of memory: a store, a registry, an engine that only notes what it is told, and a systemd.
type world struct {
	env      *Env
	out, err *bytes.Buffer
	store    *memstore.Store
	// published are the models of the registry by name; refusals what it says of others.
	published map[string]*storetest.Origin
	refusals  map[string]error
	resolved  []string
	ran       [][]string
	runs      func(argv []string, s *engine.Streams) error
	systemd   fakeSystemd
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{store: memstore.New(), published: map[string]*storetest.Origin{}, refusals: map[string]error{}}
	w.env, w.out, w.err = testEnv(t)
	w.env.Home = func() (string, error) { return "/home/ann", nil }
	getenv, cache := w.env.Getenv, t.TempDir()
	w.env.Getenv = func(name string) string {
		if name == "XDG_CACHE_HOME" {
			return cache
		}
		return getenv(name)
	}
	v, err := podmanargs.ParseVersion("5.8.6")
	if err != nil {
		t.Fatal(err)
	}
	w.env.Services = &Services{
		Engine: func(context.Context, *Env) (*engine.Choice, error) {
			return &engine.Choice{
				Engine: &engine.Podman{Path: "/usr/bin/podman", Version: v}, Reason: "it is a test",
				Podman: &engine.PodmanInfo{Path: "/usr/bin/podman", Version: v, GraphRoot: "/nowhere"},
			}, nil
		},
		Store: func(context.Context, *Env) (artifacts.Store, error) { return w.store, nil },
		Resolver: func(*Env, *originOptions) (transports.Resolver, error) {
			return transports.NewTable(transports.Transport{Name: "registry", Schemes: []string{"docker"}, Bare: true, Resolver: w})
		},
		Run: func(_ context.Context, argv []string, s *engine.Streams) error {
			w.ran = append(w.ran, argv)
			if w.runs != nil {
				return w.runs(argv, s)
			}
			return nil
		},
		Quiet: w.systemd.run,
	}
	w.systemd.dir = w.env.Root + "/etc/containers/systemd"
	return w
}

// Resolve is the registry.
func (w *world) Resolve(_ context.Context, input string) (*artifacts.Plan, error) {
	w.resolved = append(w.resolved, input)
	if err := w.refusals[input]; err != nil {
		return nil, err
	}
	for name, o := range w.published {
		if repo, _, _ := strings.Cut(input, "@"); name == input || strings.HasPrefix(name, repo+":") && strings.HasSuffix(input, o.Plan.Digest.String()) {
			plan := *o.Plan
			if input != name {
				pinned, err := plan.Name.Pinned(plan.Digest)
				if err != nil {
					return nil, err
				}
				plan.Name = pinned
			}
			return &plan, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", input, artifacts.ErrNotFound)
}

// publish puts a small GGUF model into the registry.
func (w *world) publish(t *testing.T, name string) *storetest.Origin {
	t.Helper()
	data, err := fixtures.GGUF(&fixtures.Options{Embd: 32})
	if err != nil {
		t.Fatal(err)
	}
	o := storetest.NewOrigin(t, name, map[string]string{"model.gguf": string(data), "README.md": "# " + name})
	w.published[name] = o
	return o
}

// run runs one command line, and returns its exit code and what it printed since the last one.
func (w *world) run(t *testing.T, args ...string) (code int, out string, err error) {
	t.Helper()
	w.out.Reset()
	w.err.Reset()
	err = Run(t.Context(), w.env, args)
	return ExitCode(err), w.out.String(), err
}

// must is run for what has to succeed.
func (w *world) must(t *testing.T, args ...string) string {
	t.Helper()
	code, out, err := w.run(t, args...)
	if code != 0 {
		t.Fatalf("paddock %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// names are those of the store.
func (w *world) names(t *testing.T) []string {
	t.Helper()
	models, err := w.store.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range models {
		names = append(names, m.Name)
	}
	return names
}

// fakeSystemd knows the services of the units in a folder once it was told to read them.
type fakeSystemd struct {
	dir    string
	broken bool // the generator makes no service of any unit
	loaded map[string]bool
	active map[string]bool
	fails  map[string]bool // services that do not start
	sick   string          // nor does one whose unit has this word; "" is none
	// restarts are the services that were restarted, and said what the journal has of each.
	restarts []string
	said     string
	// images are the IDs of Podman's images by name, secrets its secrets; running is "ID NAME" of the image that every container runs.
	images  map[string]string
	secrets []string
	running string
	// others are pods and volumes that Podman has, as "pod NAME".
	others []string
}

// status is that of a program which failed.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }
func (s status) ExitCode() int { return int(s) }

// podman answers for Podman.
func (s *fakeSystemd) podman(args []string) (stdout, stderr []byte, err error) {
	last := args[len(args)-1]
	switch strings.Join(args[:min(2, len(args))], " ") {
	case "image exists":
		if s.images[last] == "" {
			return nil, nil, status(1)
		}
	case "image inspect":
		return fmt.Appendf(nil, `[{"Id":%q}]`, s.images[last]), nil, nil
	case "secret exists":
		if !slices.Contains(s.secrets, last) {
			return nil, nil, status(1)
		}
	case "pod exists", "volume exists":
		if !slices.Contains(s.others, args[0]+" "+last) {
			return nil, nil, status(1)
		}
	case "ps --no-trunc":
		return []byte(s.running + "\n"), nil, nil
	case "tag " + args[1]:
		s.images[last] = args[1]
	default:
		return nil, nil, fmt.Errorf("podman %q", args)
	}
	return nil, nil, nil
}

// journal is what journalctl prints in JSON.
func (s *fakeSystemd) journal() []byte {
	var entries []byte
	for line := range strings.Lines(s.said) {
		entries = fmt.Appendf(entries, "{\"MESSAGE\":%q}\n", strings.TrimSuffix(line, "\n"))
	}
	return entries
}

// plain is the file of a unit that Quadlet does not make.
func (s *fakeSystemd) plain(unit string) string {
	return filepath.Join(s.dir, "../../systemd/system", unit)
}

func (s *fakeSystemd) word(service string) string {
	if s.active[service] {
		return "active"
	}
	return "inactive"
}

// unit is the file that a service is made of.
func (s *fakeSystemd) unit(service string) string {
	name := s.dir + "/" + strings.TrimSuffix(service, ".service")
	for _, kind := range []string{"pod", "network"} {
		if short, ok := strings.CutSuffix(name, "-"+kind); ok && exists(short+"."+kind) {
			return short + "." + kind
		}
	}
	return name + ".container"
}

func (s *fakeSystemd) run(_ context.Context, argv []string) (stdout, stderr []byte, err error) {
	if s.active == nil {
		s.active, s.loaded = map[string]bool{}, map[string]bool{}
	}
	service := argv[len(argv)-1]
	unit := s.unit(service)
	switch {
	case argv[0] == "/usr/bin/podman":
		return s.podman(argv[1:])
	case argv[0] == "journalctl":
		return s.journal(), nil, nil
	case argv[0] != "systemctl":
		return nil, []byte("quadlet: unit is broken"), errors.New("exit status 1")
	case slices.Contains(argv, "show") && exists(s.plain(service)):
		return fmt.Appendf(nil, "LoadState=loaded\nActiveState=%s\nSourcePath=\nFragmentPath=%s\n", s.word(service), s.plain(service)), nil, nil
	case slices.Contains(argv, "show"):
		if s.broken || !exists(unit) {
			return []byte("LoadState=not-found\nActiveState=inactive\nSourcePath=\nFragmentPath=\n"), nil, nil
		}
		return []byte("LoadState=loaded\nActiveState=" + s.word(service) + "\nSourcePath=" + unit + "\nFragmentPath=/run/x\n"), nil, nil
	case slices.Contains(argv, "start"), slices.Contains(argv, "restart"):
		for _, other := range argv[slices.Index(argv, "--")+1 : len(argv)-1] {
			s.restarts, s.active[other] = append(s.restarts, other), true
		}
		s.restarts = append(s.restarts, service)
		text, err := os.ReadFile(unit)
		if s.fails[service] || err == nil && s.sick != "" && strings.Contains(string(text), s.sick) {
			return nil, []byte("Job failed"), errors.New("exit status 1")
		}
		s.active[service] = true
	case slices.Contains(argv, "stop"):
		s.active[service] = false
	}
	return nil, nil, nil
}
