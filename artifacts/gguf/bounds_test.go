package gguf_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// overlay puts a header over the beginning of something large.
type overlay struct {
	head []byte
	rest io.ReaderAt
}

func (o overlay) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.rest.ReadAt(p, off)
	if off < int64(len(o.head)) {
		copy(p, o.head[off:])
	}
	return n, err
}

// The header of a large vocabulary takes few requests and little memory, and no request reaches far into the data.
func TestLargeVocabulary(t *testing.T) {
	merges := make([]string, 300_000)
	for i := range merges {
		merges[i] = "some thing"
	}
	b := model(t, &fixtures.Options{Embd: 32, Layers: 1, FF: 32, Vocab: 131_072, Type: fixtures.F16, Metadata: kv("tokenizer.ggml.merges", merges)})
	data := int64(2 * 2 * 32 * 131_072) // nearly all of it is the two matrices of the vocabulary
	header := int64(len(b)) - data
	r := &counting{r: bytes.NewReader(b)}
	var f *gguf.Facts
	var err error
	memory := allocated(func() { f, err = gguf.Read(r, int64(len(b))) })
	if err != nil || f.VocabSize != 131_072 || f.Quantization != "F16" {
		t.Fatalf("%+v, %v", f, err)
	}
	if header < 7<<20 || r.requests > 4 || memory > 16<<20 {
		t.Errorf("a header of %d bytes took %d requests and %d bytes of memory", header, r.requests, memory)
	}
	if r.end > header+8<<20 {
		t.Errorf("byte %d was read, the header ends near %d", r.end, header)
	}
}

// Weights are not read, and arrays of numbers are stepped over.
func TestReadsNoWeights(t *testing.T) {
	const weights = 1 << 40
	c := &fixtures.Container{
		Metadata: kv("general.architecture", "llama", "numbers", make([]float32, 5<<20), "llama.block_count", uint32(3)),
		Tensors:  []fixtures.Tensor{{Name: "t", Dims: []uint64{weights}, Type: fixtures.F16, Data: nil}},
	}
	head := container(t, c, 0)
	r := &counting{r: overlay{head, fixtures.NewBlob(int64(len(head))+2*weights, 0)}}
	f, err := gguf.Read(r, int64(len(head))+2*weights)
	if err != nil || f.Parameters != weights || f.BlockCount != 3 {
		t.Fatalf("%+v, %v", f, err)
	}
	if r.requests > 2 || r.bytes > 3<<20 {
		t.Errorf("%d requests for %d bytes", r.requests, r.bytes)
	}
}
