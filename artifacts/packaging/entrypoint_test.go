package packaging

import (
	"fmt"
	"strings"
	"testing"
)

func TestChooseMain(t *testing.T) {
	for _, c := range []struct {
		files string // separated by blanks
		want  string
		why   string
	}{
		{"README.md b.gguf a.gguf", "a.gguf", ""},
		{"mmproj-a.gguf lora-a.gguf m.gguf", "m.gguf", ""},
		{"mmproj-a.gguf", "", "none of its files"},
		{"m.safetensors config.json x.gguf", "x.gguf", ""},
		{"q/m-00002-of-00002.gguf q/m-00001-of-00002.gguf", "q/m-00001-of-00002.gguf", ""},
		{"m-00001-of-00001.gguf", "m-00001-of-00001.gguf", ""},
		{"m-00002-of-00002.gguf", "", "m-00001-of-00002.gguf"},
		{"a-00001-of-00002.gguf b.gguf", "b.gguf", ""},                                                            // a is not whole
		{"a/m-00001-of-00002.gguf b/m-00002-of-00002.gguf", "a/m-00001-of-00002.gguf", "a/m-00002-of-00002.gguf"}, // two models
		{"m-00001-of-00002.gguf m-00002-of-00003.gguf", "m-00001-of-00002.gguf", "m-00002-of-00002.gguf"},
		{"m-00001-of-00009.gguf", "m-00001-of-00009.gguf", "m-00004-of-00009.gguf and 5 more"},
		{"m-00003-of-00002.gguf", "m-00003-of-00002.gguf", ""}, // a name like any other
		{"m-00000-of-00002.gguf", "m-00000-of-00002.gguf", ""},
		{"m.safetensors", ".", ""},
		{"a/m.safetensors b/m.safetensors", "a", ""},
		{"a/b/m.safetensors z/m.safetensors", "z", ""},
		{"a/m.safetensors z/q/m.safetensors z/q/config.json", "z/q", ""},
		{"a/q/m.safetensors a/q/config.json z/m.safetensors", "a/q", ""},
		{"m-00001-of-00002.safetensors config.json", ".", "m-00002-of-00002.safetensors"},
		{"a/m-00001-of-00002.safetensors m.safetensors", ".", ""},
		{"adapter_model.safetensors adapter_config.json", "", "none of its files"},
		{"d/pytorch_model.bin d/config.json", "d", ""},
		{"b.onnx a.onnx", "a.onnx", ""},
		{"m.dduf", "m.dduf", ""},
	} {
		var layers []object
		for i, name := range strings.Fields(c.files) {
			layers = append(layers, titled(name, fmt.Sprint(i), 1))
		}
		m := mustParse(t, madeManifest(t, layers...))
		if m.Main != c.want {
			t.Errorf("%s: got %q, want %q", c.files, m.Main, c.want)
		}
		if text := fmt.Sprint(m.Unservable); (c.why == "") != (m.Unservable == nil) || !strings.Contains(text, c.why) {
			t.Errorf("%s: unservable: %v, want %q", c.files, m.Unservable, c.why)
		}
	}
}

func TestMainWithoutNames(t *testing.T) {
	raw := "application/vnd.cncf.model.weight.v1.raw"
	one := mustParse(t, madeManifest(t, madeLayer(raw, "1", 1)))
	if one.Main != blob("1") || one.Unservable != nil {
		t.Errorf("one: main %q, %v", one.Main, one.Unservable)
	}
	two := mustParse(t, madeManifest(t, madeLayer(raw, "1", 1), madeLayer(raw, "2", 1)))
	if two.Main != "" || two.Unservable == nil || !strings.Contains(two.Unservable.Error(), "2 of its files are weights") {
		t.Errorf("two: main %q, %v", two.Main, two.Unservable)
	}
}

// The one file that can be nothing else is the weights.
func TestOnlyFile(t *testing.T) {
	const tar, octets = "application/vnd.oci.image.layer.v1.tar", "application/octet-stream"
	const name = "org.opencontainers.image.title"
	for _, c := range []struct {
		layers []object
		want   string
	}{
		{[]object{titled("model", "m", 100)}, "model"},
		{[]object{titled("tiny-1.1b", "m", 100), titled("README.md", "r", 99)}, "tiny-1.1b"},
		{[]object{madeLayer(tar, "m", 100, name, "model")}, "model"},
		{[]object{madeLayer("", "m", 100, name, "model")}, "model"},
		{[]object{madeLayer("application/x-gguf", "m", 100, name, "model")}, "model"},
		{[]object{titled("model", "m", 100), titled("README.md", "r", 100)}, ""},
		{[]object{titled("model", "m", 100), titled("x", "x", 1)}, ""},
		{[]object{titled("model.zip", "m", 100)}, ""},
		{[]object{titled("model.tar.GZ", "m", 100)}, ""},
		{[]object{madeLayer("text/plain", "m", 100, name, "model")}, ""},
		{[]object{titled("model", "m", 100), titled("w.gguf", "w", 1)}, "w.gguf"},
		{[]object{madeLayer(octets, "m", 100, name, "dir", "io.deis.oras.content.unpack", "true")}, ""},
	} {
		m := mustParse(t, madeManifest(t, c.layers...))
		if m.Main != c.want || (m.Unservable == nil) != (c.want != "") {
			t.Errorf("%v: main %q, %v; want %q", c.layers, m.Main, m.Unservable, c.want)
		}
	}
}
