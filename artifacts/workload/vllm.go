package workload

import (
	"path"
	"slices"
	"strconv"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// vllmArgs returns the arguments of vLLM's server (vllm, vllm/entrypoints/openai/cli_args.py, vllm/engine/arg_utils.py), the
// user's last. The model is given by --model: the image's entry point was the module api_server, which knows no other way,
// and has become `vllm serve`, which takes both.
func vllmArgs(m *artifacts.Model, s *Spec, opts *Options) []string {
	args := []string{"--model", inModelRoot(m.Packaging.Main)}
	if m.Packaging.Main == "." {
		args[1] = ModelRoot
	}
	if alias := ShortName(m.Name); alias != "" {
		args = append(args, "--served-model-name", alias)
	}
	if f := jinja(m.Packaging.Files); f != nil {
		args = append(args, "--chat-template", inModelRoot(f.Path))
	}
	if modules := loraModules(&m.Packaging); len(modules) > 0 {
		args = append(append(args, "--enable-lora", "--lora-modules"), modules...)
	}
	if opts.CtxSize > 0 {
		args = append(args, "--max-model-len", strconv.Itoa(opts.CtxSize))
	}
	host, port := s.Listen()
	args = append(args, "--host", host, "--port", strconv.Itoa(port))
	return append(args, opts.ServerArgs...)
}

// loraModules names the folders of adapters as vLLM wants them, NAME=PATH, once each: those that have the description that
// its loader needs, and are not the model's own folder.
func loraModules(p *packaging.Model) []string {
	var modules []string
	for _, f := range p.Files {
		folder := path.Dir(f.Path)
		described := slices.ContainsFunc(p.Files, func(o packaging.File) bool { return o.Path == path.Join(folder, "adapter_config.json") })
		if f.Role != packaging.Adapter || folder == "." || folder == p.Main || !described {
			continue
		}
		if module := path.Base(folder) + "=" + inModelRoot(folder); !slices.Contains(modules, module) {
			modules = append(modules, module)
		}
	}
	return modules
}

// vllmEnv is what vLLM needs in a container whose root is read-only and that has all its model: a home that it can write its
// caches to, and no searching on the network. What the user sets comes later, and wins.
func vllmEnv() []EnvVar {
	return []EnvVar{{"HOME", "/tmp"}, {"HF_HUB_OFFLINE", "1"}, {"VLLM_NO_USAGE_STATS", "1"}}
}
