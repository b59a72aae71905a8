package fit

import (
	"math"
	"testing"
)

const (
	mib = 1 << 20
	gib = 1 << 30
)

// llama8B is Llama 3.1 8B in Q4_K_M.
func llama8B() *Model {
	return &Model{Weights: 4920734272, Parameters: 8030261248, KVPerToken: 128 << 10, Context: 131072, Layers: 32, Embedding: 4096, FeedForward: 14336, Vocabulary: 128256}
}

// TestOf has what llama-server 0.7.0 reported for models of tests/fixtures: model, KV and compute buffers, in MiB.
func TestOf(t *testing.T) {
	a := Model{Weights: 64654336, KVPerToken: 4096, Context: 8192, Layers: 8, Embedding: 512, FeedForward: 1536, Vocabulary: 8000}
	b := Model{Weights: 124256256, KVPerToken: 16384, Context: 4096, Layers: 4, Embedding: 1024, FeedForward: 2816, Vocabulary: 32000}
	c := Model{Weights: 5600000, KVPerToken: 4096, Context: 32768, Layers: 16, Embedding: 256, FeedForward: 512, Vocabulary: 2000}
	for _, v := range []struct {
		name           string
		m              Model
		o              *Options
		cache, compute float64
	}{
		{"a", a, nil, 32, 22.02 + 0.12},
		{"a, short", a, &Options{Context: 512}, 2, 14.52 + 0.12},
		{"a, odd context", a, &Options{Context: 500}, 2, 14.52 + 0.12},
		{"a, small batches", a, &Options{Context: 4096, Batch: 256}, 16, 9.01 + 0.12},
		{"a, one slot", a, &Options{Slots: 1}, 32, 22.02 + 0.03},
		{"b", b, nil, 64, 30.52 + 0.49},
		{"c", c, nil, 128, 37.52 + 0.03},
		{"c, longer than trained", c, &Options{Context: 65536}, 256, 69.52 + 0.03},
	} {
		e := Of(&v.m, v.o)
		if float64(e.Cache) != v.cache*mib {
			t.Errorf("%s: a cache of %d, want %.2f MiB", v.name, e.Cache, v.cache)
		}
		if got := float64(e.Compute) / mib; math.Abs(got-v.compute) > 0.01*v.compute {
			t.Errorf("%s: %.2f MiB of compute, want %.2f", v.name, got, v.compute)
		}
	}
}

func TestFor(t *testing.T) {
	m := llama8B()
	for _, c := range []struct {
		name    string
		m       *Model
		o       *Options
		memory  int64
		fits    bool
		context int64
		layers  int64
		quant   string
	}{
		{"24 GiB, short", m, &Options{Context: 8192}, 24 * gib, true, 8192, 32, ""},
		{"24 GiB, whole", m, nil, 24 * gib, true, 131072, 32, ""},
		{"16 GiB, whole", m, nil, 16 * gib, false, 83456, 23, ""},
		{"8 GiB", m, &Options{Context: 32768}, 8 * gib, false, 18432, 26, ""},
		{"6 GiB", m, &Options{Context: 8192}, 6 * gib, false, 4352, 30, "Q3_K_M"},
		{"2 GiB", m, &Options{Context: 4096}, 2 * gib, false, 0, 10, ""},
		{"nothing", m, nil, 0, false, 0, 0, ""},
		{"facts that lack", &Model{Weights: 9 * gib}, nil, 8 * gib, false, 0, 0, ""},
		{"facts that lack, and fit", &Model{Weights: 5 * gib}, nil, 8 * gib, true, 0, 0, ""},
	} {
		a := For(c.m, c.o, c.memory)
		if a.Fits != c.fits || a.Context != c.context || a.Layers != c.layers || a.Quantization != c.quant {
			t.Errorf("%s: %+v", c.name, a)
		}
		if a.Context > 0 && !a.Fits {
			if again := For(c.m, &Options{Context: a.Context}, c.memory); !again.Fits {
				t.Errorf("%s: the context that it proposes does not fit: %+v", c.name, again)
			}
			if more := For(c.m, &Options{Context: a.Context + 256}, c.memory); more.Fits {
				t.Errorf("%s: more than it proposes fits: %+v", c.name, more)
			}
		}
	}
}

// TestHuge: numbers of a hostile header make no small sum.
func TestHuge(t *testing.T) {
	m := &Model{Weights: math.MaxInt64, KVPerToken: math.MaxInt64, Context: math.MaxInt64, Layers: math.MaxInt64 - 1, Embedding: math.MaxInt64, FeedForward: math.MaxInt64, Vocabulary: math.MaxInt64, Parameters: math.MaxInt64}
	e := Of(m, nil)
	if a := For(m, nil, 80*gib); e.Total() != math.MaxInt64 || a.Fits || a.Context != 0 {
		t.Errorf("%+v, %+v", e, a)
	}
}

func FuzzFor(f *testing.F) {
	f.Add(int64(1), int64(2), int64(3), int64(4), int64(5))
	f.Fuzz(func(t *testing.T, weights, kv, context, width, memory int64) {
		m := &Model{Weights: weights, KVPerToken: kv, Context: context, Layers: width, Embedding: width, FeedForward: width, Vocabulary: width, Parameters: weights}
		a := For(m, nil, max(memory, 0))
		e := a.Estimate
		if e.Total() < 0 || e.Cache < 0 || e.Compute < 0 || a.Layers < 0 && width >= 0 {
			t.Errorf("%+v", a)
		}
	})
}
