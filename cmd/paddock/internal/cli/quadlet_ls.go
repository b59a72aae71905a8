package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/quadlet"
)

type quadletLsOptions struct {
	format    string
	noHeading bool
}

// quadletRow is a service in a list.
type quadletRow struct {
	Name   string `json:"name"`
	Model  string `json:"model"`
	Digest string `json:"digest"`
	Image  string `json:"image"`
	// Status is systemd's word: active, activating, inactive, failed; and listening of one that is started on demand.
	Status string `json:"status"`
	// Pod is the pod that it is in; "" if it is in none.
	Pod  string `json:"pod"`
	Unit string `json:"unit"`
	Path string `json:"path"`
}

const quadletTable = "table {{.Name}}\t{{.Model}}\t{{.Status}}\t{{.Unit}}"

func quadletLsCommand(env *Env, run func(context.Context, *Env, *quadletLsOptions) error) *cli.Command {
	var o quadletLsOptions
	return &cli.Command{
		Name: "ls", Aliases: []string{"list"}, Usage: "List the services that paddock installed",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Destination: &o.format,
				Usage: "print as `FORMAT`: table, json, table TEMPLATE, or a Go template for each service"},
			&cli.BoolFlag{Name: "noheading", Aliases: []string{"n"}, Destination: &o.noHeading, Usage: "print no column headings"},
		},
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runQuadletLs(ctx context.Context, env *Env, o *quadletLsOptions) error {
	units, err := installer(ctx, env)
	if err != nil {
		return err
	}
	all, unreadable := units.List()
	rows := make([]quadletRow, 0, len(all))
	for _, u := range all {
		status, err := serviceStatus(ctx, units, u)
		if err != nil {
			return err
		}
		rows = append(rows, quadletRow{
			Name: u.Name, Model: u.Model, Digest: u.Digest, Image: u.Image, Status: status, Pod: u.Pod, Unit: u.Service, Path: u.Path,
		})
	}
	if o.format == "table" {
		o.format = ""
	}
	list := &ui.ListOptions{Format: o.format, Default: quadletTable, NoHeading: o.noHeading}
	if err := asFormatUsage(ui.List(env.Out, rows, list)); err != nil {
		return err
	}
	return unreadable
}

// serviceStatus is how a service is; of one that is not needed now, how its socket is.
func serviceStatus(ctx context.Context, units *quadlet.Installer, u *quadlet.Installed) (string, error) {
	state, err := units.Systemctl.State(ctx, u.Service)
	if err != nil {
		return "", err
	}
	if state.Active != "inactive" || u.Socket() == "" {
		return state.Active, nil
	}
	if socket, err := units.Systemctl.IsActive(ctx, u.Socket()); err != nil || !socket {
		return state.Active, err
	}
	return "listening", nil
}
