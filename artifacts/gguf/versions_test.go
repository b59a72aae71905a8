package gguf_test

import (
	"encoding/binary"
	"testing"
)

// Versions 1 and 2 are little-endian; version 1 has 32-bit counts, lengths and dimensions.
func TestOldVersions(t *testing.T) {
	for _, version := range []uint32{1, 2} {
		bo := binary.LittleEndian
		length := func(b []byte, n int) []byte {
			if version == 1 {
				return bo.AppendUint32(b, uint32(n))
			}
			return bo.AppendUint64(b, uint64(n))
		}
		text := func(b []byte, s string) []byte { return append(length(b, len(s)), s...) }
		b := bo.AppendUint32([]byte("GGUF"), version)
		b = length(length(b, 1), 3) // one tensor, three keys
		b = text(bo.AppendUint32(text(b, "general.architecture"), 8), "llama")
		b = bo.AppendUint32(bo.AppendUint32(text(b, "llama.context_length"), 4), 2048)
		b = length(bo.AppendUint32(bo.AppendUint32(text(b, "tokenizer.ggml.tokens"), 9), 8), 2)
		b = text(text(b, "one"), "two")
		b = length(length(bo.AppendUint32(text(b, "t"), 2), 8), 4) // 8 by 4
		b = bo.AppendUint64(bo.AppendUint32(b, 0), 0)
		for len(b)%32 != 0 {
			b = append(b, 0)
		}
		f := facts(t, append(b, make([]byte, 8*4*4)...))
		if f.Version != version || f.ContextLength != 2048 || f.VocabSize != 2 || f.Parameters != 32 || f.Architecture != "llama" {
			t.Errorf("version %d: %+v", version, f)
		}
	}
	for _, version := range []uint32{0, 4, 0x01010101} {
		b := binary.LittleEndian.AppendUint32([]byte("GGUF"), version)
		if _, err := read(append(b, make([]byte, 64)...)); err == nil {
			t.Errorf("version %d was read", version)
		}
	}
}
