package workload

import (
	"strings"
	"testing"
)

func TestDeriveName(t *testing.T) {
	const digest = "@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	for _, c := range []struct{ model, short, name string }{
		{"quay.io/org/smollm:latest", "smollm", "smollm"},
		{"docker.io/ai/smollm:135M-Q4_K_M", "smollm:135M-Q4_K_M", "smollm-135m-q4_k_m"},
		{"quay.io/org/qwen2.5" + digest, "qwen2.5", "qwen2.5"},
		{"localhost:5000/m:1.0", "m:1.0", "m-1.0"},
		{"quay.io/org/no-tag", "no-tag", "no-tag"},
		{"quay.io/org/deadbeef", "deadbeef", "model-deadbeef"}, // would be taken for a container's ID
		{"localhost/m:latest", "m", "model-m"},                 // Docker wants two letters
		{"quay.io/org/cafe:1", "cafe:1", "cafe-1"},
		{"short/MODEL name!", "MODEL name!", "model-name"}, // no name; Podman before 6.0 keeps what was typed
		{"x/--é--", "--é--", "model"},
		{"", "", "model"},
	} {
		if got := ShortName(c.model); got != c.short {
			t.Errorf("ShortName(%q) = %q, want %q", c.model, got, c.short)
		}
		if got := DeriveName(c.model); got != c.name {
			t.Errorf("DeriveName(%q) = %q, want %q", c.model, got, c.name)
		}
	}
}

func TestDeriveNameOfLongNames(t *testing.T) {
	long := "quay.io/org/" + strings.Repeat("m", 70)
	a, b := DeriveName(long+":q4"), DeriveName(long+":q8")
	if a == b {
		t.Errorf("two models are both %q", a)
	}
	if len(a) > 63 || !strings.HasPrefix(a, strings.Repeat("m", 54)+"-") {
		t.Errorf("got %q", a)
	}
}

func FuzzDeriveName(f *testing.F) {
	for _, s := range []string{"quay.io/org/m:1", "abc", strings.Repeat("a", 100), "x/" + strings.Repeat("-", 80), "x/a\x00b", "ǅ", strings.Repeat("z.", 60)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, model string) {
		name := DeriveName(model)
		if err := validName(name); err != nil {
			t.Errorf("%q: %v", model, err)
		}
		if name != strings.ToLower(name) || name != DeriveName(model) {
			t.Errorf("%q gives %q", model, name)
		}
	})
}
