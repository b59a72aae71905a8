package safetensors_test

import (
	"bytes"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/safetensors"
)

func FuzzRead(f *testing.F) {
	f.Add(file(`{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4))
	f.Add(file(`{"b":{"dtype":"I64","shape":[2],"data_offsets":[2,18]},"a":{"dtype":"U16","shape":[1],"data_offsets":[0,2]}}  `, 18))
	f.Add(file(`{"a":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]}}`, 2))
	f.Add([]byte("GGUF\x03\x00\x00\x00{}"))
	for name, b := range model(f, 8) {
		if bytes.HasSuffix([]byte(name), []byte(".safetensors")) {
			f.Add(b[:min(len(b), 1500)])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var facts *safetensors.Facts
		var err error
		if n := allocated(func() { facts, err = read(b) }); n > 64*uint64(len(b))+1<<20 {
			t.Errorf("%d bytes allocated for a file of %d", n, len(b))
		}
		if (err == nil) && (facts == nil || facts.Bytes > int64(len(b))) {
			t.Errorf("got %+v", facts)
		}
		if facts != nil && (facts.Parameters < 0 || facts.Bytes < 0) {
			t.Errorf("negative numbers: %+v", facts)
		}
	})
}

// FuzzConfig reads any bytes as config.json and as an index.
func FuzzConfig(f *testing.F) {
	files := model(f, 2)
	f.Add(files["config.json"])
	f.Add(files["model.safetensors.index.json"])
	f.Add([]byte(`{"a":[NaN,-Infinity],"text_config":{"max_position_embeddings":7}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := safetensors.ReadConfig(bytes.NewReader(b)); err == nil && c.ContextLength < 0 {
			t.Errorf("got %+v", c)
		}
		x, err := safetensors.ReadIndex(bytes.NewReader(b))
		if err == nil && (len(x.Tensors) == 0 || x.TotalSize < 0 || x.Complete(nil) == nil) {
			t.Errorf("got %+v", x)
		}
	})
}
