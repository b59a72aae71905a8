package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/pack"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type packOptions struct {
	paths                 []string
	tag                   string
	licenses, authors     []string
	annotations           []string
	source, revision, doc string
	modelVersion, vendor  string
	family, title, about  string
	scan                  pack.Options
	dryRun                bool
	transfer              transferOptions
}

func packCommand(env *Env, run func(context.Context, *Env, *packOptions) error) *cli.Command {
	var o packOptions
	return &cli.Command{
		Name: "pack", Usage: "Pack files into a model in Podman's artifact store", ArgsUsage: "PATH...",
		Description: "PATH is a file, or a folder with the files of a model. They are shared with the store where the file system can do\n" +
			"it. What a file is, is read from its header. The same files give the same digest, which is printed after the name.",
		Flags: o.flags(),
		Action: func(c *cli.Context) error {
			if o.paths = allArgs(c); len(o.paths) == 0 {
				return usagef("pack takes PATH..., got none")
			}
			if err := o.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func (o *packOptions) flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "tag", Aliases: []string{"t"}, Destination: &o.tag,
			Usage: "call the model `NAME`; without a registry, it is localhost/NAME (default: after the first PATH)"},
		stringsFlag(&o.licenses, "state the licence, as the SPDX expression `LICENSE`", "license"),
		stringsFlag(&o.authors, "name an `AUTHOR`", "author"),
		&cli.StringFlag{Name: "source", Destination: &o.source, Usage: "say that the model is from `URL`"},
		&cli.StringFlag{Name: "revision", Destination: &o.revision, Usage: "say that it is of this `REVISION` of its source"},
		&cli.StringFlag{Name: "model-version", Destination: &o.modelVersion, Usage: "state the model's `VERSION`"},
		&cli.StringFlag{Name: "vendor", Destination: &o.vendor, Usage: "name the `VENDOR`"},
		&cli.StringFlag{Name: "family", Destination: &o.family, Usage: "name the `FAMILY` of models (default: as the weights say)"},
		&cli.StringFlag{Name: "title", Destination: &o.title, Usage: "give the model a `TITLE` for people"},
		&cli.StringFlag{Name: "description", Destination: &o.about, Usage: "describe the model in `TEXT`"},
		&cli.StringFlag{Name: "documentation", Destination: &o.doc, Usage: "say that its documentation is at `URL`"},
		stringsFlag(&o.annotations, "put the annotation `KEY=VALUE` on the manifest", "annotation"),
		&cli.BoolFlag{Name: "hidden", Destination: &o.scan.Hidden, Usage: "take files whose names begin with a dot, too"},
		&cli.BoolFlag{Name: "follow", Destination: &o.scan.Follow, Usage: "take what links point to outside of the folder"},
		&cli.BoolFlag{Name: "dry-run", Destination: &o.dryRun, Usage: "print the manifest, and store nothing"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Destination: &o.transfer.quiet, Usage: "show no progress"},
		&cli.StringFlag{Name: "progress", Destination: &o.transfer.progress, Usage: "show progress as `KIND`: bars, plain, json or none"},
	}
}

func (o *packOptions) check() error {
	for _, a := range o.annotations {
		if key, _, ok := strings.Cut(a, "="); !ok || key == "" {
			return usagef("--annotation wants KEY=VALUE, got %q", a)
		}
	}
	return o.transfer.check()
}

func runPack(ctx context.Context, env *Env, o *packOptions) error {
	name, err := o.name()
	if err != nil {
		return err
	}
	files, err := pack.Scan(o.paths, &o.scan)
	if err != nil {
		return hintPack(err)
	}
	facts, err := pack.Describe(files)
	if err != nil {
		return err
	}
	progress := o.transfer.show(env)
	defer progress.Close()
	meta := o.meta()
	facts.Meta(meta)
	plan := pack.Plan(name, files, meta)
	if o.dryRun {
		whole, err := identify(ctx, env, plan)
		if err != nil {
			return err
		}
		return ui.Text(env.Out, string(whole.Manifest))
	}
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	model, err := store.Land(ctx, plan, &artifacts.LandOptions{Progress: progress})
	if err != nil {
		return hintFetch(err, name.String(), &originOptions{})
	}
	if why := model.Packaging.Unservable; why != nil {
		ui.Warning(env.Err, fmt.Sprintf("%s cannot be served: %v", name, why))
	}
	return ui.Text(env.Out, model.Name+" "+model.Digest.String())
}

// meta is what the flags say of the model.
func (o *packOptions) meta() *packaging.BuildMeta {
	annotations := map[string]string{}
	for key, value := range map[string]string{
		"org.opencontainers.image.source": o.source, "org.opencontainers.image.revision": o.revision,
		"org.opencontainers.image.version": o.modelVersion, "org.opencontainers.image.vendor": o.vendor,
		"org.opencontainers.image.title": o.title, "org.opencontainers.image.description": o.about,
		"org.opencontainers.image.documentation": o.doc, "org.opencontainers.image.authors": strings.Join(o.authors, ", "),
		"org.opencontainers.image.licenses": strings.Join(o.licenses, " AND "),
	} {
		if value != "" {
			annotations[key] = value
		}
	}
	for _, a := range o.annotations {
		key, value, _ := strings.Cut(a, "=")
		annotations[key] = value
	}
	return &packaging.BuildMeta{
		Licenses: o.licenses, Authors: o.authors, SourceURL: o.source, Revision: o.revision, DocURL: o.doc,
		Version: o.modelVersion, Vendor: o.vendor, Family: o.family, Title: o.title, Description: o.about, Annotations: annotations,
	}
}

// name is what the model is to be called. As with podman build, a name without a registry is this machine's own.
func (o *packOptions) name() (artifacts.Name, error) {
	if o.tag == "" {
		abs, err := filepath.Abs(o.paths[0])
		if err != nil {
			return artifacts.Name{}, err
		}
		base := filepath.Base(abs)
		for _, end := range []string{".gguf", ".safetensors"} {
			base = strings.TrimSuffix(base, end)
		}
		name, err := artifacts.OriginName("localhost", base, "latest")
		return name, WithHint(err, "name the model with --tag")
	}
	return localTag(o.tag)
}

func hintPack(err error) error {
	if errors.Is(err, pack.ErrRefused) && strings.Contains(err.Error(), "link out of") {
		return WithHint(err, "--follow takes what links point to")
	}
	return err
}
