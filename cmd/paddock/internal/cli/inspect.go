package cli

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/artifacts/safetensors"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type inspectOptions struct {
	name   string
	format string
	remote bool
	origin originOptions
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
	// GGUF and Safetensors are left out of a model without such files.
	GGUF        *gguf.Facts        `json:"gguf,omitempty"`
	Safetensors *safetensors.Facts `json:"safetensors,omitempty"`
	Annotations map[string]string  `json:"annotations,omitempty"`
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
		Description: "NAME is a name as the store has it, a digest, or the unique beginning of one. With --remote it is a reference as for\n" +
			"pull: nothing is stored, and of the weights only the headers are read.",
		Flags: append([]cli.Flag{
			formatFlag(&o.format),
			&cli.BoolFlag{Name: "remote", Aliases: []string{"r"}, Destination: &o.remote, Usage: "look at the origin instead of the store"},
		}, o.origin.flags()...),
		Action: func(c *cli.Context) error {
			if err := exactArgs(c, &o.name); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func (o *inspectOptions) check() error {
	if args := o.origin.unitArgs(); !o.remote && (len(args) > 0 || o.origin.creds != "") {
		return usagef("flags about the registry go with --remote")
	}
	return o.origin.check()
}

func runInspect(ctx context.Context, env *Env, o *inspectOptions) error {
	look := lookInStore
	if o.remote {
		look = lookAtOrigin
	}
	model, open, err := look(ctx, env, o)
	if err != nil {
		return err
	}
	found, err := readFacts(&model.Packaging, open)
	if o.remote && err != nil && found == (facts{}) {
		return hintFetch(err, o.name, &o.origin)
	}
	if err != nil {
		ui.Warning(env.Err, err.Error())
	}
	format := o.format
	if format == "" {
		format = "json"
	}
	return asFormatUsage(ui.Object(env.Out, inspectionOf(model, found), format, ""))
}

func lookInStore(ctx context.Context, env *Env, o *inspectOptions) (*artifacts.Model, fileOpener, error) {
	store, err := env.Store(ctx)
	if err != nil {
		return nil, nil, err
	}
	model, err := store.Find(ctx, localName(o.name))
	if err != nil {
		return nil, nil, hintMissing(err)
	}
	return model, storedFiles(ctx, store, model), nil
}

func inspectionOf(m *artifacts.Model, found facts) *inspection {
	i := &inspection{
		Name: m.Name, Kind: string(m.Kind), Packaging: string(m.Packaging.Format), Digest: m.Digest.String(), Size: m.Size,
		Store: m.Store, Main: m.Packaging.Main, Files: []inspectFile{}, GGUF: found.gguf, Safetensors: found.safetensors, Annotations: m.Annotations,
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
