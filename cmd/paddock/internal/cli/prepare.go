package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// prepare looks into the files of a model that is to be served: headers may correct what names said of them, and Ollama's
// parameters are for the server. What cannot be read stands in the way of nothing: the server will say what is wrong with it.
func prepare(ctx context.Context, env *Env, store artifacts.Store, m *artifacts.Model, opts *workload.Options) (*artifacts.Model, *workload.Options) {
	reader, ok := store.(artifacts.Reader)
	if !ok {
		return m, opts
	}
	m = corrected(ctx, env, reader, m)
	file := m.Packaging.First(packaging.Params)
	if file == nil { // only Ollama's models have such a file, in whatever packaging they are now
		return m, opts
	}
	params, err := readParams(ctx, reader, m, file)
	if err != nil {
		ui.Warning(env.Err, fmt.Sprintf("serving %s without its publisher's parameters: %v", nameOrDigest(m), err))
		return m, opts
	}
	if len(params.Ignored) > 0 {
		env.Log().Info("the publisher's parameters that llama-server has no argument for are left out", "model", m.Name,
			"parameters", strings.Join(params.Ignored, " "))
	}
	with := *opts
	with.Params = params
	return m, &with
}

func readParams(ctx context.Context, reader artifacts.Reader, m *artifacts.Model, f *packaging.File) (p *workload.Params, err error) {
	r, size, err := reader.OpenFile(ctx, m, f)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	data, err := io.ReadAll(io.NewSectionReader(r, 0, min(size, workload.MaxParams+1)))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Path, err)
	}
	return workload.ParseParams(data)
}

// corrected returns the model with the roles that the headers of its GGUF files tell. A shard but the first tells nothing, and
// a single GGUF file is what it is.
func corrected(ctx context.Context, env *Env, reader artifacts.Reader, m *artifacts.Model) *artifacts.Model {
	roles := map[string]packaging.Role{}
	for i := range m.Packaging.Files {
		f := &m.Packaging.Files[i]
		if f.Encoding != packaging.Raw || f.Shard > 1 || !strings.HasSuffix(strings.ToLower(f.Path), ".gguf") {
			continue
		}
		facts, err := readGGUF(ctx, reader, m, f)
		if facts == nil {
			env.Log().Debug("no role is known of the file's header", "file", f.Path, "error", err)
			continue
		}
		roles[f.Path] = packaging.GGUFRole(facts.Type, facts.Architecture)
	}
	if p := m.Packaging.Correct(roles); p != &m.Packaging {
		changed := *m
		changed.Packaging = *p
		return &changed
	}
	return m
}

func readGGUF(ctx context.Context, reader artifacts.Reader, m *artifacts.Model, f *packaging.File) (facts *gguf.Facts, err error) {
	r, size, err := reader.OpenFile(ctx, m, f)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return gguf.Read(r, size)
}
