package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/config"
	"github.com/paddock-dev/paddock/quadlet"
)

// unitOptions say what is in a unit.
type unitOptions struct {
	workload   workloadOptions
	restart    *string
	autoUpdate bool
	pod        string
	onDemand   bool
	idle       *time.Duration // nil is defaultIdle
	with       string
}

// defaultIdle is how long a server that was started on demand runs without a connection.
const defaultIdle = 10 * time.Minute

func (o *unitOptions) flags() []cli.Flag {
	return append(o.workload.flags(),
		optionalStringFlag(&o.restart, "on-failure", "restart the service `WHEN` its server ends: "+strings.Join(config.RestartWords(), ", "), "restart"),
		&cli.BoolFlag{Name: "auto-update", Destination: &o.autoUpdate, Usage: "let podman auto-update move the server's image"},
		&cli.StringFlag{Name: "pod", Destination: &o.pod, Usage: "put the container into the pod `POD`, with those of other models"},
		&cli.BoolFlag{Name: "on-demand", Destination: &o.onDemand, Usage: "start the service on the first request"},
		optionalDurationFlag(&o.idle, durationText(defaultIdle), "with --on-demand, stop the service after `TIME` without a connection; 0 is never", "idle-time"),
		&cli.StringFlag{Name: "with", Destination: &o.with, Usage: "write these `UNITS`, too: " + strings.Join(quadlet.Kinds(), ", ")})
}

// options are those of the workload that the unit is to carry, checked before anything is asked or pulled.
func (o *unitOptions) options(env *Env) (*workload.Options, error) {
	switch {
	case o.idle != nil && !o.onDemand:
		return nil, usagef("--idle-time is for --on-demand only")
	case o.pod != "" && o.onDemand:
		return nil, usagef("--pod and --on-demand exclude each other: a pod is started as a whole")
	}
	if _, err := quadlet.ParseKinds(o.with); err != nil {
		return nil, asUsage(fmt.Errorf("--with: %w", err))
	}
	cfg, err := env.Config()
	if err != nil {
		return nil, err
	}
	if err := cfg.Quadlet.Restart.Override(o.restart, "--restart"); err != nil {
		return nil, asUsage(err)
	}
	opts, err := o.workload.options(env)
	if err != nil {
		return nil, err
	}
	opts.Pod = o.pod
	return opts, asUsage(errors.Join(opts.Validate(), quadlet.CheckOptions(opts)))
}

// demand says how the service starts when it is asked for; nil if it does not.
func (o *unitOptions) demand(env *Env) (*quadlet.OnDemand, error) {
	if !o.onDemand {
		return nil, nil
	}
	proxy, err := quadlet.FindProxy(env.Root)
	if err != nil {
		return nil, err
	}
	d := &quadlet.OnDemand{Proxy: proxy, Idle: defaultIdle}
	if o.idle != nil {
		d.Idle = *o.idle
	}
	return d, nil
}

// words are the flags by which install makes the same unit again, and what follows "--". What came from files of settings is none
// of them: it is what the files say by then. What the environment said is gone by then, so it is.
func (o *unitOptions) words(cfg *config.Config, spec *workload.Spec, origin *originOptions) []string {
	words := append([]string{"--name", spec.Name}, origin.unitArgs()...)
	add := func(flag, value string) {
		if value != "" {
			words = append(words, flag, value)
		}
	}
	for _, s := range cfg.All() {
		if flag := passingFlag(s.Key); flag != "" && passing(s.Origin) {
			words = append(words, flag, s.Value)
		}
	}
	if passingImage(cfg, spec) {
		add("--image", spec.Image)
	}
	add("--memory", o.workload.memory)
	add("--cpus", o.workload.cpus)
	for _, e := range o.workload.env {
		add("--env", e)
	}
	for _, s := range o.workload.secrets {
		add("--secret", s)
	}
	add("--api-key-secret", o.workload.keySecret)
	add("--pod", o.pod)
	add("--with", o.with)
	if o.onDemand {
		words = append(words, "--on-demand")
	}
	if o.idle != nil {
		add("--idle-time", durationText(*o.idle))
	}
	if o.autoUpdate {
		words = append(words, "--auto-update")
	}
	return append(append(words, "--"), o.workload.serverArgs...)
}

// passing says whether a setting is of one run only.
func passing(origin string) bool {
	return strings.HasPrefix(origin, "--") || strings.HasPrefix(origin, "PADDOCK_")
}

// passingFlag is the flag of a setting that a unit depends on, but for its image; "" if there is none.
func passingFlag(key string) string {
	switch key {
	case "serve.runtime", "serve.gpu", "serve.host", "serve.port", "serve.network":
		return "--" + strings.TrimPrefix(key, "serve.")
	case "serve.ctx_size":
		return "--ctx-size"
	case "quadlet.restart":
		return "--restart"
	}
	return ""
}

// passingImage says whether the image is that of one run only.
func passingImage(cfg *config.Config, spec *workload.Spec) bool {
	if spec.Runtime == workload.VLLM {
		return passing(cfg.Serve.VLLMImage.Origin)
	}
	kind := ""
	if spec.Access.Passed() {
		kind = string(spec.Access.Kind)
	}
	return passing(cfg.Serve.Image.Origin) || passing(cfg.Serve.Build.Origin) || passing(cfg.Images.Of(kind).Origin)
}
