package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type dfOptions struct {
	format  string
	verbose bool
}

// dfReport is what df prints as JSON; all sizes are bytes on disk.
type dfReport struct {
	Models []dfModel `json:"models"` // never nil
	// Blobs is the sum of all blobs, each counted once; Orphans the part of it that no model needs.
	Blobs     int64 `json:"blobs"`
	Orphans   int64 `json:"orphans"`
	Staging   int64 `json:"staging"`
	Leftovers int64 `json:"leftovers"`
	Total     int64 `json:"total"`
}

type dfModel struct {
	Name   string `json:"name"` // "" for an entry that lost its name
	Digest string `json:"digest"`
	// Own goes with the last name of the digest; Shared is used by other models, too.
	Own    int64 `json:"own"`
	Shared int64 `json:"shared"`
}

// dfRow is one line of the summary, dfModelRow one of the models.
type dfRow struct{ Type, Size, FreedBy string }

type dfModelRow struct{ Name, Digest, Own, Shared string }

const (
	dfTable      = "table {{.Type}}\t{{.Size}}\t{{.FreedBy}}"
	dfModelTable = "table {{.Name}}\t{{.Digest}}\t{{.Own}}\t{{.Shared}}"
)

func dfCommand(env *Env, run func(context.Context, *Env, *dfOptions) error) *cli.Command {
	var o dfOptions
	return &cli.Command{
		Name: "df", Usage: "Show what the store takes on disk",
		Description: "What several models share is counted once. Orphans are blobs that no model needs, leftovers what killed processes\n" +
			"left, and staging is what pulls hold that run or were interrupted.",
		Flags: []cli.Flag{
			formatFlag(&o.format),
			&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Destination: &o.verbose, Usage: "show each model, and what it shares with others"},
		},
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runDf(ctx context.Context, env *Env, o *dfOptions) error {
	meter, err := able[artifacts.Meter](ctx, env, "measuring")
	if err != nil {
		return err
	}
	u, err := meter.Usage(ctx, env.tellWait)
	if err != nil {
		return err
	}
	if ui.IsJSON(o.format) {
		return ui.JSON(env.Out, dfReportOf(u))
	}
	if o.verbose {
		if err := ui.List(env.Out, dfModelRows(u), &ui.ListOptions{Format: o.format, Default: dfModelTable}); err != nil || o.format != "" {
			return asFormatUsage(err)
		}
		if err := ui.Text(env.Out, ""); err != nil {
			return err
		}
	}
	list := &ui.ListOptions{Format: o.format, Default: dfTable, Headers: map[string]string{"FreedBy": "FREED BY"}}
	return asFormatUsage(ui.List(env.Out, dfRows(u), list))
}

func dfReportOf(u *artifacts.Usage) *dfReport {
	r := &dfReport{
		Models: []dfModel{}, Blobs: u.Blobs, Orphans: u.Orphans, Staging: u.Staging, Leftovers: u.Leftovers, Total: u.Total(),
	}
	for _, m := range u.Models {
		r.Models = append(r.Models, dfModel{Name: m.Name, Digest: m.Digest.String(), Own: m.Own, Shared: m.Shared})
	}
	return r
}

func dfRows(u *artifacts.Usage) []dfRow {
	return []dfRow{
		{"models", ui.Size(u.Blobs - u.Orphans), "paddock rm"},
		{"orphans", ui.Size(u.Orphans), "paddock doctor --fix"},
		{"leftovers", ui.Size(u.Leftovers), "paddock doctor --fix"},
		{"staging", ui.Size(u.Staging), "paddock prune"},
		{"total", ui.Size(u.Total()), ""},
	}
}

func dfModelRows(u *artifacts.Usage) []dfModelRow {
	rows := make([]dfModelRow, 0, len(u.Models))
	for _, m := range u.Models {
		row := dfModelRow{Name: m.Name, Digest: ui.ShortDigest(m.Digest), Own: ui.Size(m.Own), Shared: ui.Size(m.Shared)}
		if row.Name == "" {
			row.Name = "<none>"
		}
		rows = append(rows, row)
	}
	return rows
}
