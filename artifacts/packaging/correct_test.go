package packaging

import (
	"errors"
	"testing"
)

func TestGGUFRole(t *testing.T) {
	for _, c := range []struct {
		kind, architecture string
		want               Role
	}{
		{"model", "llama", Weights}, {"", "llama", ""}, {"", "clip", Projector}, {"mmproj", "clip", Projector}, {"model", "clip", Projector},
		{"adapter", "llama", Adapter}, {"imatrix", "", Other}, {"", "", ""},
	} {
		if r := GGUFRole(c.kind, c.architecture); r != c.want {
			t.Errorf("%+v: %q", c, r)
		}
	}
}

// TestCorrect: a header tells better than a name what a file is.
func TestCorrect(t *testing.T) {
	m := mustParse(t, madeManifest(t, titled("a-vision.gguf", "v", 1), titled("explorapc.gguf", "m", 9), titled("b.gguf", "i", 1)))
	if m.Main != "a-vision.gguf" || m.Files[1].Role != Adapter {
		t.Fatalf("by name: %+v", m)
	}
	c := m.Correct(map[string]Role{"a-vision.gguf": Projector, "explorapc.gguf": Weights, "b.gguf": Other, "nowhere": Draft})
	if c.Main != "explorapc.gguf" || c.Unservable != nil || c.First(Projector).Path != "a-vision.gguf" || c.Files[2].Role != Other {
		t.Errorf("by header: %+v", c)
	}
	if m.Main != "a-vision.gguf" || m.Files[0].Role != Weights {
		t.Errorf("the first one changed: %+v", m)
	}
	if c := m.Correct(map[string]Role{"a-vision.gguf": Projector, "b.gguf": ""}); c.Main != "b.gguf" {
		t.Errorf("got %+v", c)
	}
	c = m.Correct(map[string]Role{"a-vision.gguf": Projector, "b.gguf": Projector})
	if c.Main != "" || !errors.Is(c.Unservable, ErrUnservable) {
		t.Errorf("no weights left: %+v", c)
	}
	for _, name := range []string{"ollama", "modelkit-ref", "modelpack-aikit", "unknown-aikit"} {
		m, err := Parse(readSeed(t, "manifests/"+name+".json"), readConfig(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if c := m.Correct(map[string]Role{m.Files[0].Path: Projector}); c != m {
			t.Errorf("%s: %+v", name, c)
		}
	}
}
