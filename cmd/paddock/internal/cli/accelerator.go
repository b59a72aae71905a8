package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/config"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/gpu"
)

// host is this machine as package gpu looks at it. memory says whether nvidia-smi may be asked for what no file tells.
func (e *Env) host(memory bool) (*gpu.Host, error) {
	home, err := e.Home()
	if err != nil {
		home = ""
	}
	src := &config.Sources{Root: e.Root, Home: home, ConfigHome: e.Getenv("XDG_CONFIG_HOME")}
	dirs, err := config.CDISpecDirs(src, e.Getenv)
	if err != nil {
		return nil, err
	}
	h := &gpu.Host{Root: os.DirFS(filepath.Join("/", e.Root)), CDIDirs: dirs}
	if memory {
		h.NVIDIAMemory = engine.NVIDIAMemory
	}
	if os.Geteuid() == 0 {
		return h, nil
	}
	groups, err := os.Getgroups()
	if err != nil {
		return nil, fmt.Errorf("asking for the groups of this process: %w", err)
	}
	h.User = &gpu.User{Name: "$USER"} // for a shell, which knows
	for _, g := range groups {
		h.User.GIDs = append(h.User.GIDs, uint32(g))
	}
	return h, nil
}

// accelerators are those of this machine. What went wrong on the way is said, and is no reason not to serve.
func accelerators(ctx context.Context, env *Env, choice *engine.Choice, memory bool) ([]gpu.Accelerator, error) {
	h, err := env.host(memory)
	if err != nil {
		return nil, err
	}
	if choice != nil && choice.Docker != nil && !choice.Docker.HasCDI() {
		h.CDIDirs = []string{}
	}
	if choice != nil && choice.Podman != nil && choice.Podman.Version.Major < 6 {
		h.CDIVersion = "1.0.0" // 5.8.6 has a CDI library of before 1.1
	}
	found, err := gpu.Detect(ctx, h)
	if ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		ui.Warning(env.Err, err.Error())
	}
	return found, nil
}

// reach chooses the accelerators that a workload is given by the engine, which it returns, and the image that can use them, and
// says so.
func reach(ctx context.Context, env *Env, opts *workload.Options) (*engine.Choice, error) {
	choice, err := env.Engine(ctx)
	if err != nil {
		return nil, err
	}
	cfg, err := env.Config()
	if err != nil {
		return nil, err
	}
	access, why, err := chooseAccess(ctx, env, choice, cfg)
	if err != nil {
		return nil, err
	}
	wanted, _ := gpu.ParseChoice(cfg.Serve.GPU.Value) // chooseAccess has refused a wrong one
	image := imageFor(cfg, access)
	switch {
	case image != "" || opts.Runtime == workload.VLLM:
	case !wanted.Auto():
		return nil, WithHint(fmt.Errorf("choosing an image: llama.cpp publishes none for %s", access.Kind), "name one by --image, or in the settings by images."+string(access.Kind))
	default:
		why = fmt.Sprintf("llama.cpp publishes no image for %s; name one by --image", access.Kind)
		access = &gpu.Access{}
		image = imageFor(cfg, access)
	}
	opts.Access, opts.Image, opts.VLLMImage = *access, cmp.Or(image, opts.Image), vllmImageFor(cfg, access)
	switch {
	case access.Passed():
		ui.Note(env.Err, "using "+accessName(access))
	case why != "":
		ui.Note(env.Err, "computing on the processor: "+why)
	}
	return choice, nil
}

// chooseAccess returns what a workload is given, and why it is nothing where something was found.
func chooseAccess(ctx context.Context, env *Env, choice *engine.Choice, cfg *config.Config) (access *gpu.Access, why string, err error) {
	wanted, err := gpu.ParseChoice(cfg.Serve.GPU.Value)
	if err != nil {
		return nil, "", asUsage(err)
	}
	if wanted.None {
		return &gpu.Access{}, "", nil
	}
	found, err := accelerators(ctx, env, choice, false)
	if err != nil {
		return nil, "", err
	}
	access, err = gpu.Select(found, wanted, choice.Docker != nil)
	var unreachable *gpu.Error
	if errors.As(err, &unreachable) {
		err = fmt.Errorf("choosing an accelerator, %s from %s: %w", cfg.Serve.GPU.Value, cfg.Serve.GPU.Origin, err)
		if unreachable.Fix != "" {
			err = WithHint(err, unreachable.Fix)
		}
		return nil, "", err
	}
	if err != nil {
		return nil, "", err
	}
	if !access.Passed() {
		_, lack := gpu.Select(found, gpu.Choice{All: true}, choice.Docker != nil)
		if len(found) > 0 && errors.As(lack, &unreachable) {
			why = unreachable.What + "; see paddock gpu"
		}
	}
	// the root of a container that root runs owns the nodes as it does outside, and its engine may know no groups to keep
	access.KeepGroups = access.KeepGroups && choice.Podman != nil && choice.Podman.Rootless && choice.Podman.OCIRuntime != "runc"
	return access, why, nil
}

// imageFor is the image that was set, for all or for this kind of accelerator, or else upstream's; "" if there is none.
func imageFor(cfg *config.Config, access *gpu.Access) string {
	kind := ""
	if access.Passed() {
		kind = string(access.Kind)
	}
	return cmp.Or(cfg.Serve.Image.Value, cfg.Images.Of(kind).Value, workload.LlamaImage(access, runtime.GOARCH, cfg.Serve.Build.Value))
}

// vllmImageFor is imageFor of vLLM.
func vllmImageFor(cfg *config.Config, access *gpu.Access) string {
	kind := gpu.Kind("")
	if access.Passed() {
		kind = access.Kind
	}
	return cmp.Or(cfg.Serve.VLLMImage.Value, workload.VLLMImage(kind))
}

// accessName names the accelerators of an access, each name once.
func accessName(access *gpu.Access) string {
	var names []string
	for _, a := range access.Chosen {
		names = append(names, cmp.Or(a.Name, string(a.Kind)))
	}
	if len(names) == 0 {
		return strings.Join(append(slices.Clone(access.CDI), access.Nodes...), ", ")
	}
	var parts []string
	for _, name := range names {
		n := len(slices.DeleteFunc(slices.Clone(names), func(o string) bool { return o != name }))
		part := name
		if n > 1 {
			part = strconv.Itoa(n) + " × " + name
		}
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}
