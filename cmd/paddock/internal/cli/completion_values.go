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
			return []string{"none", "auto", "nvidia", "amd", "ascend", "mthreads", "intel"}
		}
		words := []string{"auto", "none", "all"}
		for _, kind := range gpu.Kinds() {
			words = append(words, string(kind))
		}
		return words
	case "log-level":
		return []string{"debug", "info", "warn", "error"}
	case "progress":
		var words []string
		for _, mode := range ui.ProgressModes() {
			words = append(words, string(mode))
		}
		return words
	case "restart":
		return config.RestartWords()
	case "runtime":
		var words []string
		for _, r := range workload.Runtimes() {
			words = append(words, string(r))
		}
		return words
	case "form":
		return []string{string(kube.Deployment), string(kube.KServe)}
	case "model-volume":
		return []string{string(kube.Image), string(kube.Artifact), string(kube.Modelcar)}
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
