package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/quadlet/kube"
	"github.com/paddock-dev/paddock/transports/synth"
)

type kubeOptions struct {
	model    string
	form     string
	volume   string
	gpu      string
	runAs    string
	workload workloadOptions
}

func kubeCommand(env *Env, run func(context.Context, *Env, *kubeOptions) error) *cli.Command {
	var o kubeOptions
	return &cli.Command{
		Name: "kube", Usage: "Print Kubernetes objects that serve a model", ArgsUsage: "NAME [-- SERVER-ARGS]",
		Description: "A Deployment and a Service, for kubectl apply and podman kube play, or the objects of KServe. The model is an image in\n" +
			"a registry, named by its digest. What follows -- is passed to the server.",
		// a pod has a network of its own, and its cluster other accelerators than this machine
		Flags: joinFlags(flagsWithout(o.workload.flags(), "host", "network", "gpu", "secret", "api-key-secret"), []cli.Flag{
			&cli.StringFlag{Name: "form", Destination: &o.form, Value: string(kube.Deployment), Usage: "make objects of the `KIND` deployment or kserve"},
			&cli.StringFlag{Name: "model-volume", Destination: &o.volume,
				Usage: "bring the model by `KIND`: image (default), artifact, or modelcar (default with kserve)"},
			&cli.StringFlag{Name: "gpu", Destination: &o.gpu, Value: "none",
				Usage: "request the accelerators `WHICH`: none, auto (as many as this machine has), nvidia, amd, ascend, mthreads, intel or a resource, with =N for more than one"},
			stringsFlag(&o.workload.secrets, "give the server a `SECRET` of the cluster's: NAME[,type=mount|env][,target=WHERE]", "secret"),
			&cli.StringFlag{Name: "api-key-secret", Destination: &o.workload.keySecret, Usage: "let clients in that have the key in the secret `NAME` of the cluster's"},
			&cli.StringFlag{Name: "run-as", Destination: &o.runAs,
				Usage: "run as the user ID `UID`, or as \"image\" and the cluster say (default: 65532 where the server can)"},
		}),
		Action: func(c *cli.Context) error {
			if err := exactArgsBefore(c, &o.workload.serverArgs, &o.model); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func flagsWithout(flags []cli.Flag, names ...string) []cli.Flag {
	return slices.DeleteFunc(flags, func(f cli.Flag) bool { return slices.Contains(names, f.Names()[0]) })
}

// check refuses what needs no model to be refused.
func (o *kubeOptions) check() error {
	if !slices.Contains(kube.Forms(), kube.Form(o.form)) {
		return usagef("unknown form %q: want deployment or kserve", o.form)
	}
	if o.volume != "" && !slices.Contains(kube.Volumes(), kube.Volume(o.volume)) {
		return usagef("unknown kind of volume %q: want image, artifact or modelcar", o.volume)
	}
	if o.form == string(kube.KServe) && o.volume == string(kube.Artifact) {
		return usagef("KServe mounts images only: want --model-volume image or modelcar")
	}
	if _, err := o.user(nil); err != nil {
		return err
	}
	if o.workload.name != "" {
		return asUsage(kube.ValidateName(o.workload.name))
	}
	return nil
}

// user is what --run-as says; without it and with a Spec it is the user that its server can be.
func (o *kubeOptions) user(spec *workload.Spec) (int64, error) {
	switch {
	case o.runAs == "image":
		return 0, nil
	case o.runAs != "":
		uid, err := strconv.ParseUint(o.runAs, 10, 31)
		if err != nil || uid == 0 {
			return 0, usagef("user %q: want a number above 0, or image", o.runAs)
		}
		return int64(uid), nil
	case spec == nil, o.form == string(kube.KServe): // there it is set for the cluster, since the modelcar must have the same
		return 0, nil
	}
	return kube.DefaultUser(spec), nil
}

func runKube(ctx context.Context, env *Env, o *kubeOptions) error {
	opts, resource, err := kubeWorkload(ctx, env, o)
	if err != nil {
		return err
	}
	store, model, err := storedModel(ctx, env, o.model, "making objects of Kubernetes for")
	if err != nil {
		return err
	}
	if err := o.suits(model); err != nil {
		return err
	}
	model, opts = prepare(ctx, env, store, model, opts)
	spec, err := kubeSpec(model, opts)
	if err != nil {
		return hintUnpack(err, model)
	}
	user, err := o.user(spec)
	if err != nil {
		return err
	}
	text, err := kube.Render(spec, &kube.Options{
		Form: kube.Form(o.form), Volume: kube.Volume(o.volume), Model: model.Name, GPU: resource, User: user,
	})
	if err != nil {
		return err
	}
	o.note(env, model, spec)
	return ui.Text(env.Out, string(text))
}

// suits says why a model cannot come by the volume that was asked for.
func (o *kubeOptions) suits(model *artifacts.Model) error {
	switch artifact := o.volume == string(kube.Artifact); {
	case !artifact && model.Kind != artifacts.KindImage:
		err := fmt.Errorf("%s is an artifact, and most clusters mount images only", nameOrDigest(model))
		err = WithHint(err, "paddock convert --to image "+nameOrDigest(model)+", then paddock push and paddock kube the image")
		if o.form == string(kube.KServe) {
			return err
		}
		return WithHint(err, "on nodes with CRI-O that mount artifacts: --model-volume artifact")
	case artifact && model.Kind == artifacts.KindImage:
		return usagef("%s is an image: want --model-volume image or modelcar", nameOrDigest(model))
	case !artifact:
		return nil
	}
	for _, f := range model.Packaging.Files {
		if f.Title != "" && f.Title != f.Path {
			err := fmt.Errorf("the artifact %s calls %s by the title %s, under which CRI-O would mount it", nameOrDigest(model), f.Path, f.Title)
			return WithHint(err, "paddock convert --to image "+nameOrDigest(model)+", then paddock push and paddock kube the image")
		}
	}
	return nil
}

// kubeSpec is the workload of a model that a cluster pulls by its digest, however it is kept here.
func kubeSpec(model *artifacts.Model, opts *workload.Options) (*workload.Spec, error) {
	pinned, err := pinnedName(model)
	if err != nil {
		return nil, err
	}
	there, pinnedOpts := *model, *opts
	pinnedOpts.Source = pinned.String()
	if pinnedOpts.Name == "" {
		pinnedOpts.Name = kube.Name(workload.DeriveName(model.Name))
	}
	if model.Kind == artifacts.KindImage {
		there.Mount = artifacts.ImageMount{Image: pinned.String(), Subpath: packaging.ImageRoot}
	} else if _, bound := model.Mount.(artifacts.BindMount); bound {
		there.Mount = artifacts.ArtifactMount{Source: model.Name}
	}
	spec, err := workload.FromModel(&there, &pinnedOpts)
	if err == nil && model.Kind == artifacts.KindImage {
		spec.MountSource = ""
	}
	return spec, err
}

// note says what a cluster may find missing.
func (o *kubeOptions) note(env *Env, model *artifacts.Model, spec *workload.Spec) {
	if strings.HasPrefix(spec.Model, localRegistry) || model.Annotations[synth.OriginAnnotation] != "" {
		ui.Note(env.Err, "no registry has "+spec.Model+": podman kube play finds it here; for a cluster, push it under a name of a registry and use that")
	}
	car := o.volume == string(kube.Modelcar) || o.volume == "" && o.form == string(kube.KServe)
	if car && model.Packaging.Format == packaging.RamaLamaImage { // of which most hold nothing but the model
		ui.Note(env.Err, "a modelcar needs a shell in the image, and one that paddock convert made has none: --model-volume image needs nothing")
	}
}
