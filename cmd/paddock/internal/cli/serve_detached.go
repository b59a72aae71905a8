package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// detached is a server that is left running.
type detached struct {
	argv    []string
	replace bool // a container of that name may be there
}

// serveDetached starts the container and waits until the server in it answers. A container that did not start, or was
// not waited for, is removed again: it would be in the way of the next try. One that ended by itself stays, for its logs.
func serveDetached(ctx context.Context, env *Env, eng engine.Engine, spec *workload.Spec, d *detached) error {
	if !d.replace {
		if err := nameIsFree(ctx, env, eng, spec.Name); err != nil {
			return err
		}
	}
	if err := start(ctx, env, eng, spec.Name, d.argv); err != nil {
		return err
	}
	url := spec.HealthURL()
	if url == "" {
		return nil // nobody on this host can ask
	}
	err := engine.WaitHealthy(ctx, url, &engine.WaitOptions{Exited: func(ctx context.Context) error {
		return stopped(ctx, env, eng, spec.Name)
	}})
	if err != nil {
		err = explainEnded(ctx, env, eng, spec, fmt.Errorf("serving %s: %w", spec.Model, err))
		err = WithHint(err, fmt.Sprintf("%s logs %s", eng.Name(), spec.Name))
		if ctx.Err() != nil {
			err = errors.Join(err, withdraw(ctx, env, eng, spec.Name, err))
		}
		return err
	}
	ui.Note(env.Err, "serving "+spec.Model+" at "+spec.URL()+", by "+spec.Image)
	return nil
}

// start creates the container and starts it, and prints its ID.
func start(ctx context.Context, env *Env, eng engine.Engine, name string, argv []string) error {
	var id bytes.Buffer
	err := env.Services.Run(ctx, argv, &engine.Streams{Out: &id, Err: env.Err})
	if err == nil {
		return ui.Bytes(env.Out, id.Bytes())
	}
	// Docker names what it created before it starts it, whatever the status then is; Podman leaves nothing that did not start.
	if created := strings.TrimSpace(id.String()); created != "" {
		return errors.Join(err, remove(ctx, env, eng, created))
	}
	return errors.Join(err, withdraw(ctx, env, eng, name, err))
}

// nameIsFree refuses a name that a container has.
func nameIsFree(ctx context.Context, env *Env, eng engine.Engine, name string) error {
	err := env.Services.Run(ctx, eng.State(name), &engine.Streams{Out: io.Discard, Err: io.Discard})
	var exit *engine.ExitError
	switch {
	case errors.As(err, &exit):
		return nil // the engine knows no such container
	case err != nil:
		return fmt.Errorf("looking for a container %s: %w", name, err)
	}
	return WithHint(fmt.Errorf("there is a container %s already", name),
		fmt.Sprintf("use --replace, another --name, or: %s rm -f %s", eng.Name(), name))
}

// withdraw removes a container that this command created and did not get to run. With status 125 the engine created none:
// one of that name would be another's.
func withdraw(ctx context.Context, env *Env, eng engine.Engine, name string, why error) error {
	var exit *engine.ExitError
	if errors.As(why, &exit) && exit.Code == exitEngineFirst {
		return nil
	}
	return remove(ctx, env, eng, name)
}

// remove removes a container by its name or ID, even when ctx is done.
func remove(ctx context.Context, env *Env, eng engine.Engine, name string) error {
	err := env.Services.Run(context.WithoutCancel(ctx), eng.Stop(name), &engine.Streams{Out: io.Discard, Err: env.Err})
	if err != nil {
		return fmt.Errorf("removing the container %s: %w", name, err)
	}
	return nil
}
