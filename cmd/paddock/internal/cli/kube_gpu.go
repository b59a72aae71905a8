package cli

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/gpu"
	"github.com/paddock-dev/paddock/quadlet/kube"
)

// kubeWorkload are the options of a workload for a cluster, and the resource that its accelerators are requested by; the zero
// Resource follows from what the workload is given.
func kubeWorkload(ctx context.Context, env *Env, o *kubeOptions) (*workload.Options, kube.Resource, error) {
	auto := "auto"
	o.workload.gpu = &auto // the setting is this machine's
	opts, err := o.workload.options(env)
	if err != nil {
		return nil, kube.Resource{}, err
	}
	opts.Host, opts.Network = "", ""
	switch o.gpu {
	case "none":
		return opts, kube.Resource{}, nil
	case "auto":
		_, err := reach(ctx, env, opts)
		return opts, kube.Resource{}, err
	}
	resource, kind, err := kube.ParseResource(o.gpu)
	if err != nil {
		return nil, kube.Resource{}, asUsage(err)
	}
	return opts, resource, reachCluster(env, opts, resource, kind)
}

// reachCluster gives a workload accelerators that are not here, and the image that can use them.
func reachCluster(env *Env, opts *workload.Options, resource kube.Resource, kind gpu.Kind) error {
	cfg, err := env.Config()
	if err != nil {
		return err
	}
	access := &gpu.Access{Kind: kind}
	for i := range resource.Count {
		access.CDI = append(access.CDI, resource.Name+"="+strconv.Itoa(i))
	}
	image := imageFor(cfg, access)
	if kind == "" {
		image = cfg.Serve.Image.Value // the one for processors would not use them
	}
	if image == "" && opts.Runtime != workload.VLLM {
		return WithHint(fmt.Errorf("choosing an image: none is known for %s", resource.Name), "name one by --image")
	}
	opts.Access, opts.Image, opts.VLLMImage = *access, cmp.Or(image, opts.Image), vllmImageFor(cfg, access)
	return nil
}
