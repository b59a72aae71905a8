package gguf_test

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// header begins a file by hand: counts, then bytes as they come.
func header(tensors, pairs uint64, rest ...any) []byte {
	bo := binary.LittleEndian
	b := bo.AppendUint32([]byte("GGUF"), 3)
	b = bo.AppendUint64(bo.AppendUint64(b, tensors), pairs)
	for _, r := range rest {
		switch v := r.(type) {
		case string:
			b = append(bo.AppendUint64(b, uint64(len(v))), v...)
		case uint32:
			b = bo.AppendUint32(b, v)
		case uint64:
			b = bo.AppendUint64(b, v)
		}
	}
	return b
}

// nested is an array in an array, and so on.
func nested(depth int) []byte {
	b := header(0, 1, "k", uint32(9))
	for range depth - 1 {
		b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(b, 9), 1)
	}
	b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(b, 4), 1)
	return binary.LittleEndian.AppendUint32(b, 7)
}

const u32, str, arr, huge = uint32(4), uint32(8), uint32(9), uint64(1) << 62

// hostile are headers that cannot be; each is followed by 4 KiB of zeros.
func hostile() map[string][]byte {
	dims := func(rest ...any) []byte { return header(1, 0, append([]any{"t"}, rest...)...) }
	return map[string][]byte{
		"pairs":            header(0, huge),
		"pairs wrap":       header(0, math.MaxUint64/13+2),
		"tensors":          header(huge, 0),
		"tensors wrap":     header(math.MaxUint64/24+2, 0),
		"key length":       header(0, 1, huge),
		"key length wraps": header(0, 1, uint64(math.MaxUint64)),
		"text length":      header(0, 1, "general.name", str, huge),
		"skipped length":   header(0, 1, "k", str, uint64(math.MaxUint64)),
		"array length":     header(0, 1, "k", arr, u32, huge),
		"array wraps":      header(0, 1, "k", arr, u32, uint64(1)<<62+1),
		"array of text":    header(0, 1, "tokenizer.ggml.tokens", arr, str, huge),
		"array of arrays":  header(0, 1, "k", arr, arr, huge),
		"wanted array":     header(0, 1, "llama.block_count", arr, u32, uint64(4000)),
		"nested":           nested(5),
		"nested deep":      nested(100_000),
		"value type":       header(0, 1, "k", uint32(13)),
		"element type":     header(0, 1, "k", arr, uint32(99), uint64(1)),
		"wanted type":      header(0, 1, "general.name", uint32(77)),
		"dimensions":       dims(uint32(math.MaxUint32)),
		"five dimensions":  dims(uint32(5), uint64(1), uint64(1), uint64(1), uint64(1), uint64(1), u32, uint64(0)),
		"product":          dims(uint32(3), uint64(1)<<40, uint64(1)<<40, uint64(1)<<40, uint32(0), uint64(0)),
		"half product":     dims(uint32(1), uint64(1)<<63, uint32(777), uint64(0)),
		"bytes":            dims(uint32(1), uint64(1)<<62, uint32(28), uint64(0)),
		"offset":           dims(uint32(1), uint64(4), uint32(0), uint64(math.MaxUint64)),
		"partial block":    dims(uint32(1), uint64(33), uint32(8), uint64(0)),
		"tensor name":      header(1, 0, huge),
	}
}

func TestHostileHeaders(t *testing.T) {
	for name, b := range hostile() {
		b = append(b, make([]byte, 4096)...)
		var f *gguf.Facts
		var err error
		if n := allocated(func() { f, err = read(b) }); n > uint64(len(b))+256<<10 {
			t.Errorf("%s: %d bytes allocated for a file of %d", name, n, len(b))
		}
		if err == nil || f != nil {
			t.Errorf("%s: got %+v, %v", name, f, err)
		}
	}
	if _, err := read(append(nested(4), make([]byte, 64)...)); err != nil {
		t.Errorf("four arrays deep: %v", err)
	}
}

// Values that have a form but no sense.
func TestSenselessMetadata(t *testing.T) {
	for name, m := range map[string][]fixtures.KV{
		"alignment 0":      kv("general.alignment", uint32(0)),
		"alignment 24":     kv("general.alignment", uint32(24)),
		"alignment 2^31":   kv("general.alignment", uint32(1<<31)),
		"alignment text":   kv("general.alignment", "32"),
		"architecture":     kv("general.architecture", uint32(1)),
		"name array":       kv("general.name", []string{"a"}),
		"name numbers":     kv("general.name", []uint32{1}),
		"context text":     kv("general.architecture", "a", "a.context_length", "x"),
		"context negative": kv("general.architecture", "a", "a.context_length", int32(-1)),
		"context float":    kv("general.architecture", "a", "a.context_length", float32(1)),
		"context 2^64":     kv("general.architecture", "a", "a.context_length", uint64(math.MaxUint64)),
		"context array":    kv("general.architecture", "a", "a.context_length", []uint32{1}),
		"heads empty":      kv("general.architecture", "a", "a.attention.head_count", []uint32{}),
		"heads negative":   kv("general.architecture", "a", "a.attention.head_count", []int32{1, -1}),
		"base text":        kv("general.architecture", "a", "a.rope.freq_base", "x"),
		"base array":       kv("general.architecture", "a", "a.rope.freq_base", []float32{1}),
		"shard":            kv("split.no", uint16(2), "split.count", uint16(2)),
		"twice":            kv("general.name", "a", "general.name", "b"),
		"long text":        kv("general.name", strings.Repeat("x", 1<<20+1)),
	} {
		if f, err := read(container(t, &fixtures.Container{Metadata: m}, 0)); err == nil || f != nil {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}

// Any number of keys that look wanted must not fill the memory.
func TestKeptMetadataIsBounded(t *testing.T) {
	var m []fixtures.KV
	for range 8 {
		m = append(m, fixtures.KV{Key: strings.Repeat("a", len(m)+1) + ".context_length", Value: strings.Repeat("x", 1<<20)})
	}
	if _, err := read(container(t, &fixtures.Container{Metadata: m}, 0)); err == nil || errors.Is(err, gguf.ErrTruncated) {
		t.Errorf("8 MiB were kept: %v", err)
	}
	if f, err := read(container(t, &fixtures.Container{Metadata: m[:2]}, 0)); err != nil {
		t.Errorf("got %+v, %v", f, err)
	}
}

// A header may be long only up to a bound, however large the file is.
func TestHeaderIsBounded(t *testing.T) {
	b := header(0, 1, "k", str, uint64(300<<20))
	r := &counting{r: fixtures.NewBlob(1<<40, 0)}
	_, err := gguf.Read(overlay{b, r}, 1<<40)
	if err == nil || errors.Is(err, gguf.ErrTruncated) || r.bytes > 2<<20 {
		t.Errorf("%v after %d bytes", err, r.bytes)
	}
}
