package workload

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// llamaArgs returns the arguments of llama-server (llama.cpp, tools/server/README.md): ours, the publisher's, and the user's last.
func llamaArgs(m *artifacts.Model, s *Spec, opts *Options) ([]string, error) {
	args := []string{"--model", inModelRoot(m.Packaging.Main)}
	if f := m.Packaging.First(packaging.Projector); f != nil {
		args = append(args, "--mmproj", inModelRoot(f.Path))
	}
	if f := m.Packaging.First(packaging.Draft); f != nil {
		args = append(args, "--model-draft", inModelRoot(f.Path))
	}
	if f := jinja(m.Packaging.Files); f != nil {
		args = append(args, "--jinja", "--chat-template-file", inModelRoot(f.Path))
	}
	for _, f := range m.Packaging.Files {
		if f.Role != packaging.Adapter {
			continue
		}
		if strings.Contains(f.Path, ",") {
			return nil, fmt.Errorf("the adapter %q has a comma in its name, which llama-server takes for the end of it", f.Path)
		}
		args = append(args, "--lora", inModelRoot(f.Path))
	}
	params := opts.Params
	if params == nil {
		params = &Params{}
	}
	if size := cmp.Or(opts.CtxSize, params.CtxSize); size > 0 {
		args = append(args, "--ctx-size", strconv.Itoa(size))
	}
	if alias := ShortName(m.Name); alias != "" {
		args = append(args, "--alias", alias)
	}
	host, port := s.Listen()
	args = append(args, "--host", host, "--port", strconv.Itoa(port))
	layers := layersOf(&opts.Access, slices.Concat(params.Args, opts.ServerArgs))
	return slices.Concat(args, layers, params.Args, opts.ServerArgs), nil
}

// jinja returns the chat template that llama-server can read: a Jinja template, never a Go template (Ollama's) nor a JSON
// file around one. Of several it is the one nearest to the model's root, then the first.
func jinja(files []packaging.File) *packaging.File {
	var best *packaging.File
	for i, f := range files {
		if f.Role != packaging.Template || !isJinja(f) {
			continue
		}
		if best == nil || strings.Count(f.Path, "/") < strings.Count(best.Path, "/") {
			best = &files[i]
		}
	}
	return best
}

func isJinja(f packaging.File) bool {
	if slices.Contains([]string{".jinja", ".jinja2", ".j2"}, strings.ToLower(path.Ext(f.Path))) {
		return true
	}
	// Docker AI: application/vnd.docker.ai.chat.template.jinja
	return strings.HasSuffix(f.MediaType, ".jinja")
}
