package gguf

import (
	"fmt"
	"slices"
)

// defaultAlignment holds where general.alignment is missing (ggml/docs/gguf.md).
const defaultAlignment = 32

// maxAlignment is far above any page size.
const maxAlignment = 1 << 20

// extractor takes values out of metadata. It keeps the first error, which names the key.
type extractor struct {
	m   metadata
	err error
}

// facts makes Facts of the metadata. A key of the wrong type is an error, as it is to llama.cpp.
func (m metadata) facts() (*Facts, error) {
	x := &extractor{m: m}
	f := &Facts{
		Architecture:   x.text("general.architecture"),
		Type:           x.text("general.type"),
		Name:           x.text("general.name"),
		SizeLabel:      x.text("general.size_label"),
		License:        x.text("general.license"),
		TokenizerModel: x.text("tokenizer.ggml.model"),
		ChatTemplate:   x.text("tokenizer.chat_template"),
		Alignment:      x.alignment(),
	}
	_, f.HasChatTemplate = m["tokenizer.chat_template"]
	if _, ok := m["general.file_type"]; ok {
		n := x.integer("general.file_type")
		f.FileType = &n
	}
	x.split(f)
	x.sizes(f, f.Architecture+".")
	return f, x.err
}

// sizes fills in what is under the keys of the architecture.
func (x *extractor) sizes(f *Facts, prefix string) {
	f.ContextLength = x.integer(prefix + "context_length")
	f.EmbeddingLength = x.integer(prefix + "embedding_length")
	f.BlockCount = x.integer(prefix + "block_count")
	f.HeadCount, f.HeadCounts = x.layers(prefix + "attention.head_count")
	f.HeadCountKV, f.HeadCountsKV = x.layers(prefix + "attention.head_count_kv")
	f.FeedForwardLength, f.FeedForwardLengths = x.layers(prefix + "feed_forward_length")
	f.KeyLength = x.most(prefix + "attention.key_length")
	f.ValueLength = x.most(prefix + "attention.value_length")
	f.ExpertCount = x.most(prefix + "expert_count")
	f.ExpertUsedCount = x.most(prefix + "expert_used_count")
	f.ExpertFeedForwardLength = x.most(prefix + "expert_feed_forward_length")
	f.RopeFreqBase = x.float(prefix + "rope.freq_base")
	f.VocabSize = x.integer(prefix + "vocab_size")
	if f.VocabSize == 0 {
		f.VocabSize = int64(x.m["tokenizer.ggml.tokens"].len)
	}
}

// split reads the place of a shard. llama.cpp numbers them from 0 and takes a count of 0 for a whole model.
func (x *extractor) split(f *Facts) {
	no, count := x.integer("split.no"), x.integer("split.count")
	f.splitTensors = x.integer("split.tensors.count")
	if count == 0 {
		return
	}
	if no >= count {
		x.fail("split.no", fmt.Errorf("there is no shard %d of %d", no+1, count))
	}
	f.Shard, f.Shards = no+1, count
}

// alignment must be a power of two, as in ggml/src/gguf.cpp.
func (x *extractor) alignment() int64 {
	const key = "general.alignment"
	if _, ok := x.m[key]; !ok {
		return defaultAlignment
	}
	n := x.integer(key)
	if n < 1 || n > maxAlignment || n&(n-1) != 0 {
		x.fail(key, fmt.Errorf("%d is no alignment", n))
	}
	return n
}

func (x *extractor) fail(key string, err error) {
	if x.err == nil {
		x.err = fmt.Errorf("understanding %s: %w", key, err)
	}
}

func (x *extractor) text(key string) string {
	v, ok := x.m[key]
	if ok && v.kind != kindText {
		x.fail(key, fmt.Errorf("the value is of type %d, not a string", v.kind))
	}
	return v.text
}

func (x *extractor) integer(key string) int64 {
	v, ok := x.m[key]
	if !ok {
		return 0
	}
	n, err := v.integer()
	if err != nil {
		x.fail(key, err)
	}
	return n
}

func (x *extractor) float(key string) float64 {
	v, ok := x.m[key]
	if !ok {
		return 0
	}
	n, err := v.float()
	if err != nil {
		x.fail(key, err)
	}
	return n
}

// layers reads one number for all layers, or an array with one for each; then it returns the largest, and all of them.
func (x *extractor) layers(key string) (int64, []int64) {
	v, ok := x.m[key]
	if !ok || len(v.list) == 0 {
		return x.integer(key), nil
	}
	list := make([]int64, len(v.list))
	for i, bits := range v.list {
		n, err := value{kind: v.kind, bits: bits}.integer()
		if err != nil {
			x.fail(key, fmt.Errorf("reading layer %d: %w", i, err))
		}
		list[i] = n
	}
	return slices.Max(list), list
}

// most returns the largest of what layers reads.
func (x *extractor) most(key string) int64 {
	n, _ := x.layers(key)
	return n
}
