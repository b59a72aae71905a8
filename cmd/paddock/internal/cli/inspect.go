package cli

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type inspectOptions struct {
	name   string
	format string
}

// inspection is what inspect prints.
type inspection struct {
	Name      string     `json:"name"`
	Kind      string     `json:"kind"`
	Packaging string     `json:"packaging"`
	Digest    string     `json:"digest"`
	Size      int64      `json:"size"` // bytes
	Created   *time.Time `json:"created"`
	Store     string     `json:"store"`
	// Main is what the server is given, relative to /models; "" if there is nothing to give.
	Main  string        `json:"main"`
	Files []inspectFile `json:"files"`
	// Unservable says why the model cannot be served; left out if it can.
	Unservable string `json:"unservable,omitempty"`
	// GGUF is left out of a model without GGUF files.
	GGUF        *gguf.Facts       `json:"gguf,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type inspectFile struct {
	Path      string `json:"path"`
	Role      string `json:"role"`
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"` // bytes
}

func inspectCommand(env *Env, run func(context.Context, *Env, *inspectOptions) error) *cli.Command {
	var o inspectOptions
	return &cli.Command{
		Name: "inspect", Usage: "Show a model's files and facts", ArgsUsage: "NAME",
		Description: "NAME is a name as the store has it, a digest, or the unique beginning of one.",
		Flags:       []cli.Flag{formatFlag(&o.format)},
		Action: func(c *cli.Context) error {
			if err := exactArgs(c, &o.name); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runInspect(ctx context.Context, env *Env, o *inspectOptions) error {
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	model, err := findModel(ctx, env, store, o.name)
	if err != nil {
		return hintMissing(err)
	}
	facts, err := ggufFacts(ctx, store, model)
	if err != nil {
		ui.Warning(env.Err, err.Error())
	}
	format := o.format
	if format == "" {
		format = "json"
	}
	return asFormatUsage(ui.Object(env.Out, inspectionOf(model, facts), format, ""))
}

func inspectionOf(m *artifacts.Model, facts *gguf.Facts) *inspection {
	i := &inspection{
		Name: m.Name, Kind: string(m.Kind), Packaging: string(m.Packaging.Format), Digest: m.Digest.String(), Size: m.Size,
		Store: m.Store, Main: m.Packaging.Main, Files: []inspectFile{}, GGUF: facts, Annotations: m.Annotations,
	}
	if !m.Created.IsZero() {
		i.Created = &m.Created
	}
	if m.Packaging.Unservable != nil {
		i.Unservable = m.Packaging.Unservable.Error()
	}
	for _, f := range m.Packaging.Files {
		i.Files = append(i.Files, inspectFile{
			Path: f.Path, Role: string(f.Role), MediaType: f.MediaType, Digest: f.Digest.String(), Size: f.Size,
		})
	}
	return i
}
