package cli

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/transports"
)

type tagsOptions struct {
	reference string
	format    string
	all       bool
	origin    originOptions
}

func tagsCommand(env *Env, run func(context.Context, *Env, *tagsOptions) error) *cli.Command {
	var o tagsOptions
	return &cli.Command{
		Name: "tags", Usage: "List what an origin has of a model", ArgsUsage: "REF",
		Description: "REF is a name of a registry, hf://ORG/REPO or ms://ORG/REPO; its tag does not matter. Of a registry it lists the\n" +
			"tags, of Hugging Face and ModelScope the quantisations. Each line is a reference that pull takes.",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Destination: &o.all, Usage: "list also tags that stand for no model, as those of signatures"},
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Destination: &o.format, Usage: "print as `FORMAT`: json, or a line for each"},
		}, o.origin.flags()...),
		Action: func(c *cli.Context) error {
			if err := exactArgs(c, &o.reference); err != nil {
				return err
			}
			if o.format != "" && !ui.IsJSON(o.format) {
				return usagef("unknown format %q: want json", o.format)
			}
			if err := o.origin.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runTags(ctx context.Context, env *Env, o *tagsOptions) error {
	resolver, err := env.Resolver(&o.origin)
	if err != nil {
		return err
	}
	lister, ok := resolver.(transports.Lister)
	if !ok {
		return transports.NoList(o.reference, "")
	}
	found, err := lister.List(ctx, o.reference)
	if err != nil {
		return hintFetch(err, o.reference, &o.origin)
	}
	if !o.all {
		note := regexp.MustCompile(noteTag)
		found = slices.DeleteFunc(found, func(reference string) bool { return note.MatchString(reference[strings.LastIndex(reference, ":")+1:]) })
	}
	if ui.IsJSON(o.format) {
		if found == nil {
			found = []string{}
		}
		return ui.JSON(env.Out, found)
	}
	for _, one := range found {
		if err := ui.Text(env.Out, one); err != nil {
			return err
		}
	}
	return nil
}

// noteTag is a tag that stands for no model: what cosign keeps of a manifest, its signature, attestations and bill of materials
// (sha256-HEX.sig), and what refers to it in a registry without an API for that (sha256-HEX, of a longer digest the first 64 digits:
// distribution-spec, "Referrers Tag Schema").
const noteTag = `^sha(256|512)-[0-9a-f]{64}(\.(sig|att|sbom))?$`
