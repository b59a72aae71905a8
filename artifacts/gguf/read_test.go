package gguf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

func TestReadModel(t *testing.T) {
	for _, big := range []bool{false, true} {
		b := model(t, &fixtures.Options{BigEndian: big, HeadsKV: 2, Metadata: kv(
			"general.size_label", "128K", "general.license", "mit", "llama.rope.freq_base", float32(10000),
			"llama.attention.key_length", uint32(16), "llama.attention.value_length", uint32(24),
			"llama.expert_count", uint32(8), "llama.expert_used_count", uint32(2), "general.languages", []string{"en", "de"})})
		got, err := json.Marshal(facts(t, b))
		if err != nil {
			t.Fatal(err)
		}
		want := `{"architecture":"llama","type":"model","name":"tiny-random","sizeLabel":"128K","license":"mit",` +
			`"parameters":119360,"quantization":"F32","fileType":0,"tensors":21,"tensorBytes":477440,` +
			`"contextLength":512,"embeddingLength":64,"blockCount":2,"headCount":4,"headCountKV":2,"feedForwardLength":128,` +
			`"keyLength":16,"valueLength":24,"expertCount":8,"expertUsedCount":2,"ropeFreqBase":10000,` +
			`"vocabSize":354,"tokenizerModel":"llama","chatTemplate":true,"version":3,"bigEndian":false,"alignment":32}`
		if big {
			want = strings.Replace(want, `"bigEndian":false`, `"bigEndian":true`, 1)
		}
		if string(got) != want {
			t.Errorf("got\n%s, want\n%s", got, want)
		}
	}
	if f := facts(t, model(t, nil)); f.ChatTemplate != fixtures.DefaultTemplate || f.Parameters != 127552 {
		t.Errorf("template %q, %d parameters", f.ChatTemplate, f.Parameters)
	}
	if f := facts(t, model(t, &fixtures.Options{ChatTemplate: "-"})); f.HasChatTemplate || f.ChatTemplate != "" {
		t.Errorf("template %q of a model without one", f.ChatTemplate)
	}
}

func TestQuantization(t *testing.T) {
	noFileType := kv("general.file_type", nil)
	for _, c := range []struct {
		t        fixtures.TensorType
		metadata []fixtures.KV
		want     string
	}{
		{fixtures.F16, nil, "F16"},
		{fixtures.Q8_0, nil, "Q8_0"},
		{fixtures.Q4_0, nil, "Q4_0"},
		{fixtures.Q4_0, kv("general.file_type", uint32(15)), "Q4_K_M"},
		{fixtures.Q4_0, kv("general.file_type", uint32(38)), "MXFP4_MOE"},
		{fixtures.Q4_0, kv("general.file_type", uint32(1024+7)), "Q8_0"}, // guessed by llama.cpp
		{fixtures.Q8_0, noFileType, "Q8_0"},
		{fixtures.F32, noFileType, "F32"},
		{fixtures.Q8_0, kv("general.file_type", uint32(5)), "Q8_0"},   // no longer in use
		{fixtures.Q8_0, kv("general.file_type", uint32(999)), "Q8_0"}, // not known
	} {
		f := facts(t, model(t, &fixtures.Options{Type: c.t, Metadata: c.metadata}))
		if f.Quantization != c.want || f.Parameters != 127552 {
			t.Errorf("%s with %v: got %s, %d parameters", c.t, c.metadata, f.Quantization, f.Parameters)
		}
	}
	if f := facts(t, container(t, &fixtures.Container{}, 0)); f.Quantization != "" || f.FileType != nil {
		t.Errorf("nothing at all is quantised as %q", f.Quantization)
	}
}

func TestReadParts(t *testing.T) {
	p, err := fixtures.Projector(nil)
	if err != nil {
		t.Fatal(err)
	}
	if f := facts(t, p); f.Architecture != "clip" || f.Type != "mmproj" || f.Parameters != 34336 {
		t.Errorf("projector: %+v", f)
	}
	a, err := fixtures.LoRA(nil)
	if err != nil {
		t.Fatal(err)
	}
	if f := facts(t, a); f.Type != "adapter" || f.Name != "tiny-random-lora" || f.Parameters != 2*2*64*4 {
		t.Errorf("adapter: %+v", f)
	}
}

