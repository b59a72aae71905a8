package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/safetensors"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

func TestReadModel(t *testing.T) {
	files := model(t, 2)
	parts := shards(t, files)
	var list []*safetensors.Facts
	for _, name := range []string{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"} {
		list = append(list, parts[name])
	}
	c, err := safetensors.ReadConfig(bytes.NewReader(files["config.json"]))
	if err != nil {
		t.Fatal(err)
	}
	list[0].Config = *c
	whole, err := safetensors.Merge(list)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"architectures":["LlamaForCausalLM"],"modelType":"llama","contextLength":512,"dtype":"bfloat16",` +
		`"layers":2,"hiddenSize":64,"intermediateSize":128,"vocabSize":354,"heads":4,"headsKV":4,"headDim":16,` +
		`"parameters":127552,"tensors":21,"tensorBytes":255104,` +
		`"dtypes":[{"name":"BF16","parameters":127552,"bytes":255104}],"metadata":{"format":"pt"}}`
	if string(got) != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	if _, err := safetensors.Merge(nil); err == nil {
		t.Error("nothing was merged")
	}
}

func TestReadHeaders(t *testing.T) {
	for _, c := range []struct {
		header     string
		data       int
		parameters int64
		dtypes     string
	}{
		{`{}`, 0, 0, ""},
		{`{}   ` + "\n", 0, 0, ""},
		{`{"__metadata__":{"format":"pt"}}`, 0, 0, ""},
		{`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4, 1, "F32"},
		{`{"a":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]},"b":{"dtype":"F8_E8M0","shape":[1],"data_offsets":[3,4]}}`, 4, 7, "F4 F8_E8M0"},
		{`{"a":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]}}`, 3, 4, "F6_E2M3"},
		{`{"b":{"dtype":"I64","shape":[2],"data_offsets":[2,18]},"a":{"dtype":"U16","shape":[1],"data_offsets":[0,2]}}`, 18, 3, "I64 U16"},
		{`{"a":{"dtype":"NEW","shape":[7,0],"data_offsets":[0,5],"later":{"x":1}}}`, 5, 0, "NEW"},
		{`{"a":{"dtype":"C64","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}`, 2, 2, "BOOL C64"},
	} {
		f, err := read(file(c.header, c.data))
		if err != nil {
			t.Errorf("%s: %v", c.header, err)
			continue
		}
		var names []string
		for _, d := range f.DTypes {
			names = append(names, d.Name)
		}
		if f.Parameters != c.parameters || strings.Join(names, " ") != c.dtypes || f.Bytes != int64(c.data) {
			t.Errorf("%s: got %+v", c.header, f)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	tensor := func(s string) string { return `{"a":{"dtype":` + s + `}}` }
	for _, header := range []string{
		`{`, `{"a"`, `{"a":{}}`, `{"a":3}`, `{} x`, `{}{}`, `{"__metadata__":{"a":1}}`, `{"__metadata__":{},"__metadata__":{}}`,
		tensor(`"F32","shape":[1]`),
		tensor(`"F32","data_offsets":[0,4]`),
		tensor(`"","shape":[1],"data_offsets":[0,4]`),
		tensor(`"F32","shape":[1],"data_offsets":[0]`),
		tensor(`"F32","shape":[1],"data_offsets":[0,4,8]`),
		tensor(`"F32","shape":[1],"data_offsets":[4,0]`),
		tensor(`"F32","shape":[1],"data_offsets":[-4,0]`),
		tensor(`"F32","shape":[1],"data_offsets":[4,8]`), // a gap before it
		tensor(`"F32","shape":[2],"data_offsets":[0,4]`),
		tensor(`"F4","shape":[1],"data_offsets":[0,0]`), // half a byte
		tensor(`"F32","shape":[-1],"data_offsets":[0,4]`),
		tensor(`"F32","shape":[1.5],"data_offsets":[0,4]`),
		tensor(`"F32","shape":[9223372036854775807,3],"data_offsets":[0,4]`),
		tensor(`"F64","shape":[4611686018427387904],"data_offsets":[0,0]`), // its bytes wrap to 0
		tensor(`"NEW","shape":[99999999999999999999],"data_offsets":[0,4]`),
		tensor(`"U8","shape":[` + strings.Repeat("1,", 100) + `1],"data_offsets":[0,1]`),
		`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}`, // an overlap
		`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`,                                                     // more data than tensors
	} {
		if f, err := read(file(header, 8)); err == nil || f != nil {
			t.Errorf("%.100s: got %+v", header, f)
		}
	}
	for _, b := range []string{"", "1234567", "12345678", "12345678{", "\x05\x00\x00\x00\x00\x00\x00\x00[1,2]", "GGUF\x03\x00\x00\x00{}"} {
		if _, err := read([]byte(b)); !errors.Is(err, safetensors.ErrNotSafetensors) {
			t.Errorf("%q: %v", b, err)
		}
	}
}

func TestTruncated(t *testing.T) {
	b := model(t, 1)["model-00001-of-00001.safetensors"]
	header := int(binary.LittleEndian.Uint64(b)) + 8
	for _, n := range []int{9, 100, header - 1, header, header + 1, len(b) - 1} {
		f, err := read(b[:n])
		if !errors.Is(err, safetensors.ErrTruncated) || (f != nil) != (n >= header) {
			t.Errorf("%d of %d bytes: %+v, %v", n, len(b), f, err)
		}
		if f != nil && f.Parameters != 127552 {
			t.Errorf("%d of %d bytes: %d parameters", n, len(b), f.Parameters)
		}
	}
	if _, err := safetensors.Read(bytes.NewReader(b[:50]), int64(len(b))); !errors.Is(err, safetensors.ErrTruncated) {
		t.Errorf("the reader is shorter than promised: %v", err)
	}
	if _, err := safetensors.Read(bytes.NewReader(b), -1); err == nil {
		t.Error("a negative size was taken")
	}
}

var errBroken = errors.New("the line is dead")

type broken struct{ io.ReaderAt }

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

func TestReaderFails(t *testing.T) {
	if _, err := safetensors.Read(broken{}, 1000); !errors.Is(err, errBroken) || errors.Is(err, safetensors.ErrTruncated) {
		t.Errorf("got %v", err)
	}
}

// counting notes the furthest byte that was asked for, and how often.
type counting struct {
	io.ReaderAt
	requests int
	end      int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.requests++
	c.end = max(c.end, off+int64(len(p)))
	return c.ReaderAt.ReadAt(p, off)
}

func TestReadsNoWeights(t *testing.T) {
	header := `{"a":{"dtype":"U8","shape":[1099511627776],"data_offsets":[0,1099511627776]}}`
	b := file(header, 0)
	r := &counting{ReaderAt: overlay{b, fixtures.NewBlob(1<<40+int64(len(b)), 0)}}
	f, err := safetensors.Read(r, 1<<40+int64(len(b)))
	if err != nil || f.Parameters != 1<<40 || r.requests != 1 || r.end > 1<<20 {
		t.Errorf("%+v, %v: %d requests up to byte %d", f, err, r.requests, r.end)
	}
}

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
