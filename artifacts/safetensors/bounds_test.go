package safetensors_test

import (
	"fmt"
	"strings"
	"testing"
)

// What a header may make the reader keep is bounded, however long it is.
func TestHostileHeaders(t *testing.T) {
	many := func(n int, format string) string {
		var s strings.Builder
		for i := range n {
			fmt.Fprintf(&s, format, i)
		}
		return s.String()
	}
	const entry = `"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},`
	for name, header := range map[string]string{
		"long name":     `{"` + strings.Repeat("x", 8<<20) + `":0}`,
		"long entry":    `{"a":{"dtype":"U8","shape":[` + strings.Repeat("1,", 4<<20) + `1],"data_offsets":[0,1]}}`,
		"long metadata": `{"__metadata__":{"a":"` + strings.Repeat("x", 8<<20) + `"}}`,
		"deep":          `{"a":` + strings.Repeat("[", 8<<20) + `}`,
		"many types":    `{` + many(1000, `"%[1]d":{"dtype":"T%[1]d","shape":[0],"data_offsets":[0,0]},`) + `"z":{}}`,
		"no end":        `{` + many(50_000, entry),
	} {
		var err error
		if n := allocated(func() { _, err = read(file(header, 0)) }); err == nil || n > 48<<20 {
			t.Errorf("%s: %d bytes allocated, %v", name, n, err)
		}
	}
}

// Tensors may be listed by name, not in the order of their data.
func TestManyTensorsOutOfOrder(t *testing.T) {
	const n = 20_000
	var s strings.Builder
	for i := n - 1; i >= 0; i-- {
		fmt.Fprintf(&s, `"%d":{"dtype":"U8","shape":[2],"data_offsets":[%d,%d]},`, i, 2*i, 2*i+2)
	}
	header := "{" + strings.TrimSuffix(s.String(), ",") + "}"
	f, err := read(file(header, 2*n))
	if err != nil || f.Parameters != 2*n || f.Tensors != n {
		t.Errorf("%+v, %v", f, err)
	}
}