func TestPerLayerArrays(t *testing.T) {
	f := facts(t, model(t, &fixtures.Options{Metadata: kv("llama.attention.head_count_kv", []int32{0, 4, 2},
		"llama.attention.head_count", []uint32{4, 8}, "llama.feed_forward_length", []uint64{128, 64}, "llama.expert_used_count", []uint8{1, 3})}))
	if f.HeadCountKV != 4 || !reflect.DeepEqual(f.HeadCountsKV, []int64{0, 4, 2}) ||
		f.HeadCount != 8 || !reflect.DeepEqual(f.HeadCounts, []int64{4, 8}) ||
		f.FeedForwardLength != 128 || !reflect.DeepEqual(f.FeedForwardLengths, []int64{128, 64}) || f.ExpertUsedCount != 3 {
		t.Errorf("got %+v", f)
	}
}

// Keys of the architecture may come before its name, other architectures' keys do not count.
func TestKeyOrder(t *testing.T) {
	f := facts(t, container(t, &fixtures.Container{Metadata: kv("gemma3.context_length", int64(77), "llama.context_length", uint8(9),
		"general.architecture", "gemma3", "gemma3.rope.freq_base", float64(1e6))}, 0))
	if f.ContextLength != 77 || f.RopeFreqBase != 1e6 {
		t.Errorf("got %+v", f)
	}
}

// Tensors of an unknown type count parameters, and no bytes.
func TestUnknownTensorType(t *testing.T) {
	f := facts(t, container(t, &fixtures.Container{Tensors: []fixtures.Tensor{
		{Name: "a", Dims: []uint64{31, 3}, Type: 777, Data: make([]byte, 40)},
		{Name: "b", Dims: []uint64{64}, Type: 30, Data: make([]byte, 128)},
		{Name: "scalar", Type: 28, Data: make([]byte, 8)},
	}}, 0))
	if f.Parameters != 93+64+1 || f.TensorBytes != 136 || f.Quantization != "BF16" || f.Tensors != 3 {
		t.Errorf("got %+v", f)
	}
}

func TestAlignment(t *testing.T) {
	b := model(t, &fixtures.Options{Metadata: kv("general.alignment", uint32(4096))})
	if f := facts(t, b); f.Alignment != 4096 {
		t.Errorf("got %d", f.Alignment)
	}
	if _, err := read(b[:len(b)-4096]); !errors.Is(err, gguf.ErrTruncated) {
		t.Errorf("a page short: %v", err)
	}
}

func TestTruncatedData(t *testing.T) {
	b := model(t, nil)
	for _, short := range []int{1, 100, 400_000} {
		f, err := read(b[:len(b)-short])
		if !errors.Is(err, gguf.ErrTruncated) || f == nil || f.Parameters != 127552 {
			t.Errorf("%d bytes short: %v, %v", short, f, err)
		}
	}
	if f, err := read(b); err != nil || f == nil {
		t.Errorf("whole: %v", err)
	}
	// the size is of the file to come, the bytes are those that are here
	f, err := gguf.Read(bytes.NewReader(b[:20000]), 20000)
	if !errors.Is(err, gguf.ErrTruncated) || f == nil {
		t.Errorf("%v, %v", f, err)
	}
}

// A file cut anywhere in its header is truncated, and has no facts.
func TestTruncatedHeader(t *testing.T) {
	b := model(t, nil)
	for n := 4; n < 9500; n += 7 {
		if f, err := read(b[:n]); !errors.Is(err, gguf.ErrTruncated) || f != nil {
			t.Fatalf("%d bytes: %v, %v", n, f, err)
		}
	}
	for _, s := range []string{"", "G", "GGML", "PK\x03\x04 and more"} {
		if _, err := read([]byte(s)); !errors.Is(err, gguf.ErrNotGGUF) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestReaderFails(t *testing.T) {
	b := model(t, nil)
	f, err := gguf.Read(broken{bytes.NewReader(b), 100}, int64(len(b)))
	if !errors.Is(err, errBroken) || errors.Is(err, gguf.ErrTruncated) || f != nil {
		t.Errorf("got %v, %v", f, err)
	}
	if _, err := gguf.Read(bytes.NewReader(b[:9000]), int64(len(b))); !errors.Is(err, gguf.ErrTruncated) {
		t.Errorf("the reader is shorter than promised: %v", err)
	}
	if _, err := gguf.Read(bytes.NewReader(nil), -1); err == nil {
		t.Error("a negative size was taken")
	}
}
