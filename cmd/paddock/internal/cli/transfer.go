package cli

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// transferOptions are those of every command that moves weights.
type transferOptions struct {
	origin   originOptions
	quiet    bool
	progress string
	jobs     *int
}

func (o *transferOptions) flags() []cli.Flag {
	return append(o.origin.flags(),
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Destination: &o.quiet, Usage: "show no progress"},
		&cli.StringFlag{Name: "progress", Destination: &o.progress,
			Usage: "show progress as `KIND`: bars, plain, json or none (default: bars on a terminal, plain elsewhere)"},
		optionalIntFlag(&o.jobs, "", "open at most `N` connections at once", "jobs"),
	)
}

func (o *transferOptions) check() error {
	mode := ui.ProgressMode(o.progress)
	if mode != ui.ProgressAuto && !slices.Contains(ui.ProgressModes(), mode) {
		return usagef("unknown progress %q: want bars, plain, json or none", o.progress)
	}
	if o.quiet && o.progress != "" {
		return usagef("--quiet and --progress cannot be used together")
	}
	return o.origin.check()
}

// show starts showing how blobs arrive.
func (o *transferOptions) show(env *Env) *ui.Progress { return o.showWay(env, false) }

// showWay starts showing how blobs arrive, or how they are sent.
func (o *transferOptions) showWay(env *Env, sends bool) *ui.Progress {
	mode := ui.ProgressMode(o.progress)
	if o.quiet {
		mode = ui.ProgressNone
	}
	return ui.NewProgress(env.Err, &ui.ProgressOptions{Mode: mode, Sends: sends})
}
