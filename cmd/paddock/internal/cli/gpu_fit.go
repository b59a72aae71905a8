package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/gpu"
	"github.com/paddock-dev/paddock/gpu/fit"
)

type fitOptions struct {
	model   string
	ctxSize *int
	memory  int64
	format  string
	origin  originOptions
}

// fitReport is what gpu fit prints in JSON.
type fitReport struct {
	Model string `json:"model"`
	// Places are the accelerators, all of a kind together where there are several, and the processor.
	Places []fitPlace `json:"places"`
}

type fitPlace struct {
	Place string `json:"place"`
	fit.Advice
}

// fitRow is a place in a table or a template.
type fitRow struct{ Place, Memory, Weights, Cache, Compute, Total, Context, Fits, Proposal string }

const fitTable = "table {{.Place}}\t{{.Memory}}\t{{.Weights}}\t{{.Cache}}\t{{.Compute}}\t{{.Total}}\t{{.Fits}}\t{{.Proposal}}"

func gpuFitCommand(env *Env, run func(context.Context, *Env, *fitOptions) error) *cli.Command {
	var o fitOptions
	return &cli.Command{
		Name: "fit", Usage: "Estimate whether a model fits, and what would", ArgsUsage: "NAME",
		Description: "Of a model that is not in the store, only the manifest and the header of its weights are read, where it is published.",
		Flags: joinFlags([]cli.Flag{
			optionalIntFlag(&o.ctxSize, "", "estimate for a context of `N` tokens; 0 is the model's own", "ctx-size", "c"),
			&boundFlag{names: []string{"memory"}, usage: "estimate for a memory of `SIZE`, as 24GiB, instead of this machine's", set: func(s string) (err error) {
				o.memory, err = parseSize(s)
				return err
			}},
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Destination: &o.format,
				Usage: "print as `FORMAT`: table, json, table TEMPLATE, or a Go template for each place"},
		}, o.origin.flags()),
		Action: func(c *cli.Context) error {
			if err := exactArgs(c, &o.model); err != nil {
				return err
			}
			if o.ctxSize != nil && *o.ctxSize < 0 {
				return usagef("--ctx-size %d: it must not be negative", *o.ctxSize)
			}
			if err := o.origin.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runGPUFit(ctx context.Context, env *Env, o *fitOptions) error {
	name, model, err := modelToFit(ctx, env, o)
	if err != nil {
		return err
	}
	places, err := placesToFit(ctx, env, o)
	if err != nil {
		return err
	}
	opts := &fit.Options{}
	if o.ctxSize != nil {
		opts.Context = int64(*o.ctxSize)
	}
	report := &fitReport{Model: name, Places: []fitPlace{}}
	var rows []fitRow
	for _, p := range places {
		advice := fit.For(model, opts, max(p.memory, 0))
		report.Places = append(report.Places, fitPlace{Place: p.name, Advice: advice})
		rows = append(rows, fitRowOf(&advice, &p))
	}
	if ui.IsJSON(o.format) {
		return ui.JSON(env.Out, report)
	}
	format := o.format
	if format == "table" {
		format = ""
	}
	if model.KVPerToken == 0 && format == "" {
		ui.Warning(env.Err, "the header of "+name+" does not tell its shape: only the weights count")
	}
	return asFormatUsage(ui.List(env.Out, rows, &ui.ListOptions{Format: format, Default: fitTable}))
}

// modelToFit finds the model in the store, or else where it is published.
func modelToFit(ctx context.Context, env *Env, o *fitOptions) (name string, model *fit.Model, err error) {
	store, err := env.Store(ctx)
	if err != nil {
		return "", nil, err
	}
	found, err := findModel(ctx, env, store, o.model)
	reader, readable := store.(artifacts.Reader)
	var changed *changedError
	switch {
	case errors.Is(err, artifacts.ErrNotFound), errors.Is(err, artifacts.ErrNameTaken), errors.As(err, &changed), err == nil && !readable:
	case err != nil:
		return "", nil, err
	default:
		model, err = fitModel(ctx, reader, found)
		return nameOrDigest(found), model, err
	}
	resolver, err := env.Resolver(&o.origin)
	if err != nil {
		return "", nil, err
	}
	plan, err := resolver.Resolve(ctx, o.model)
	if err != nil {
		return "", nil, hintFetch(namingAs("estimating", o.model, err), o.model, &o.origin)
	}
	if plan.Complete != nil {
		pending, at, err := lookAtPending(ctx, plan)
		if err == nil {
			model, err = fitModel(ctx, at, pending)
		}
		if err != nil {
			return "", nil, WithHint(fmt.Errorf("estimating %s: %w", o.model, err), "paddock pull "+o.model)
		}
		return plan.Name.String(), model, nil
	}
	planned, err := plannedModel(plan)
	if err != nil {
		return "", nil, err
	}
	model, err = fitModel(ctx, newRemotePlan(plan), planned)
	return planned.Name, model, err
}

// placesToFit are each accelerator, those of a kind together, and the processor.
func placesToFit(ctx context.Context, env *Env, o *fitOptions) ([]place, error) {
	if o.memory > 0 {
		return []place{{name: "given", memory: o.memory, layers: true}}, nil
	}
	found, err := accelerators(ctx, env, nil, true)
	if err != nil {
		return nil, err
	}
	var places []place
	for _, kind := range gpu.Kinds() {
		var same gpu.Access
		for i := range found {
			if found[i].Kind != kind {
				continue
			}
			same.Chosen = append(same.Chosen, found[i])
			places = append(places, place{name: fmt.Sprintf("%d: %s", i, found[i].Name), memory: found[i].Memory, layers: true})
		}
		if len(same.Chosen) > 1 {
			places = append(places, place{name: "all: " + accessName(&same), memory: same.Memory(), layers: true})
		}
	}
	host, err := hostPlace(env)
	if err != nil {
		return nil, err
	}
	return append(places, *host), nil
}

func fitRowOf(a *fit.Advice, p *place) fitRow {
	e := a.Estimate
	row := fitRow{
		Place: p.name, Memory: "?", Weights: ui.Size(e.Weights), Cache: ui.Size(e.Cache), Compute: ui.Size(e.Compute), Total: ui.Size(e.Total()),
		Context: fmt.Sprint(e.Context), Fits: "?",
	}
	if p.memory > 0 {
		row.Memory, row.Fits, row.Proposal = ui.Size(p.memory), map[bool]string{true: "yes", false: "no"}[a.Fits], proposal(a, p)
	}
	return row
}

func joinOr(ways []string) string { return strings.Join(ways, ", or ") }

func sectionOf(r io.ReaderAt, size int64) io.Reader { return io.NewSectionReader(r, 0, size) }
