package gguf

import "math"

// KVCacheBytes estimates what llama.cpp allocates for keys and values of context tokens, at two bytes per value (F16,
// its default). A context of 0 is ContextLength. It is an upper bound: layers with a sliding window, or with a compressed
// cache, take less. 0 if the header does not say enough; math.MaxInt64 if the sum does not fit.
func (f *Facts) KVCacheBytes(context int64) int64 {
	if context <= 0 {
		context = f.ContextLength
	}
	var sum int64
	if len(f.HeadCountsKV) == 0 {
		heads := f.HeadCountKV
		if heads == 0 {
			heads = f.HeadCount // grouped-query attention is opt-in
		}
		return product(f.layerWidth(heads), f.BlockCount, context, 2)
	}
	for _, heads := range f.HeadCountsKV {
		one := product(f.layerWidth(heads), context, 2)
		if one > math.MaxInt64-sum {
			return math.MaxInt64
		}
		sum += one
	}
	return sum
}

// layerWidth is the number of values that a layer keeps of one token. Heads share the embedding where their length is
// not given.
func (f *Facts) layerWidth(heads int64) int64 {
	key, value := f.KeyLength, f.ValueLength
	if f.HeadCount > 0 {
		if key == 0 {
			key = f.EmbeddingLength / f.HeadCount
		}
		if value == 0 {
			value = f.EmbeddingLength / f.HeadCount
		}
	}
	if key > math.MaxInt64-value {
		return math.MaxInt64
	}
	return product(heads, key+value)
}

// product multiplies numbers that are not negative; math.MaxInt64 if the product does not fit.
func product(factors ...int64) int64 {
	p := uint64(1)
	for _, f := range factors {
		var ok bool
		if p, ok = mul(p, uint64(f)); !ok || p > math.MaxInt64 {
			p = math.MaxInt64
		}
	}
	return int64(p)
}
