package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/imagestore"
	"github.com/paddock-dev/paddock/artifacts/podmanstore"
	"github.com/paddock-dev/paddock/artifacts/union"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	"github.com/paddock-dev/paddock/quadlet"
	"github.com/paddock-dev/paddock/transports"
	"github.com/paddock-dev/paddock/transports/registry"
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

// Engine returns the container engine.
func (e *Env) Engine(ctx context.Context) (*engine.Choice, error) { return e.Services.Engine(ctx, e) }

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
		err = WithHint(err, "install podman "+podmanargs.MinNative().String()+" or later")
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

func openStore(ctx context.Context, env *Env) (artifacts.Store, error) {
	choice, err := env.Engine(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case !choice.Native():
		return nil, WithHint(fmt.Errorf("opening the store of %s: %s", choice.Engine.Name(), choice.Reason),
			"models are kept in the artifact store of podman "+podmanargs.MinNative().String()+" or later")
	case choice.Podman.Remote:
		return nil, fmt.Errorf("opening Podman's artifact store: %s talks to a service, and its store is on that machine", choice.Podman.Path)
	}
	store, err := podmanstore.Open(&podmanstore.Options{GraphRoot: choice.Podman.GraphRoot, Logger: env.Log(), Wait: env.tellWait})
	if err != nil {
		return nil, err
	}
	images, err := openImages(env, choice.Podman)
	if err != nil {
		return nil, err
	}
	return union.New(
		union.Member{Store: store, Word: podmanstore.Word, Kinds: []artifacts.Kind{artifacts.KindArtifact}},
		union.Member{Store: images, Word: imagestore.Word, Kinds: []artifacts.Kind{artifacts.KindImage}}), nil
}

func newRegistry(env *Env, o *originOptions) (*registry.Resolver, error) {
	cfg, err := env.Config()
	if err != nil {
		return nil, err
	}
	user, password, _ := strings.Cut(o.creds, ":")
	opts := &registry.Options{
		AuthFile: o.authFile, Username: user, Password: password, CertDir: o.certDir,
		UserAgent: appName + "/" + version, Logger: env.Log(), Getenv: env.Getenv,
		Stall: time.Duration(cfg.Pull.StallTimeout.Value) * time.Second,
	}
	if o.tlsVerify != types.OptionalBoolUndefined {
		verify := o.tlsVerify == types.OptionalBoolTrue
		opts.TLSVerify = &verify
	}
	return registry.New(opts)
}

func newResolver(env *Env, o *originOptions) (transports.Resolver, error) {
	r, err := env.Registry(o)
	if err != nil {
		return nil, err
	}
	return transports.NewTable(
		transports.Transport{Name: "registry", Schemes: []string{"docker"}, Bare: true, Resolver: r},
		transports.Transport{Name: "rlcr", Schemes: []string{"rlcr"}, Resolver: transports.Below(rlcrFolder, r)})
}
