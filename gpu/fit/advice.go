package fit

// Advice says whether a model fits into a memory, and what would.
type Advice struct {
	Estimate Estimate `json:"estimate"`
	// Memory is what there is, in bytes, and Usable what of it a server may take: llama.cpp leaves 1 GiB to others, and of a
	// small memory an eighth.
	Memory int64 `json:"memory"`
	Usable int64 `json:"usable"`
	Fits   bool  `json:"fits"`
	// Context is the longest context with which the whole model fits, a multiple of 256 and at most the one asked for; 0 if
	// none of 2,048 tokens does.
	Context int64 `json:"context"`
	// Layers is how many layers fit at the context asked for, for --n-gpu-layers; those of a model that fits are all.
	Layers int64 `json:"layers"`
	// Quantization is the finest quantization of the same model that fits at the context asked for, and QuantizationBytes what
	// its weights take; "" if none does, or the model fits as it is.
	Quantization      string `json:"quantization,omitempty"`
	QuantizationBytes int64  `json:"quantizationBytes,omitempty"`
}

const (
	margin       = 1 << 30
	leastContext = 2048
)

// For says what of a model fits into memory bytes.
func For(m *Model, o *Options, memory int64) Advice {
	e := Of(m, o)
	a := Advice{Estimate: e, Memory: memory, Usable: memory - min(margin, memory/8), Layers: m.Layers}
	a.Fits = e.Total() <= a.Usable
	if a.Fits {
		a.Context = e.Context
		return a
	}
	a.Context = a.longest(m, o)
	a.Layers = a.layers(m)
	a.Quantization, a.QuantizationBytes = a.finer(m)
	return a
}

// longest searches for the longest context that fits: the estimate grows with it.
func (a *Advice) longest(m *Model, o *Options) int64 {
	at := func(context int64) int64 {
		other := Options{Context: context}
		if o != nil {
			other.Batch, other.Slots = o.Batch, o.Slots
		}
		e := Of(m, &other)
		return e.Total()
	}
	low, high := int64(0), a.Estimate.Context/cacheStep
	for low < high {
		middle := low + (high-low+1)/2
		if at(middle*cacheStep) <= a.Usable {
			low = middle
		} else {
			high = middle - 1
		}
	}
	if low*cacheStep < leastContext {
		return 0
	}
	return low * cacheStep
}

// layers divides weights and cache by the layers, and the output as one more.
func (a *Advice) layers(m *Model) int64 {
	if m.Layers <= 0 {
		return 0
	}
	each := add(a.Estimate.Weights, a.Estimate.Cache) / (m.Layers + 1)
	left := a.Usable - a.Estimate.Compute
	if each <= 0 || left <= 0 {
		return 0
	}
	return min(left/each, m.Layers)
}

// finer looks for a quantization whose weights leave room for the rest. Bits per weight are those that llama.cpp's own table
// has for an 8B model (tools/quantize/README.md).
func (a *Advice) finer(m *Model) (string, int64) {
	for _, q := range []struct {
		name string
		bits float64
	}{{"Q8_0", 8.5}, {"Q6_K", 6.56}, {"Q5_K_M", 5.7}, {"Q4_K_M", 4.89}, {"Q3_K_M", 4.0}, {"Q2_K", 3.16}} {
		weights := int64(float64(m.Parameters) * q.bits / 8)
		if m.Parameters > 0 && weights < a.Estimate.Weights && add(weights, add(a.Estimate.Cache, a.Estimate.Compute)) <= a.Usable {
			return q.name, weights
		}
	}
	return "", 0
}
