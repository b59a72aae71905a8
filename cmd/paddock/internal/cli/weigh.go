package cli

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/safetensors"
	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/gpu"
	"github.com/paddock-dev/paddock/gpu/fit"
)

// weights is what a server loads of a model: everything that a manifest calls weights or the like.
func weights(m *artifacts.Model) int64 {
	var sum int64
	for _, f := range m.Packaging.Files {
		if slices.Contains([]packaging.Role{packaging.Weights, packaging.Projector, packaging.Adapter, packaging.Draft}, f.Role) {
			sum += f.Size
		}
	}
	return sum
}

// fitModel is what the estimate is made of: the manifest's sizes, and the facts of the files' headers, if they have any.
func fitModel(ctx context.Context, reader artifacts.Reader, m *artifacts.Model) (*fit.Model, error) {
	model := &fit.Model{Weights: weights(m)}
	facts, err := ggufFacts(ctx, reader, m)
	switch {
	case facts != nil:
		ofGGUF(model, facts)
		return model, nil
	case err != nil:
		return model, fmt.Errorf("reading the header of %s: %w", nameOrDigest(m), err)
	}
	config, err := readShape(ctx, reader, m)
	if err != nil {
		return model, fmt.Errorf("reading the configuration of %s: %w", nameOrDigest(m), err)
	}
	if config != nil {
		ofSafetensors(model, config)
	}
	return model, nil
}

func ofGGUF(m *fit.Model, f *gguf.Facts) {
	m.Parameters, m.KVPerToken, m.Context, m.Layers = f.Parameters, f.KVCacheBytes(1), f.ContextLength, f.BlockCount
	m.Embedding, m.Vocabulary = f.EmbeddingLength, f.VocabSize
	m.FeedForward = f.FeedForwardLength
	switch {
	case f.ExpertFeedForwardLength > 0:
		m.FeedForward = max(m.FeedForward, f.ExpertFeedForwardLength*min(max(f.ExpertUsedCount, 1), 1<<10))
	case f.ExpertCount > 0:
		m.FeedForward *= min(max(f.ExpertUsedCount, 1), 1<<10)
	}
}

func ofSafetensors(m *fit.Model, c *safetensors.Config) {
	m.Context, m.Layers, m.Embedding, m.FeedForward, m.Vocabulary = c.ContextLength, c.Layers, c.Hidden, c.Intermediate, c.VocabSize
	if c.HeadsKV < 1<<20 && c.HeadDim < 1<<20 && c.Layers < 1<<16 {
		m.KVPerToken = 2 * 2 * c.HeadsKV * c.HeadDim * c.Layers // keys and values of two bytes
	}
}

// readShape reads config.json beside the weights of a directory; nil if there is none.
func readShape(ctx context.Context, reader artifacts.Reader, m *artifacts.Model) (c *safetensors.Config, err error) {
	i := slices.IndexFunc(m.Packaging.Files, func(f packaging.File) bool {
		return path.Base(f.Path) == "config.json" && f.Encoding == packaging.Raw && (m.Packaging.Main == "" || path.Dir(f.Path) == m.Packaging.Main)
	})
	if i < 0 {
		return nil, nil
	}
	file, size, err := reader.OpenFile(ctx, m, &m.Packaging.Files[i])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return safetensors.ReadConfig(sectionOf(file, size))
}

// weigher returns what serve says before it downloads a model: that it will not fit, and what would.
func weigher(env *Env, choice *engine.Choice, opts *workload.Options) func(context.Context, *artifacts.Plan, *artifacts.Model) {
	return func(ctx context.Context, plan *artifacts.Plan, m *artifacts.Model) {
		place, err := servingPlace(ctx, env, choice, opts)
		if err != nil || place.memory <= 0 || weights(m) < place.memory/8 {
			return // nothing is known to weigh it by, or it is small
		}
		model, err := fitModel(ctx, newRemotePlan(plan), m)
		if err != nil {
			env.Log().Debug("weighing a model by its manifest alone", "error", err)
		}
		advice := fit.For(model, &fit.Options{Context: int64(opts.CtxSize)}, place.memory)
		if !advice.Fits {
			ui.Warning(env.Err, m.Name+" "+unfit(&advice, place))
		}
	}
}

// weigherUnit is weigher for a service of Podman's.
func weigherUnit(env *Env, opts *workload.Options) func(context.Context, *artifacts.Plan, *artifacts.Model) {
	return func(ctx context.Context, plan *artifacts.Plan, m *artifacts.Model) {
		if choice, err := env.Engine(ctx); err == nil {
			weigher(env, choice, opts)(ctx, plan, m)
		}
	}
}

// place is a memory that a model can be put into.
type place struct {
	name   string
	memory int64 // bytes; -1 if unknown
	layers bool  // layers can be left to the processor
}

// servingPlace is where the weights will be: on the chosen accelerators, or in the host's memory.
func servingPlace(ctx context.Context, env *Env, choice *engine.Choice, opts *workload.Options) (*place, error) {
	if !opts.Access.Passed() {
		return hostPlace(env)
	}
	found, err := accelerators(ctx, env, choice, true)
	if err != nil {
		return nil, err
	}
	access := opts.Access
	access.Chosen = slices.Clone(access.Chosen)
	for i := range access.Chosen {
		if n := access.Chosen[i].Index; n < len(found) {
			access.Chosen[i].Memory = found[n].Memory // which only now was asked for
		}
	}
	return &place{name: accessName(&access), memory: access.Memory(), layers: true}, nil
}

func hostPlace(env *Env) (*place, error) {
	h, err := env.host(false)
	if err != nil {
		return nil, err
	}
	return &place{name: "processor", memory: gpu.SystemMemory(h)}, nil
}

// unfit says that a model does not fit, and what would.
func unfit(a *fit.Advice, p *place) string {
	e := a.Estimate
	text := fmt.Sprintf("needs about %s (weights %s, cache of %d tokens %s, buffers %s), and %s has %s", ui.Size(e.Total()), ui.Size(e.Weights),
		e.Context, ui.Size(e.Cache), ui.Size(e.Compute), p.name, ui.Size(a.Memory))
	if s := proposal(a, p); s != "" {
		text += "; what would fit: " + s
	}
	return text
}

// proposal lists what would fit; "" if nothing is known to.
func proposal(a *fit.Advice, p *place) string {
	var ways []string
	if a.Context > 0 && !a.Fits {
		ways = append(ways, fmt.Sprintf("--ctx-size %d", a.Context))
	}
	if a.Quantization != "" {
		ways = append(ways, fmt.Sprintf("%s (weights %s)", a.Quantization, ui.Size(a.QuantizationBytes)))
	}
	if p.layers && !a.Fits && a.Layers > 0 {
		ways = append(ways, fmt.Sprintf("-- -ngl %d", a.Layers))
	}
	return joinOr(ways)
}
