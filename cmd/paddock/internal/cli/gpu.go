package cli

import (
	"cmp"
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/gpu"
)

type gpuOptions struct {
	format    string
	noHeading bool
}

// gpuRow is an accelerator in a table or a template.
type gpuRow struct {
	Index                                                       int
	Kind, Name, Arch, Memory, Driver, Address, Reached, Missing string
	// Fix is the command that brings what is missing; "" if there is none.
	Fix string
}

const gpuTable = "table {{.Index}}\t{{.Kind}}\t{{.Name}}\t{{.Memory}}\t{{.Driver}}\t{{.Reached}}\t{{.Missing}}"

// gpuRuns are what the commands about accelerators do.
type gpuRuns struct {
	list func(context.Context, *Env, *gpuOptions) error
	fit  func(context.Context, *Env, *fitOptions) error
}

func gpuCommand(env *Env, run *gpuRuns) *cli.Command {
	var o gpuOptions
	return &cli.Command{
		Name: "gpu", Usage: "Show the accelerators of this machine, and how a container reaches them",
		Description: "Reads files of the kernel and of CDI; of NVIDIA's GPUs, nvidia-smi is asked for the memory, which no file tells.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Destination: &o.format,
				Usage: "print as `FORMAT`: table, json, table TEMPLATE, or a Go template for each accelerator"},
			&cli.BoolFlag{Name: "noheading", Aliases: []string{"n"}, Destination: &o.noHeading, Usage: "print no column headings"},
		},
		Subcommands: []*cli.Command{gpuFitCommand(env, run.fit)},
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			return run.list(c.Context, env, &o)
		},
	}
}

func runGPU(ctx context.Context, env *Env, o *gpuOptions) error {
	found, err := accelerators(ctx, env, nil, true)
	if err != nil {
		return err
	}
	if ui.IsJSON(o.format) {
		return ui.JSON(env.Out, append([]gpu.Accelerator{}, found...))
	}
	rows := make([]gpuRow, 0, len(found))
	for i := range found {
		rows = append(rows, gpuRowOf(&found[i]))
	}
	format := o.format
	if format == "table" {
		format = ""
	}
	list := &ui.ListOptions{Format: format, Default: gpuTable, NoHeading: o.noHeading}
	if err := asFormatUsage(ui.List(env.Out, rows, list)); err != nil {
		return err
	}
	for _, r := range rows {
		if r.Fix != "" && format == "" {
			ui.Note(env.Err, "for "+cmp.Or(r.Name, r.Kind)+": "+r.Fix)
		}
	}
	if len(found) == 0 && format == "" {
		ui.Note(env.Err, "there is no accelerator; models are served by the processor")
	}
	return nil
}

func gpuRowOf(a *gpu.Accelerator) gpuRow {
	row := gpuRow{
		Index: a.Index, Kind: string(a.Kind), Name: a.Name, Arch: a.Arch, Memory: "?", Address: a.Address,
		Driver: strings.TrimSpace(a.Driver + " " + a.DriverVersion), Reached: strings.Join(a.Way(), " "),
	}
	if a.Memory >= 0 {
		row.Memory = ui.Size(a.Memory)
	}
	if a.Shared {
		row.Memory += " shared"
	}
	var lacks []string
	for _, m := range a.Missing {
		lacks = append(lacks, m.What)
		row.Fix = cmp.Or(row.Fix, m.Fix)
	}
	row.Missing = strings.Join(lacks, "; ")
	return row
}
