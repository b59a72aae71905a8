// Package fit estimates how much memory a model takes when it is served, and says what fits. It is pure.
//
// # The estimate
//
// It is that of llama.cpp with its defaults: flash attention where the backend has it, keys and values of 16 bits, batches of
// 512 tokens. In bytes, for a context of C tokens:
//
//	weights   what the tensors take in the file, and the other files that are loaded with it (projector, draft, adapters)
//	cache     C rounded up to 256, times the bytes that all layers keep of one token
//	compute   512 * (4 * (3 F + 5 E) + 2 C): a token has three rows of F numbers of its feed-forward network at once, five of
//	          the embedding E, and for each token of the context a mask of two bytes
//	outputs   4 * V * slots: what one token's probabilities over a vocabulary of V take, for each sequence
//
// The factors are those of the graph that llama.cpp makes (src/llama-graph.cpp) after its allocator has reused what it can;
// an end-to-end test holds the sum against what llama-server itself reports, for models of several shapes. A model that
// splits into experts counts the experts that one token uses. Sliding windows, and caches of compressed keys, take less.
//
// vLLM keeps the same weights and cache per token, and takes nine tenths of the memory at once.
package fit

import "math"

// Model is what the estimate is made of. A number that is not known is 0; without Layers, KVPerToken and Embedding only the
// weights count.
type Model struct {
	// Weights is what is loaded, in bytes, and Parameters the number of numbers in it.
	Weights, Parameters int64
	// KVPerToken is what all layers together keep of one token, in bytes.
	KVPerToken int64
	// Context is the length that the model was trained for, in tokens.
	Context int64
	// Layers is the number of blocks.
	Layers int64
	// Embedding and FeedForward are the widths of a row, the latter of all experts that a token uses together.
	Embedding, FeedForward int64
	// Vocabulary is the number of tokens that there are.
	Vocabulary int64
}

// Options say how it is served. nil means the zero value.
type Options struct {
	// Context is the length in tokens; 0 is the model's own.
	Context int64
	// Batch is the number of tokens computed at once; 0 is 512, llama.cpp's --ubatch-size.
	Batch int64
	// Slots is the number of sequences; 0 is 4, llama-server's --parallel.
	Slots int64
}

const (
	defaultBatch = 512
	defaultSlots = 4
	cacheStep    = 256 // llama.cpp rounds the context up to it
)

// Estimate is the memory that a model takes, in bytes, for a context of Context tokens.
type Estimate struct {
	Context int64 `json:"context"`
	Weights int64 `json:"weights"`
	Cache   int64 `json:"cache"`
	// Compute is what is there while a batch is computed, the outputs included.
	Compute int64 `json:"compute"`
}

// Total is the sum; math.MaxInt64 if it does not fit.
func (e *Estimate) Total() int64 { return add(add(e.Weights, e.Cache), e.Compute) }

// Of estimates the memory of a model.
func Of(m *Model, o *Options) Estimate {
	context, batch, slots := m.Context, int64(defaultBatch), int64(defaultSlots)
	if o != nil {
		context, batch, slots = or(o.Context, context), or(o.Batch, batch), or(o.Slots, slots)
	}
	e := Estimate{Context: context, Weights: max(m.Weights, 0)}
	cells := add(context, cacheStep-1) / cacheStep * cacheStep
	e.Cache = mul(cells, m.KVPerToken)
	if m.Embedding > 0 {
		row := add(mul(4, add(mul(3, m.FeedForward), mul(5, m.Embedding))), mul(2, cells))
		e.Compute = add(mul(min(batch, max(cells, 1)), row), mul(mul(4, m.Vocabulary), slots))
	}
	return e
}

func or(n, fallback int64) int64 {
	if n > 0 {
		return n
	}
	return max(fallback, 0)
}

// add and mul are of numbers that are not negative; math.MaxInt64 stands for what does not fit.
func add(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func mul(a, b int64) int64 {
	if a > 0 && b > math.MaxInt64/a {
		return math.MaxInt64
	}
	return max(a, 0) * max(b, 0)
}
