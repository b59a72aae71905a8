package cli

import (
	"context"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type doctorOptions struct {
	fix    bool
	age    *time.Duration
	format string
}

func doctorCommand(env *Env, run func(context.Context, *Env, *doctorOptions) error) *cli.Command {
	var o doctorOptions
	return &cli.Command{
		Name: "doctor", Usage: "Find what crashes left in the store, and mend it",
		Description: "Prints each problem, and what --fix would do about it. What any process uses is left alone, and so are files that\n" +
			"are younger than an hour: another tool may be about to use them. The exit status is 0 if nothing is wrong, or all\n" +
			"was mended.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "fix", Destination: &o.fix, Usage: "say what will be done, and do it"},
			optionalDurationFlag(&o.age, "1h", "leave files alone that are younger than `DURATION`, such as 30m or 0", "age"),
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Destination: &o.format,
				Usage: "print as `FORMAT`: json, or a Go template for each problem"},
		},
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runDoctor(ctx context.Context, env *Env, o *doctorOptions) error {
	// A template that is wrong is refused before anything is mended.
	if err := ui.List(io.Discard, []doctorRow{{}}, &ui.ListOptions{Format: o.format, Default: doctorTable}); err != nil {
		return asFormatUsage(err)
	}
	store, err := able[artifacts.Doctor](ctx, env, "examining")
	if err != nil {
		return err
	}
	visit := &doctorVisit{env: env, store: store, options: o, opts: &artifacts.DoctorOptions{Wait: env.tellWait}}
	if o.age != nil {
		visit.opts.Grace = *o.age
		if *o.age == 0 {
			visit.opts.Grace = -1
		}
	}
	return visit.run(ctx)
}

// doctorItem is a finding in JSON.
type doctorItem struct {
	Kind string `json:"kind"`
	// Name, Digest and Path say where; each is "" if it does not apply.
	Name   string `json:"name"`
	Digest string `json:"digest"`
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"` // of the file
	// Problem is what was seen, Action what --fix does, or what is to be done where Mendable is false.
	Problem  string `json:"problem"`
	Action   string `json:"action"`
	Mendable bool   `json:"mendable"`
	Mended   bool   `json:"mended"`
}

// doctorRow is a finding in a table or a template.
type doctorRow struct {
	Kind, Where, Size, Problem, Action string
	Mended                             bool
}

const doctorTable = "table {{.Kind}}\t{{.Size}}\t{{.Action}}\t{{.Where}}\t{{.Problem}}"

// checkup is a finding, and whether it is mended.
type checkup struct {
	artifacts.Finding
	mended bool
}

func doctorItems(all []checkup) []doctorItem {
	items := make([]doctorItem, 0, len(all))
	for _, c := range all {
		items = append(items, doctorItem{
			Kind: string(c.Kind), Name: c.Name, Digest: c.Digest.String(), Path: c.Path, Bytes: c.Bytes,
			Problem: c.Detail, Action: c.Action, Mendable: c.Mendable, Mended: c.mended,
		})
	}
	return items
}

func doctorRows(all []checkup) []doctorRow {
	rows := make([]doctorRow, 0, len(all))
	for _, c := range all {
		row := doctorRow{Kind: string(c.Kind), Where: whereOf(&c.Finding), Problem: c.Detail, Action: c.Action, Mended: c.mended}
		if c.Bytes > 0 {
			row.Size = ui.Size(c.Bytes)
		}
		rows = append(rows, row)
	}
	return rows
}

// whereOf is what a person looks for: a model by its name, a file by its path.
func whereOf(f *artifacts.Finding) string {
	switch {
	case f.Path != "":
		return f.Path
	case f.Name != "":
		return f.Name
	case f.Digest != "":
		return f.Digest.String()
	}
	return "index.json"
}
