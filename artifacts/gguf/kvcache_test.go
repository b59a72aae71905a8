package gguf_test

import (
	"math"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/gguf"
)

func TestKVCacheBytes(t *testing.T) {
	eight := gguf.Facts{BlockCount: 32, HeadCount: 32, HeadCountKV: 8, EmbeddingLength: 4096, ContextLength: 8192}
	for _, c := range []struct {
		name    string
		f       gguf.Facts
		context int64
		want    int64
	}{
		{"Llama 3 8B, its own context", eight, 0, 1 << 30},
		{"less context", eight, 4096, 1 << 29},
		{"no grouped heads", gguf.Facts{BlockCount: 2, HeadCount: 4, EmbeddingLength: 64}, 10, 2 * 2 * 64 * 10 * 2},
		{"lengths given", gguf.Facts{BlockCount: 1, HeadCount: 4, HeadCountKV: 2, EmbeddingLength: 64, KeyLength: 100, ValueLength: 50}, 1, 2 * 150 * 2},
		{"by layer", gguf.Facts{BlockCount: 3, HeadCount: 4, HeadCountKV: 2, HeadCountsKV: []int64{0, 2, 1}, EmbeddingLength: 64}, 1, 3 * 32 * 2},
		{"unknown", gguf.Facts{}, 4096, 0},
		{"too much", gguf.Facts{BlockCount: math.MaxInt64, HeadCountKV: math.MaxInt64, KeyLength: math.MaxInt64, ValueLength: 5}, 1, math.MaxInt64},
		{"too much by layer", gguf.Facts{HeadCountsKV: []int64{1 << 61, 1 << 61}, KeyLength: 1}, 2, math.MaxInt64},
	} {
		if got := c.f.KVCacheBytes(c.context); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}
