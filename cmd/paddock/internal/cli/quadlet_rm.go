package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/quadlet"
)

type quadletRmOptions struct {
	names  []string
	ignore bool
}

func quadletRmCommand(env *Env, run func(context.Context, *Env, *quadletRmOptions) error) *cli.Command {
	var o quadletRmOptions
	return &cli.Command{
		Name: "rm", Aliases: []string{"remove"}, Usage: "Stop and remove services that paddock installed", ArgsUsage: "NAME...",
		Description: "The model stays in the store under the name that it was pulled by.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "ignore", Aliases: []string{"i"}, Destination: &o.ignore, Usage: "a service that is not there is no error"},
		},
		Action: func(c *cli.Context) error {
			typed := allArgs(c)
			if len(typed) == 0 {
				return usagef("rm takes NAME..., got none")
			}
			var err error
			if o.names, err = unitNames(typed); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runQuadletRm(ctx context.Context, env *Env, o *quadletRmOptions) (err error) {
	units, err := installer(ctx, env)
	if err != nil {
		return err
	}
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	locked, err := lockUnits(ctx, env, units, false)
	if err != nil {
		return fmt.Errorf("removing units: %w", err)
	}
	defer func() { err = errors.Join(err, locked.Unlock()) }()
	var failed, inUse []error
	left := map[string]*leftPod{}
	names := o.names
	for before := 0; len(names) != before; { // what was in use may not be any more
		before, inUse = len(names), nil
		var later []string
		for _, name := range names {
			removed, err := removeService(ctx, env, store, locked, name)
			noteLeft(left, removed)
			switch {
			case errors.Is(err, quadlet.ErrInUse):
				later, inUse = append(later, name), append(inUse, err)
			case !o.ignore || !errors.Is(err, artifacts.ErrNotFound):
				failed = append(failed, err)
			}
		}
		names = later
	}
	tellLeft(ctx, env, locked.Installer, left)
	return errors.Join(append(failed, inUse...)...)
}

// leftPod is a pod that services have left.
type leftPod struct {
	service string
	names   []string
}

func noteLeft(left map[string]*leftPod, removed *quadlet.Installed) {
	if removed == nil || removed.Pod == "" || removed.Publish == "" {
		return
	}
	if left[removed.Pod] == nil {
		left[removed.Pod] = &leftPod{service: removed.PodService()}
	}
	left[removed.Pod].names = append(left[removed.Pod].names, removed.Name)
}

// tellLeft says which pods still have the ports of services that are gone: a pod keeps those that it was started with.
func tellLeft(ctx context.Context, env *Env, units *quadlet.Installer, left map[string]*leftPod) {
	for _, pod := range slices.Sorted(maps.Keys(left)) {
		of := left[pod]
		if up, err := units.Systemctl.IsActive(ctx, of.service); err != nil || !up {
			continue // it went with them, or nothing is known of it
		}
		ui.Note(env.Err, fmt.Sprintf("the pod %s keeps the %s of %s until it is restarted: %s", pod, plural(len(of.names), "port"),
			strings.Join(of.names, ", "), systemctl(units, "restart", of.service)))
	}
}

// removeService removes a service, and the pins that it alone needs. It returns the service if it is gone, be it beside an error.
func removeService(ctx context.Context, env *Env, store artifacts.Store, locked *quadlet.Locked, name string) (*quadlet.Installed, error) {
	cutOff, err := locked.Kept(name)
	if err != nil { // the service can go all the same
		ui.Warning(env.Err, fmt.Sprintf("the model of an update of %s that was cut off may stay: %v", name, err))
	}
	removed, err := locked.Remove(ctx, name)
	if removed != nil { // be it that systemd does not know
		err = errors.Join(err, unpin(ctx, store, locked, removed))
		if cutOff != nil {
			err = errors.Join(err, unpin(ctx, store, locked, cutOff))
		}
		if _, err := os.Stat(removed.Path + ".d"); err == nil {
			ui.Note(env.Err, "your drop-ins stay, for the next service of that name: "+removed.Path+".d")
		}
	}
	if err != nil {
		return removed, err
	}
	return removed, ui.Text(env.Out, name)
}
