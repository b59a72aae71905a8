package cli

import (
	"slices"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/config"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/gpu"
	"github.com/paddock-dev/paddock/quadlet/kube"
)

// flagValues returns the words that a flag of the command at path takes, so that completion offers them instead of files;
// nil where a value is free. A format may be a template, too, which nobody completes.
func flagValues(path []string, flag string) []string {
	switch flag {
	case "engine":
		return []string{"podman", "docker"}
	case "gpu":
		if joinWords(path) == "kube" {
			return append([]string{"none", "auto"}, asStrings(kube.Kinds())...)
		}
		return append([]string{"auto", "none", "all"}, asStrings(gpu.Kinds())...)
	case "log-level":
		return []string{"debug", "info", "warn", "error"}
	case "progress":
		return asStrings(ui.ProgressModes())
	case "restart":
		return config.RestartWords()
	case "runtime":
		return asStrings(workload.Runtimes())
	case "form":
		return asStrings(kube.Forms())
	case "model-volume":
		return asStrings(kube.Volumes())
	case "to":
		return []string{"image", "artifact"}
	case "format":
		if joinWords(path) == "copy" {
			return []string{"modelpack", "docker"}
		}
		if slices.Contains([]string{"ls", "quadlet ls", "gpu"}, joinWords(path)) {
			return []string{"table", "json"}
		}
		return []string{"json"}
	}
	return nil
}

func asStrings[T ~string](words []T) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}

// argumentValues returns the words that the command at path takes as its argument; nil where an argument is free.
func argumentValues(path []string) []string {
	if joinWords(path) == "completion" {
		return shells()
	}
	return nil
}

// helpNodes is the tree below "help": the words of every command, and nothing but help's own flags.
func helpNodes(help *node, commands []*node) []*node {
	var nodes []*node
	for _, c := range commands {
		if c == help {
			continue
		}
		nodes = append(nodes, &node{
			words: append([]string{help.names[0]}, c.words...), names: c.names, usage: c.usage,
			flags: help.flags, subs: helpNodes(help, c.subs),
		})
	}
	return nodes
}
