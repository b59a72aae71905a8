//go:build e2e

package e2e

import (
	"github.com/paddock-dev/paddock/tests/fixtures/packers"
)

// row is one packaging of one of the models of sources.
type row struct {
	packaging, model string
	// pack writes the packaging byte for byte; push has a real tool write it.
	pack packers.Packer
	push pusher
	// format is paddock's word for the packaging.
	format string
	// tree is what a container sees (see source.expect), and main what the server is given; "" is what the publisher sees.
	tree, main string
	// texts are the files that only the packaging has.
	texts map[string]string
	// context and params are arguments of the server that the publisher asks for.
	context, params []string
	// at and index are where it was published, and behind an index; "" if it was not.
	at, index string
}

// answersEverywhere says whether a GGUF row has a server on every engine: one for each way in which files get to a container.
func (r *row) answersEverywhere() bool {
	switch r.packaging + "/" + r.model {
	case "modelpack-raw/vision", // as published
		"docker-v01-unnamed/split", // under names that were made up
		"modelpack-zstd/split",     // unpacked
		"ollama/vision",            // with the manifest rewritten
		"ramalama-artifact/vision", // titles that are no names
		"ramalama-raw/vision":      // an image
		return true
	}
	return false
}

// rows is the whole table. What a packaging cannot carry is not in it: omlmd and Ollama store single weights.
func rows(models map[string]*source) []row {
	all := append(modelPackRows(), dockerRows(models)...)
	all = append(all, kitRows()...)
	all = append(all, toolRows(models)...)
	all = append(all, otherRows()...)
	return append(all, imageRows(models)...)
}

// everyModel is a row for each model, seen as its publisher sees it.
func everyModel(packaging, format string, pack packers.Packer, push pusher) []row {
	var all []row
	for _, m := range []string{"vision", "split", "tensors"} {
		all = append(all, row{packaging: packaging, model: m, format: format, pack: pack, push: push})
	}
	return all
}

func modelPackRows() []row {
	var all []row
	for _, p := range []struct {
		name string
		pack packers.Packer
	}{
		{"modelpack-raw", packers.ModelPack(packers.Raw)},
		{"modelpack-tar", packers.ModelPack(packers.Tar)},
		{"modelpack-gzip", packers.ModelPack(packers.TarGzip)},
		{"modelpack-zstd", packers.ModelPack(packers.TarZstd)},
		{"modelpack-cnai", packers.OldModelPack},
		{"aikit-raw", packers.AIKit(packers.Raw)},
		{"aikit-gzip", packers.AIKit(packers.TarGzip)},
		{"aikit-pack-tar", packers.AIKitPack(packers.Tar)},
		{"aikit-pack-zstd", packers.AIKitPack(packers.TarZstd)},
		{"docker-cncf", packers.DockerCNCF},
	} {
		all = append(all, everyModel(p.name, "modelpack", p.pack, nil)...)
	}
	return all
}

func dockerRows(models map[string]*source) []row {
	unnamed := `model.gguf weights =tiny.gguf
		model.mmproj projector =mmproj-tiny.gguf
		template.jinja template =chat_template.jinja
		LICENSE license`
	unnamedSplit := `model-00001-of-00003.gguf weights =q4/part/tiny-00001-of-00003.gguf
		model-00002-of-00003.gguf weights =q4/part/tiny-00002-of-00003.gguf
		model-00003-of-00003.gguf weights =q4/part/tiny-00003-of-00003.gguf
		docs/README.md doc`
	return append(everyModel("docker-v02", "docker", packers.DockerDir, nil),
		row{packaging: "docker-v01-named", model: "vision", format: "docker", pack: packers.DockerNamed},
		row{packaging: "docker-v01-named", model: "split", format: "docker", pack: packers.DockerNamed,
			tree: flat(without(models["split"].tree, "docs")) + "\ndocs/README.md doc", main: "tiny-00001-of-00003.gguf"},
		row{packaging: "docker-v01-unnamed", model: "vision", format: "docker", pack: packers.DockerUnnamed, tree: unnamed, main: "model.gguf"},
		row{packaging: "docker-v01-unnamed", model: "split", format: "docker", pack: packers.DockerUnnamed,
			tree: unnamedSplit, main: "model-00001-of-00003.gguf"},
		row{packaging: "docker-spec", model: "vision", format: "docker", pack: packers.DockerSpec, tree: unnamed, main: "model.gguf"},
		row{packaging: "docker-vllm", model: "tensors", format: "docker", pack: packers.DockerVLLM},
	)
}

func kitRows() []row {
	kit := func(name, model string, pack packers.Packer) row {
		return row{packaging: name, model: model, format: "modelkit", pack: pack}
	}
	return append(everyModel("kit-tar", "modelkit", packers.ModelKit(packers.Tar, ""), nil),
		kit("kit-gzip", "vision", packers.ModelKit(packers.TarGzip, "")),
		kit("kit-folder-gzip", "split", packers.ModelKit(packers.TarGzip, "q4/part")),
		kit("kit-folder-gzip", "tensors", packers.ModelKit(packers.TarGzip, ".")),
		kit("kit-raw", "vision", packers.ModelKit(packers.Raw, "")),
		kit("kit-raw", "split", packers.ModelKit(packers.Raw, "q4/part")),
		kit("kit-raw", "tensors", packers.ModelKit(packers.Raw, ".")),
		kit("kit-old", "vision", packers.OldModelKit(packers.Tar, "")),
		kit("kit-old-folder", "split", packers.OldModelKit(packers.TarGzip, "q4/part")),
		kit("kit-old", "tensors", packers.OldModelKit(packers.TarGzip, "")),
	)
}

func otherRows() []row {
	return []row{
		{packaging: "omlmd", model: "vision", format: "omlmd", pack: packers.OMLMD,
			tree: `tiny.gguf weights
				model_metadata.omlmd.json config
				model_metadata.omlmd.yaml config`,
			texts: map[string]string{"model_metadata.omlmd.json": packers.OMLMDJSON, "model_metadata.omlmd.yaml": packers.OMLMDYAML}},
		{packaging: "ollama", model: "vision", format: "ollama", pack: packers.Ollama, main: "model.gguf",
			tree: `model.gguf weights =tiny.gguf
				mmproj.gguf projector =mmproj-tiny.gguf
				template.gotmpl template
				params.json params
				system.txt other
				LICENSE license`,
			context: []string{"--ctx-size", "256"}, params: []string{"--temp", "0.5"},
			texts: map[string]string{"template.gotmpl": packers.OllamaTemplate, "params.json": packers.OllamaParams, "system.txt": packers.OllamaSystem}},
	}
}
