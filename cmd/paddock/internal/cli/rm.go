package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
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
	var all []*leaving
	var batch []*artifacts.Removal
	for _, typed := range names {
		l := o.leaving(env, typed, services)
		if !o.all { // else the store itself calls it so
			l.Query, l.Err = storedToRemove(ctx, env, store, typed)
		}
		if all = append(all, l); l.Err == nil {
			batch = append(batch, &l.Removal)
		}
	}
	artifacts.RemoveAll(ctx, store, batch)
	var failed, interrupted []error
	for _, l := range all {
		if stopped := ctx.Err(); stopped != nil && !l.Gone && (l.Err == nil || errors.Is(l.Err, stopped)) {
			interrupted = []error{fmt.Errorf("removing %s: %w", l.name, context.Cause(ctx))} // said once
			continue
		}
		failed = append(failed, l.report(env, o))
	}
	return errors.Join(append(failed, interrupted...)...)
}

// storedToRemove is storedAs, and means by a path what was pulled from there, whatever is there by now.
func storedToRemove(ctx context.Context, env *Env, store artifacts.Store, typed string) (string, error) {
	query, err := storedAs(ctx, env, store, typed)
	var changed *changedError
	if errors.As(err, &changed) {
		err = nil
	}
	return query, err
}

// everyName lists what to remove for --all: the names, and the digests of entries that lost theirs.
func everyName(ctx context.Context, store artifacts.Store) ([]string, error) {
	models, err := artifacts.Overview(ctx, store)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range models {
		names = append(names, nameOrDigest(m))
	}
	return names, nil
}

// leaving is a name that is to go, and, once it is gone, what to say of it.
type leaving struct {
	artifacts.Removal
	name string // as the store had it
	say  func()
}

func (o *rmOptions) leaving(env *Env, typed string, services []*quadlet.Installed) *leaving {
	l := &leaving{Removal: artifacts.Removal{Query: typed}, name: typed, say: func() {}}
	l.Admit = func(name string, d digest.Digest) (err error) {
		m := &artifacts.Model{Name: name, Digest: d}
		l.name = nameOrDigest(m)
		l.say, err = o.spare(env, m, services)
		return err
	}
	return l
}

// report prints a name that is gone as the store had it. With --ignore or --all a name that is not there, as when another process was
// quicker, is no error and prints nothing.
func (l *leaving) report(env *Env, o *rmOptions) error {
	var belongs *artifacts.BelongsError
	switch {
	case l.Gone:
		l.say()
		return ui.Text(env.Out, l.name)
	case (o.ignore || o.all) && errors.Is(l.Err, artifacts.ErrNotFound):
		return nil
	case errors.As(l.Err, &belongs):
		return WithHint(l.Err, "paddock rm "+belongs.Owner)
	}
	return hintMissing(l.Err)
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
