package cli

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type lsOptions struct {
	format    string
	quiet     bool
	noHeading bool
	noTrunc   bool
}

// lsItem is a model in JSON.
type lsItem struct {
	Name      string `json:"name"` // "" for an entry that lost its name
	Kind      string `json:"kind"`
	Packaging string `json:"packaging"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"` // bytes
	// Created is null when the publisher does not say.
	Created *time.Time `json:"created"`
	Store   string     `json:"store"`
}

// lsRow is a model in a table or a template.
type lsRow struct {
	Name, Kind, Packaging, Digest, Size, Created, Store string
}

const lsTable = "table {{.Name}}\t{{.Packaging}}\t{{.Digest}}\t{{.Created}}\t{{.Size}}"

func lsCommand(env *Env, run func(context.Context, *Env, *lsOptions) error) *cli.Command {
	var o lsOptions
	return &cli.Command{
		Name: "ls", Aliases: []string{"list"}, Usage: "List the models in Podman's storage",
		Description: "Whoever pulled them: paddock shows what podman artifact ls shows, and of podman images those that carry a model.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Destination: &o.format,
				Usage: "print as `FORMAT`: table, json, table TEMPLATE, or a Go template for each model"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Destination: &o.quiet, Usage: "print only the names"},
			&cli.BoolFlag{Name: "noheading", Aliases: []string{"n"}, Destination: &o.noHeading, Usage: "print no column headings"},
			&cli.BoolFlag{Name: "no-trunc", Destination: &o.noTrunc, Usage: "print whole digests"},
		},
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			if o.quiet && o.format != "" {
				return usagef("--quiet and --format cannot be used together")
			}
			return run(c.Context, env, &o)
		},
	}
}

func runLs(ctx context.Context, env *Env, o *lsOptions) error {
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	models, err := artifacts.Overview(ctx, store)
	if err != nil {
		return err
	}
	switch {
	case o.quiet:
		for _, m := range models {
			if err := ui.Text(env.Out, nameOrDigest(m)); err != nil {
				return err
			}
		}
		return nil
	case ui.IsJSON(o.format):
		return ui.JSON(env.Out, lsItems(models))
	}
	if o.format == "table" {
		o.format = ""
	}
	list := &ui.ListOptions{Format: o.format, Default: lsTable, NoHeading: o.noHeading}
	return asFormatUsage(ui.List(env.Out, lsRows(models, o.noTrunc, time.Now()), list))
}

func lsItems(models []*artifacts.Model) []lsItem {
	items := make([]lsItem, 0, len(models))
	for _, m := range models {
		item := lsItem{
			Name: m.Name, Kind: string(m.Kind), Packaging: string(m.Packaging.Format), Digest: m.Digest.String(),
			Size: m.Size, Store: m.Store,
		}
		if !m.Created.IsZero() {
			item.Created = &m.Created
		}
		items = append(items, item)
	}
	return items
}

func lsRows(models []*artifacts.Model, noTrunc bool, now time.Time) []lsRow {
	rows := make([]lsRow, 0, len(models))
	for _, m := range models {
		row := lsRow{
			Name: m.Name, Kind: string(m.Kind), Packaging: string(m.Packaging.Format), Digest: ui.ShortDigest(m.Digest),
			Size: ui.Size(m.Size), Created: ui.Age(m.Created, now), Store: m.Store,
		}
		if row.Name == "" {
			row.Name = "<none>"
		}
		if noTrunc {
			row.Digest = m.Digest.String()
		}
		rows = append(rows, row)
	}
	return rows
}
