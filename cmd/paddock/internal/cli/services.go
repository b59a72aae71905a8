package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/quadlet"
	"github.com/paddock-dev/paddock/transports"
	"github.com/paddock-dev/paddock/transports/registry"
	"github.com/paddock-dev/paddock/transports/source"
)

// Services are what the commands work with. Each is asked for when a command needs it, so that help and version touch
// nothing.
type Services struct {
	// Engine chooses the container engine.
	Engine func(context.Context, *Env) (*engine.Choice, error)
	// Store opens the store that models are kept in.
	Store func(context.Context, *Env) (artifacts.Store, error)
	// Resolver makes the plans of references.
	Resolver func(*Env, *originOptions) (transports.Resolver, error)
	// Registry returns what writes to registries, and signs there.
	Registry func(*Env, *originOptions) (*registry.Resolver, error)
	// Run runs a process of the engine's.
	Run func(context.Context, []string, *engine.Streams) error
	// Quiet runs a process and returns what it wrote; nil really runs it.
	Quiet quadlet.Runner
}

// realServices are those of this machine.
func realServices() *Services {
	return &Services{Engine: chooseEngine, Store: openStore, Resolver: newResolver, Registry: newRegistry, Run: engine.Run}
}

// Store opens the store that models are kept in.
func (e *Env) Store(ctx context.Context) (artifacts.Store, error) { return e.Services.Store(ctx, e) }

// Resolver returns what makes plans of references.
func (e *Env) Resolver(o *originOptions) (transports.Resolver, error) {
	return e.Services.Resolver(e, o)
}

// Registry returns what writes to registries.
func (e *Env) Registry(o *originOptions) (*registry.Resolver, error) {
	return e.Services.Registry(e, o)
}

// Engine returns the container engine, which is chosen once.
func (e *Env) Engine(ctx context.Context) (*engine.Choice, error) {
	e.chosen.mu.Lock()
	defer e.chosen.mu.Unlock()
	if e.chosen.choice != nil {
		return e.chosen.choice, nil
	}
	choice, err := e.Services.Engine(ctx, e)
	if err == nil {
		e.chosen.choice = choice
	}
	return choice, err
}

func chooseEngine(ctx context.Context, env *Env) (*engine.Choice, error) {
	cfg, err := env.Config()
	if err != nil {
		return nil, err
	}
	choice, err := engine.Choose(ctx, &engine.ChooseOptions{
		Requested: cfg.Engine.Name.Value, Origin: cfg.Engine.Name.Origin,
		Podman: &engine.ProbeOptions{Environ: env.Environ(), CacheDir: env.cacheDir()},
	})
	if errors.Is(err, engine.ErrNoEngine) {
		err = WithHint(err, "install podman "+podmanargs.MinNative().String()+" or later, or docker")
	}
	return choice, err
}

// cacheDir is where what Podman says of itself is kept: the user's runtime folder, which ends with the session. "" for none.
func (e *Env) cacheDir() string {
	if dir := e.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return dir
	}
	if os.Geteuid() == 0 {
		return filepath.Join(e.Root, "/run")
	}
	return ""
}

// registryOptions are how registries are reached.
func registryOptions(env *Env, o *originOptions) (*registry.Options, error) {
	cfg, err := env.Config()
	if err != nil {
		return nil, err
	}
	user, password, _ := strings.Cut(o.creds, ":")
	opts := &registry.Options{
		AuthFile: o.authFile, Username: user, Password: password, CertDir: o.certDir,
		UserAgent: appName + "/" + version, Logger: env.Log(), Getenv: env.Getenv, Say: o.say,
		Waiting: func(text string) { ui.Note(env.Err, text) },
		Stall:   time.Duration(cfg.Pull.StallTimeout.Value) * time.Second,
	}
	if o.tlsVerify != types.OptionalBoolUndefined {
		verify := o.tlsVerify == types.OptionalBoolTrue
		opts.TLSVerify = &verify
	}
	return opts, nil
}

func newRegistry(env *Env, o *originOptions) (*registry.Resolver, error) {
	opts, err := registryOptions(env, o)
	if err != nil {
		return nil, err
	}
	return registry.New(opts)
}

func newResolver(env *Env, o *originOptions) (transports.Resolver, error) {
	opts, err := registryOptions(env, o)
	if err != nil {
		return nil, err
	}
	r, err := env.Registry(o)
	if err != nil {
		return nil, err
	}
	sys, err := opts.SystemContext()
	if err != nil {
		return nil, err
	}
	sys.RootForImplicitAbsolutePaths = env.Root
	rows, err := hubRows(env, o, opts.Stall, sys)
	if err != nil {
		return nil, err
	}
	rows = append(rows,
		transports.Transport{Name: "registry", Schemes: []string{"docker", "oci"}, Bare: true, Resolver: r},
		transports.Transport{Name: "rlcr", Schemes: []string{"rlcr"}, Resolver: transports.Below(rlcrFolder, r)})
	web := &source.WebOptions{
		Trust: &source.Trust{Insecure: o.tlsVerify == types.OptionalBoolFalse, CertDir: o.certDir},
		Agent: opts.UserAgent, Authorize: source.BasicAuth(opts.Username, opts.Password), Stall: opts.Stall, Logger: env.Log(),
	}
	table, err := transports.NewTable(append(rows, pathRows(web, sys)...)...)
	if err != nil {
		return nil, err
	}
	return shortNamed(env, table), nil
}
