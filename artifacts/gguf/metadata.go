package gguf

import (
	"bytes"
	"fmt"
)

// metadata is what is kept of the keys and values of a header.
type metadata map[string]value

// metadata reads n pairs, keeps those that Facts are made of and passes over the rest.
func (d *decoder) metadata(n uint64) metadata {
	d.expect(n, d.lengthSize()+5, "metadata keys") // a key of no length, its type, and one byte
	m, kept := metadata{}, 0
	for i := uint64(0); i < n && d.err == nil; i++ {
		key, k := d.key(), kind(d.u32())
		if d.err != nil {
			d.err = fmt.Errorf("reading metadata key %d: %w", i, d.err)
			return m
		}
		if key == "" {
			if d.skipValue(k, 0); d.err != nil {
				d.err = fmt.Errorf("reading the value of metadata key %d: %w", i, d.err)
			}
			continue
		}
		if _, twice := m[key]; twice {
			d.fail(fmt.Errorf("metadata key %s is there twice", key))
			return m
		}
		m[key] = d.value(k)
		if d.err != nil {
			d.err = fmt.Errorf("reading the value of %s: %w", key, d.err)
		}
		if kept += m.cost(key); kept > maxKept {
			d.fail(fmt.Errorf("the metadata that describe the model take more than %d bytes", maxKept))
		}
	}
	return m
}

// cost estimates the memory that an entry takes.
func (m metadata) cost(key string) int {
	const overhead = 128
	v := m[key]
	return overhead + len(key) + len(v.text) + 8*len(v.list)
}

// key reads a key, or passes over it and returns "" if it is not one to keep.
func (d *decoder) key() string {
	n := d.length()
	if n > maxKey {
		d.skip(n)
		return ""
	}
	b := d.bytes(int(n))
	if !wanted(b) {
		return ""
	}
	return string(b)
}

// wanted says whether Facts are made of a key.
func wanted(key []byte) bool {
	switch string(key) {
	case "general.architecture", "general.type", "general.name", "general.size_label", "general.license",
		"general.file_type", "general.alignment",
		"tokenizer.ggml.model", "tokenizer.ggml.tokens", "tokenizer.chat_template",
		"split.no", "split.count", "split.tensors.count":
		return true
	}
	// the architecture may come after the keys that begin with it
	_, rest, _ := bytes.Cut(key, []byte("."))
	switch string(rest) {
	case "context_length", "embedding_length", "block_count", "feed_forward_length", "vocab_size",
		"attention.head_count", "attention.head_count_kv", "attention.key_length", "attention.value_length",
		"expert_count", "expert_used_count", "expert_feed_forward_length", "rope.freq_base":
		return true
	}
	return false
}
