package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/gpu"
)

// workloadOptions say how to serve a model, now or as a service.
type workloadOptions struct {
	name       string
	host       *string
	port       *int
	runtime    *string
	image      *string
	ctxSize    *int
	gpu        *string
	network    *string
	memory     string
	cpus       string
	env        []string
	secrets    []string
	keySecret  string
	serverArgs []string
}

func (o *workloadOptions) flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "name", Destination: &o.name, Usage: "call the container `NAME` (default: after the model)"},
		optionalStringFlag(&o.host, "127.0.0.1", "listen on the address `IP`", "host"),
		optionalIntFlag(&o.port, "8080", "listen on `PORT`", "port", "p"),
		optionalStringFlag(&o.runtime, "auto", "serve with `RUNTIME`: auto, llama.cpp (GGUF files) or vllm (safetensors directories)", "runtime"),
		optionalStringFlag(&o.image, "", "run the server from `IMAGE`, one whose entry point is the runtime's server", "image"),
		optionalStringFlag(&o.gpu, "auto", "use the accelerators `WHICH`: auto, none, all, or a list of CDI names, indexes, and the kinds nvidia, amd, ascend, mthreads, intel, apple, wsl", "gpu"),
		optionalIntFlag(&o.ctxSize, "", "use a context of `N` tokens; 0 leaves it to the server", "ctx-size", "c"),
		&cli.StringFlag{Name: "memory", Aliases: []string{"m"}, Destination: &o.memory, Usage: "let the container use at most `SIZE` of memory, such as 8g"},
		&cli.StringFlag{Name: "cpus", Destination: &o.cpus, Usage: "let the container use the time of at most `N` processors, such as 2.5"},
		stringsFlag(&o.env, "set `NAME=VALUE` in the container", "env", "e"),
		stringsFlag(&o.secrets, "give the container a `SECRET` of Podman's: NAME[,type=mount|env][,target=WHERE]", "secret"),
		&cli.StringFlag{Name: "api-key-secret", Destination: &o.keySecret, Usage: "let clients in that have the key in the secret `NAME` of Podman's"},
		optionalStringFlag(&o.network, "", "connect the container to `NETWORK`, as podman run --network", "network"),
	}
}

// options are what the flags and the settings say, checked before anything is asked or pulled.
func (o *workloadOptions) options(env *Env) (*workload.Options, error) {
	cfg, err := env.Config()
	if err != nil {
		return nil, err
	}
	s := &cfg.Serve
	for _, err := range []error{
		s.Host.Override(o.host, "--host"), s.Port.Override(o.port, "--port"), s.Image.Override(o.image, "--image"), s.VLLMImage.Override(o.image, "--image"), s.Runtime.Override(o.runtime, "--runtime"),
		s.CtxSize.Override(o.ctxSize, "--ctx-size"), s.Network.Override(o.network, "--network"),
		s.GPU.Override(o.gpu, "--gpu"),
	} {
		if err != nil {
			return nil, asUsage(err)
		}
	}
	opts := &workload.Options{
		Name: o.name, Runtime: workload.Runtime(s.Runtime.Value), Image: imageFor(cfg, &gpu.Access{}), VLLMImage: vllmImageFor(cfg, &gpu.Access{}),
		CtxSize: s.CtxSize.Value, Host: s.Host.Value, Port: s.Port.Value, Network: s.Network.Value, ServerArgs: o.serverArgs,
		APIKeySecret: o.keySecret,
	}
	if err := o.limits(opts); err != nil {
		return nil, asUsage(err)
	}
	for _, e := range o.env {
		name, value, ok := strings.Cut(e, "=")
		if !ok {
			return nil, usagef("--env %q: want NAME=VALUE", e)
		}
		opts.Env = append(opts.Env, workload.EnvVar{Name: name, Value: value})
	}
	return opts, asUsage(opts.Validate())
}

// limits reads what the container may take, and its secrets.
func (o *workloadOptions) limits(opts *workload.Options) (err error) {
	if o.memory != "" {
		if opts.Memory, err = units.RAMInBytes(o.memory); err != nil || opts.Memory <= 0 {
			return fmt.Errorf("--memory %q: want a number and a unit, such as 512m or 8g", o.memory)
		}
	}
	if o.cpus != "" {
		if opts.CPUs, err = strconv.ParseFloat(o.cpus, 64); err != nil || opts.CPUs == 0 {
			return fmt.Errorf("--cpus %q: want a number of processors, such as 2.5", o.cpus)
		}
	}
	for _, text := range o.secrets {
		s, err := workload.ParseSecret(text)
		if err != nil {
			return fmt.Errorf("--secret: %w", err)
		}
		opts.Secrets = append(opts.Secrets, s)
	}
	return nil
}

func joinFlags(groups ...[]cli.Flag) []cli.Flag { return slices.Concat(groups...) }
