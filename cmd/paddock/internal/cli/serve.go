package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type serveOptions struct {
	model    string
	detach   bool
	dryRun   bool
	replace  bool
	workload workloadOptions
	fetch    fetchOptions
}

func serveCommand(env *Env, run func(context.Context, *Env, *serveOptions) error) *cli.Command {
	var o serveOptions
	return &cli.Command{
		Name: "serve", Usage: "Serve a model in a container", ArgsUsage: "NAME [-- SERVER-ARGS]",
		Description: "Pulls the model if it is missing. The server listens on 127.0.0.1 unless told otherwise, and sees the model's\n" +
			"files under /models. What follows -- is passed to the server.",
		Flags: joinFlags(o.workload.flags(), []cli.Flag{
			&cli.BoolFlag{Name: "detach", Aliases: []string{"d"}, Destination: &o.detach,
				Usage: "return when the server answers, print the container's ID, and leave it running"},
			&cli.BoolFlag{Name: "dry-run", Destination: &o.dryRun, Usage: "print the command that would run, and do nothing"},
			&cli.BoolFlag{Name: "replace", Destination: &o.replace, Usage: "remove a container of the same name first"},
		}, o.fetch.flags()),
		Action: func(c *cli.Context) error {
			if err := exactArgsBefore(c, &o.workload.serverArgs, &o.model); err != nil {
				return err
			}
			if err := o.fetch.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runServe(ctx context.Context, env *Env, o *serveOptions) error {
	opts, err := o.workload.options(env)
	if err != nil {
		return err
	}
	choice, err := reach(ctx, env, opts)
	if err != nil {
		return err
	}
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	o.fetch.admit = func(m *artifacts.Model) error { return servable(m, opts) }
	o.fetch.weigh = weigher(env, choice, opts)
	model, err := serveModel(ctx, env, store, o)
	if err != nil {
		return err
	}
	model, opts = prepare(ctx, env, store, model, opts)
	spec, err := workload.FromModel(model, opts)
	if err != nil {
		return hintUnpack(err, model)
	}
	run := &engine.RunOptions{Detach: o.detach, Replace: o.replace && choice.Docker == nil}
	argv, err := choice.Engine.Command(spec, run)
	if err != nil {
		return err
	}
	commands := [][]string{argv}
	if o.replace && !run.Replace {
		commands = [][]string{choice.Engine.Stop(spec.Name), argv}
	}
	if o.dryRun {
		return printCommands(env, commands)
	}
	if len(commands) > 1 {
		if err := env.Services.Run(ctx, commands[0], &engine.Streams{Out: io.Discard, Err: env.Err}); err != nil {
			return fmt.Errorf("removing the container %s: %w", spec.Name, err)
		}
	}
	if o.detach {
		err := serveDetached(ctx, env, choice.Engine, spec, &detached{argv: argv, replace: o.replace})
		return hintPort(ctx, err, choice.Engine, spec)
	}
	if url := spec.URL(); url != "" {
		ui.Note(env.Err, "serving "+model.Name+" at "+url+", by "+spec.Image)
	}
	return hintPort(ctx, serveForeground(ctx, env, spec, argv), choice.Engine, spec)
}

// printCommands prints command lines as a shell reads them.
func printCommands(env *Env, commands [][]string) error {
	for _, argv := range commands {
		line, err := engine.ShellLine(argv)
		if err != nil {
			return err
		}
		if err := ui.Text(env.Out, line); err != nil {
			return err
		}
	}
	return nil
}

// serveModel returns the model to serve. A dry run pulls nothing.
func serveModel(ctx context.Context, env *Env, store artifacts.Store, o *serveOptions) (*artifacts.Model, error) {
	if !o.dryRun {
		return findOrFetch(ctx, env, store, o.model, &o.fetch)
	}
	model, err := findModel(ctx, env, store, o.model)
	if errors.Is(err, artifacts.ErrNotFound) {
		err = WithHint(err, "paddock pull "+o.model)
	}
	if err != nil {
		return nil, fmt.Errorf("serving %s: %w", o.model, err)
	}
	return model, nil
}
