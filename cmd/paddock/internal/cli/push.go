package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/dockerstore"
	"github.com/paddock-dev/paddock/artifacts/imagestore"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/transports/registry"
)

type pushOptions struct {
	name, dest string
	send       sendOptions
}

func pushCommand(env *Env, run func(context.Context, *Env, *pushOptions) error) *cli.Command {
	var o pushOptions
	return &cli.Command{
		Name: "push", Usage: "Push a model from the store to a registry", ArgsUsage: "NAME [DEST]",
		Description: "Without DEST, the model goes where its name says. Its manifest is pushed as it is, so its digest stays. The exit\n" +
			"status is 0 only if the registry gave the manifest back. A push that was interrupted continues where it stopped.\n" +
			"Of an image whose layers were compressed, Podman keeps only what was in them: unless the registry has the layers, it is pushed\n" +
			"uncompressed, under another digest.\n" +
			"An image in Docker is pushed with docker push.",
		Flags: o.send.flags(),
		Action: func(c *cli.Context) error {
			args := allArgs(c)
			dest := []*string{&o.name, &o.dest}
			if len(args) < 2 {
				dest = dest[:1]
			}
			if err := storeArgs(c, args, dest); err != nil {
				return err
			}
			if err := o.send.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runPush(ctx context.Context, env *Env, o *pushOptions) error {
	store, err := env.Store(ctx)
	if err != nil {
		return err
	}
	model, err := findModel(ctx, env, store, o.name)
	if err != nil {
		return hintMissing(err)
	}
	if o.dest == "" {
		if strings.HasPrefix(model.Name, localRegistry) {
			err := usagef("pushing %s: its name is this machine's own, and names no registry", model.Name)
			return WithHint(err, "say where to: paddock push "+o.name+" quay.io/ORG/NAME")
		}
		o.dest = model.Name
	}
	dest, err := destination(o.dest)
	if err != nil {
		return err
	}
	r, err := env.Registry(&o.send.origin)
	if err != nil {
		return err
	}
	defer r.Close()
	plan, err := pushPlan(ctx, r, store, model, dest)
	if errors.Is(err, artifacts.ErrIsImage) {
		return WithHint(err, hintPushImage(model, dest))
	}
	if err != nil {
		return hintSend(err, dest, &o.send.origin)
	}
	if plan.Digest != model.Digest {
		if dest.Digest() == model.Digest {
			err := fmt.Errorf("pushing %s to %s: its layers were compressed, Podman keeps only what was in them, and that repository does not "+
				"have them: only %s can be pushed", nameOrDigest(model), dest, plan.Digest)
			if model.Name == "" || strings.HasPrefix(model.Name, localRegistry) {
				return err // no registry has it
			}
			return WithHint(err, "paddock copy "+model.Name+" "+o.dest)
		}
		ui.Note(env.Err, fmt.Sprintf("the layers of %s were compressed, and Podman keeps only what was in them: they are pushed uncompressed, "+
			"so that the digest is %s, not %s", nameOrDigest(model), plan.Digest, model.Digest))
	}
	has, err := owners(ctx, store, dest)
	if err != nil {
		return err
	}
	if err := o.send.send(ctx, env, r, plan, dest, has); err != nil {
		return err
	}
	return ui.Text(env.Out, dest.String()+" "+plan.Digest.String())
}

// pushPlan is the plan of a model in the store. Of an image whose layers were compressed it is the publisher's own if the destination
// has these layers, or can take them from where the image is from: then nothing but the manifest is to be sent.
func pushPlan(ctx context.Context, r *registry.Resolver, store artifacts.Store, m *artifacts.Model, dest artifacts.Name) (*artifacts.Plan, error) {
	reader, ok := store.(artifacts.Reader)
	var doc ocispec.Manifest
	if !ok || m.Store != imagestore.Word || json.Unmarshal(m.Manifest, &doc) != nil || !anyCompressed(doc.Layers) {
		return storedPlan(ctx, store, m)
	}
	own, err := atrest.StoredPlan(m, m.Manifest, reader)
	if err != nil {
		return nil, err
	}
	complete, err := r.Complete(ctx, own, dest, func(digest.Digest) []artifacts.Name {
		if own.Name.String() == "" {
			return nil
		}
		return []artifacts.Name{own.Name}
	})
	if err != nil || complete {
		return own, err
	}
	return storedPlan(ctx, store, m)
}

// owners finds the repositories of a registry that, by what the store says of where its models are from, have a blob.
func owners(ctx context.Context, store artifacts.Store, dest artifacts.Name) (func(digest.Digest) []artifacts.Name, error) {
	models, err := store.List(ctx)
	if err != nil {
		return nil, err
	}
	by := map[digest.Digest][]artifacts.Name{}
	for _, m := range models {
		name, err := artifacts.ParseName(m.Name)
		if err != nil || name.Registry() != dest.Registry() || name.Repository() == dest.Repository() {
			continue
		}
		for i := range m.Packaging.Files {
			d := m.Packaging.Files[i].Digest
			by[d] = append(by[d], name)
		}
	}
	return func(d digest.Digest) []artifacts.Name { return by[d] }, nil
}

// hintPushImage is how the engine that has an image pushes it.
func hintPushImage(m *artifacts.Model, dest artifacts.Name) string {
	switch name := nameOrDigest(m); {
	case m.Store == dockerstore.Word && name == dest.String():
		return "docker push " + name
	case m.Store == dockerstore.Word:
		return "docker tag " + name + " " + dest.String() + "; docker push " + dest.String()
	case m.Store == imagestore.Word && name == dest.String():
		return "podman push " + name
	case m.Store == imagestore.Word:
		return "podman push " + name + " " + dest.String()
	}
	return "paddock copy sends an image from its origin to another registry"
}
