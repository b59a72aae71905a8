package gguf_test

import (
	"fmt"

	"github.com/paddock-dev/paddock/artifacts/gguf"
)

// describe prints what a whole file and its shards have in common: all but the shards.
func describe(f *gguf.Facts) string {
	return fmt.Sprint(f.Architecture, f.Name, f.Parameters, f.Quantization, f.Tensors, f.TensorBytes, f.ContextLength,
		f.HeadCount, f.VocabSize, f.ChatTemplate, f.Version, f.BigEndian, f.Alignment)
}
