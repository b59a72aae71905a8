package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/asimage"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type convertOptions struct {
	name, to, tag string
	image         asimage.Options
	transfer      transferOptions
}

func convertCommand(env *Env, run func(context.Context, *Env, *convertOptions) error) *cli.Command {
	var o convertOptions
	return &cli.Command{
		Name: "convert", Usage: "Make an image of an artifact, or an artifact of an image", ArgsUsage: "NAME",
		Description: "The new model has the same files, and is kept beside the old one. An image has them in /models, a layer for each,\n" +
			"as KServe and RamaLama read it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "to", Destination: &o.to, Usage: "make `KIND`: image or artifact (default: the other one)"},
			&cli.StringFlag{Name: "tag", Aliases: []string{"t"}, Destination: &o.tag,
				Usage: "call it `NAME` (default: the repository with -image or -artifact at its end)"},
			&cli.StringFlag{Name: "arch", Value: asimage.DefaultArchitecture, Destination: &o.image.Architecture,
				Usage: "let the image say that it is for `ARCH`; any machine can use it"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Destination: &o.transfer.quiet, Usage: "show no progress"},
			&cli.StringFlag{Name: "progress", Destination: &o.transfer.progress, Usage: "show progress as `KIND`: bars, plain, json or none"},
		},
		Action: func(c *cli.Context) error {
			if err := exactArgs(c, &o.name); err != nil {
				return err
			}
			if o.to != "" && o.to != string(artifacts.KindImage) && o.to != string(artifacts.KindArtifact) {
				return usagef("unknown kind %q: want image or artifact", o.to)
			}
			if err := o.transfer.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runConvert(ctx context.Context, env *Env, o *convertOptions) error {
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	model, err := findModel(ctx, env, store, o.name)
	if err != nil {
		return hintMissing(err)
	}
	reader, ok := store.(artifacts.Reader)
	if !ok {
		return fmt.Errorf("converting %s: the files of the store cannot be read", o.name)
	}
	if o.to == "" {
		o.to = other(model.Kind)
	}
	if o.to == string(model.Kind) {
		return fmt.Errorf("converting %s: it is an %s already", o.name, model.Kind)
	}
	name, err := o.newName(model)
	if err != nil {
		return err
	}
	progress := o.transfer.show(env)
	defer progress.Close()
	plan, err := o.plan(ctx, name, model, reader, progress)
	if err != nil {
		return fmt.Errorf("converting %s: %w", o.name, err)
	}
	made, err := store.Land(ctx, plan, &artifacts.LandOptions{Progress: progress})
	if err != nil {
		return hintFetch(err, name.String(), &originOptions{})
	}
	return ui.Text(env.Out, made.Name+" "+made.Digest.String())
}

// other is what a model can be made that it is not.
func other(k artifacts.Kind) string {
	if k == artifacts.KindImage {
		return string(artifacts.KindArtifact)
	}
	return string(artifacts.KindImage)
}

func (o *convertOptions) plan(ctx context.Context, name artifacts.Name, m *artifacts.Model, reader artifacts.Reader, progress *ui.Progress) (*artifacts.Plan, error) {
	open := func(f *artifacts.File) artifacts.Opener { return atrest.StoredFile(m, f, reader) }
	o.image.Wait = progress.Wait
	if m.Kind != artifacts.KindImage {
		return asimage.ToImage(ctx, name, m, open, &o.image)
	}
	meta, err := metaOf(ctx, reader, m)
	if err != nil {
		return nil, err
	}
	return asimage.FromImage(ctx, name, m, open, meta, &o.image)
}

// newName is what the new model is called. It is never the old one's name, which would lose its model.
func (o *convertOptions) newName(m *artifacts.Model) (artifacts.Name, error) {
	typed := o.tag
	if typed == "" {
		old, err := artifacts.ParseName(m.Name)
		if err != nil {
			return artifacts.Name{}, WithHint(err, "name the new model with --tag")
		}
		typed = old.Repository() + "-" + o.to
		if old.Tag() != "" {
			typed += ":" + old.Tag()
		}
	}
	name, err := localTag(typed)
	switch {
	case err != nil:
		return name, err
	case name.String() == m.Name:
		return name, usagef("the new model cannot have the name of the old one, %s", m.Name)
	}
	return name, nil
}

// localTag reads the name of a model that is made here. As with podman build, one without a registry is this machine's own.
func localTag(typed string) (artifacts.Name, error) {
	name, err := artifacts.ParseName(localName(typed))
	if errors.Is(err, reference.ErrNameNotCanonical) && !strings.Contains(typed, "://") {
		name, err = artifacts.ParseName(localRegistry + typed)
	}
	if err == nil && name.Digest() != "" {
		err = fmt.Errorf("%w: %q: a digest is computed, not chosen", artifacts.ErrInvalidName, typed)
	}
	return name, asUsage(err)
}
