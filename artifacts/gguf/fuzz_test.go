package gguf_test

import (
	"testing"

	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// seeds are small files of every sort that fixtures make, and the hostile ones. Weights are cut off: they are not read,
// and short seeds make a fast search.
func seeds(t testing.TB) [][]byte {
	var all [][]byte
	add := func(b []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b[:min(len(b), 3000)])
	}
	tiny := fixtures.Options{Embd: 32, Layers: 1, FF: 32, Heads: 2, Metadata: kv(
		"tokenizer.ggml.tokens", []string{"a", "b"}, "tokenizer.ggml.scores", []float32{0, 1}, "tokenizer.ggml.token_type", []int32{1, 1})}
	add(fixtures.GGUF(&tiny))
	add(fixtures.Projector(&tiny))
	add(fixtures.LoRA(&tiny))
	tiny.BigEndian = true
	tiny.Metadata = append(tiny.Metadata, kv("llama.attention.head_count_kv", []int32{2, 1}, "x", []any{[]string{"a"}, []string{"b"}})...)
	add(fixtures.GGUF(&tiny))
	files, err := fixtures.Split(&tiny, "m", 2)
	for _, f := range files {
		add(f.Data, err)
	}
	whole := fixtures.Container{Metadata: kv("general.architecture", "a", "a.block_count", uint64(2), "general.alignment", uint32(8)),
		Alignment: 8, Tensors: []fixtures.Tensor{{Name: "t", Dims: []uint64{32, 2}, Type: fixtures.Q8_0, Data: make([]byte, 68)}}}
	add(whole.Encode())
	for _, b := range hostile() {
		add(b, nil)
	}
	return all
}

func FuzzRead(f *testing.F) {
	all := seeds(f)
	if len(all) < 10 {
		f.Fatalf("only %d seeds", len(all))
	}
	for _, b := range all {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var facts *gguf.Facts
		var err error
		if n := allocated(func() { facts, err = read(b) }); n > 32*uint64(len(b))+1<<20 {
			t.Errorf("%d bytes allocated for a file of %d", n, len(b))
		}
		if err == nil && facts == nil {
			t.Error("neither facts nor an error")
		}
		if facts == nil {
			return
		}
		if facts.Parameters < 0 || facts.TensorBytes < 0 || facts.HeadCountKV < 0 || facts.KVCacheBytes(0) < 0 {
			t.Errorf("negative numbers: %+v", facts)
		}
		if err == nil && facts.TensorBytes > 0 && facts.Tensors == 0 {
			t.Errorf("bytes without tensors: %+v", facts)
		}
	})
}
