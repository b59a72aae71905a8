package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/quadlet"
)

type rmOptions struct {
	names  []string
	all    bool
	ignore bool
	force  bool
}

func rmCommand(env *Env, run func(context.Context, *Env, *rmOptions) error) *cli.Command {
	var o rmOptions
	return &cli.Command{
		Name: "rm", Aliases: []string{"remove"}, Usage: "Remove models from Podman's storage", ArgsUsage: "NAME...",
		Description: "Content that another name uses stays. The exit status is 0 only if every name is gone.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Destination: &o.all, Usage: "remove every model, whoever pulled it"},
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Destination: &o.force, Usage: "remove also what an installed service needs"},
			&cli.BoolFlag{Name: "ignore", Aliases: []string{"i"}, Destination: &o.ignore, Usage: "a name that is not there is no error"},
		},
		Action: func(c *cli.Context) error {
			o.names = allArgs(c)
			switch {
			case o.all && len(o.names) > 0:
				return usagef("rm takes NAME... or --all, not both")
			case !o.all && len(o.names) == 0:
				return usagef("rm takes NAME..., got none")
			case slices.Contains(o.names, ""):
				return usagef("rm takes NAME..., got an empty argument")
			}
			return run(c.Context, env, &o)
		},
	}
}

func runRm(ctx context.Context, env *Env, o *rmOptions) error {
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	services := installedServices(ctx, env)
	names := o.names
	if o.all {
		if names, err = everyName(ctx, store); err != nil {
			return err
		}
	}
	var failed []error
	for _, n := range names {
		if err := removeOne(ctx, env, store, n, services, o); err != nil {
			failed = append(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

// everyName lists what to remove for --all: the names, and the digests of entries that lost theirs.
func everyName(ctx context.Context, store artifacts.Store) ([]string, error) {
	models, err := store.List(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range models {
		names = append(names, nameOrDigest(m))
	}
	return names, nil
}

// removeOne removes a name and prints it as the store had it. With --ignore or --all a name that is not there, as when another
// process was quicker, is no error and prints nothing.
func removeOne(ctx context.Context, env *Env, store artifacts.Store, typed string, services []*quadlet.Installed, o *rmOptions) error {
	gone := typed
	say := func() {}
	query, err := storedAs(ctx, env, store, typed)
	if err == nil {
		if m, findErr := store.Find(ctx, query); findErr == nil { // else Remove says why
			gone = nameOrDigest(m)
			say, err = o.spare(env, m, services)
		}
	}
	if err == nil {
		err = store.Remove(ctx, query)
	}
	var belongs *artifacts.BelongsError
	switch {
	case (o.ignore || o.all) && errors.Is(err, artifacts.ErrNotFound):
		return nil
	case errors.As(err, &belongs):
		return WithHint(err, "paddock rm "+belongs.Owner)
	case err != nil:
		return hintMissing(err)
	}
	say()
	return ui.Text(env.Out, gone)
}

// installedServices are the services of the user, or of the system. Where there are none, or nobody can say, models are removed as
// Podman does it.
func installedServices(ctx context.Context, env *Env) []*quadlet.Installed {
	units, err := installer(ctx, env)
	if err != nil {
		env.Log().Debug("looking for no services", "reason", err)
		return nil
	}
	all, err := units.List()
	if err != nil {
		ui.Warning(env.Err, "services that cannot be read may need what is removed: "+err.Error())
	}
	return all
}

// spare refuses to remove the entry that keeps the model of a service, as podman rmi refuses an image that a container uses. What
// the removal means for the services is for say to tell, once it is done: of a model that a service keeps by another entry, that its
// files stay.
func (o *rmOptions) spare(env *Env, m *artifacts.Model, services []*quadlet.Installed) (say func(), err error) {
	var needed, kept []string
	for _, s := range services {
		switch {
		case s.Source == m.Name:
			needed = append(needed, s.Name)
		case s.Digest == m.Digest.String():
			kept = append(kept, s.Name)
		}
	}
	who := "service " + strings.Join(append(needed, kept...), ", ")
	switch {
	case len(needed) > 0 && !o.force:
		err := fmt.Errorf("removing %s: in use by the %s", m.Name, who)
		return nil, WithHint(err, "paddock quadlet rm "+strings.Join(needed, " ")+", or paddock rm --force")
	case len(needed) > 0:
		return func() {
			ui.Warning(env.Err, fmt.Sprintf("%s was needed by the %s, which pulls it again when it starts", m.Name, who))
		}, nil
	case len(kept) > 0 && !o.all:
		return func() { ui.Note(env.Err, fmt.Sprintf("the files of %s stay for the %s", m.Name, who)) }, nil
	}
	return func() {}, nil
}
