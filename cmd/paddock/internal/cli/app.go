// Package cli is paddock's command line: one file per command, which turns flags into an options struct and makes one
// call.
//
// The framework, urfave/cli v2, ends at each command's Action: what runs a command never sees it. Its traps are closed
// in this package once: permute puts flags where it looks for them, harden turns off its own printing, exiting and
// helping, and the tree is built anew for every run. No flag is looked up by name.
package cli

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

const appName = "paddock"

// Run runs one command line; args are the words after the program's name. It prints results only: the caller prints the
// error with Hints, and exits with ExitCode. A cancelled ctx means that a signal came.
func Run(ctx context.Context, env *Env, args []string) error {
	e := env.forRun()
	if len(args) == 1 && args[0] == imagesWord {
		return serveImages(ctx, e)
	}
	app := newApp(e)
	ordered, l, err := permute(grammarOf(app), args)
	switch {
	case err != nil:
	case l.help:
		err = showHelp(e, app, l.path)
	default:
		err = app.RunContext(ctx, append([]string{app.Name}, ordered...))
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", errInterrupted, err)
	}
	if ExitCode(err) == exitUsage && len(Hints(err)) == 0 {
		return WithHint(err, fmt.Sprintf("see \"%s --help\"", strings.Join(append([]string{app.Name}, l.path...), " ")))
	}
	return err
}

// newApp builds the command tree for one run.
func newApp(env *Env) *cli.App {
	app := &cli.App{
		Name:        appName,
		Usage:       "Bring AI models to Podman, and serve them",
		Description: rootDescription,
		Version:     version,
		Compiled:    time.Unix(1, 0), // else the library looks for the program's file
		Reader:      env.In, Writer: env.Out, ErrWriter: env.Err,
		HideHelp: true, HideVersion: true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {}, // else it exits the process
		OnUsageError:              onUsageError,
		Flags:                     env.globals.flags(),
		Before:                    env.start,
		Commands:                  commands(env),
	}
	app.Commands = append(app.Commands, completionCommand(env, app, runCompletion), helpCommand(env, app))
	app.Action = func(c *cli.Context) error {
		if env.globals.version {
			return runVersion(c.Context, env, &versionOptions{})
		}
		return usagef("missing command")
	}
	harden(app.Commands)
	return app
}

const rootDescription = "paddock pulls AI models that are published as OCI artifacts or images into Podman's own storage, and serves\n" +
	"them as containers or, through Quadlet, as services."

// commands lists the commands in the order of help; those that need the tree itself come after them.
func commands(env *Env) []*cli.Command {
	return []*cli.Command{
		pullCommand(env, runPull),
		packCommand(env, runPack),
		pushCommand(env, runPush),
		copyCommand(env, runCopy),
		convertCommand(env, runConvert),
		tagsCommand(env, runTags),
		loginCommand(env, runLogin),
		logoutCommand(env, runLogout),
		lsCommand(env, runLs),
		inspectCommand(env, runInspect),
		rmCommand(env, runRm),
		serveCommand(env, runServe),
		quadletCommand(env, &quadletRuns{
			generate: runQuadletGenerate, install: runQuadletInstall, ls: runQuadletLs, print: runQuadletPrint, rm: runQuadletRm, update: runQuadletUpdate,
		}),
		kubeCommand(env, runKube),
		composeCommand(env, runCompose),
		gpuCommand(env, &gpuRuns{list: runGPU, fit: runGPUFit}),
		ensureCommand(env, runEnsure),
		dfCommand(env, runDf),
		pruneCommand(env, runPrune),
		doctorCommand(env, runDoctor),
		infoCommand(env, runInfo),
		versionCommand(env, runVersion),
	}
}

// harden closes the library's traps on every command. A command with sub-commands gets an action for when none is named.
func harden(commands []*cli.Command) {
	for _, c := range commands {
		c.HideHelp, c.HideHelpCommand = true, true
		c.OnUsageError = onUsageError
		if len(c.Subcommands) > 0 && c.Action == nil {
			c.Action = func(*cli.Context) error { return usagef("missing command") }
		}
		harden(c.Subcommands)
	}
}

// onUsageError turns what the flag package says of a bad value into a usage error that spells the flag as typed.
func onUsageError(_ *cli.Context, err error, _ bool) error {
	return usagef("%s", oneDash.ReplaceAllString(err.Error(), " for ${1}--$2: "))
}

var oneDash = regexp.MustCompile(` for (?:(flag )-|-)([a-z][-a-z]*): `)
