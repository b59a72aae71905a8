package safetensors_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/safetensors"
)

func TestIndexComplete(t *testing.T) {
	files := model(t, 3)
	x, err := safetensors.ReadIndex(bytes.NewReader(files["model.safetensors.index.json"]))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors"}
	if !slices.Equal(x.Files(), names) || x.TotalSize != 255104 {
		t.Errorf("files %v, %d bytes", x.Files(), x.TotalSize)
	}
	have := shards(t, files)
	if err := x.Complete(have); err != nil {
		t.Errorf("whole: %v", err)
	}
	have[names[1]].Tensors--
	if err := x.Complete(have); !errors.Is(err, safetensors.ErrIncomplete) || !strings.Contains(err.Error(), names[1]) {
		t.Errorf("a tensor is missing: %v", err)
	}
	have[names[1]] = nil
	if err := x.Complete(have); err != nil {
		t.Errorf("not read: %v", err)
	}
	delete(have, names[2])
	if err := x.Complete(have); !errors.Is(err, safetensors.ErrIncomplete) || !strings.Contains(err.Error(), names[2]) {
		t.Errorf("a file is missing: %v", err)
	}
}

func TestReadIndexRefuses(t *testing.T) {
	for _, s := range []string{
		"", "{}", "[]", `{"weight_map":{}}`, `{"weight_map":[]}`, `{"weight_map":{"a":1}}`, `{"weight_map":{"a":"f"}`,
		`{"weight_map":{"a":"f"}} x`, `{"weight_map":{"a":"../f"}}`, `{"weight_map":{"a":"/f"}}`, `{"weight_map":{"a":""}}`,
		`{"metadata":{"total_size":-1},"weight_map":{"a":"f"}}`, `{"metadata":3,"weight_map":{"a":"f"}}`,
		`{"weight_map":{"a":"` + strings.Repeat("x", 1<<20) + `"}}`,
	} {
		if x, err := safetensors.ReadIndex(strings.NewReader(s)); err == nil {
			t.Errorf("%.60s: got %+v", s, x)
		}
	}
}

// The index of a model with very many experts must not fill the memory.
func TestLongIndex(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"metadata":{"total_size":1e3},"extra":[1,2],"weight_map":{`)
	for i := range 200_000 {
		fmt.Fprintf(&b, `"model.layers.%d.mlp.experts.%d.gate_proj.weight":"model-%05d-of-00100.safetensors",`, i/1000, i%1000, i/2000+1)
	}
	b.WriteString(`"z":"z"}}`)
	var x *safetensors.Index
	var err error
	memory := allocated(func() { x, err = safetensors.ReadIndex(strings.NewReader(b.String())) })
	if err != nil || len(x.Tensors) != 101 || x.Tensors["model-00100-of-00100.safetensors"] != 2000 || x.TotalSize != 1000 {
		t.Errorf("%v, %v", x, err)
	}
	if memory > 5*uint64(b.Len()) {
		t.Errorf("%d bytes allocated for %d of index", memory, b.Len())
	}
}
