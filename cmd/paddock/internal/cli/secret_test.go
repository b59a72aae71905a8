package cli

import "testing"

func TestConceal(t *testing.T) {
	for _, c := range []struct{ arg, text, want string }{
		{"https://u:pw@h/x", `unknown scheme in "https://u:pw@h/x"`, `unknown scheme in "https://u:xxxxx@h/x"`},
		{"docker://u:pw@h/x", "pulling docker://u:pw@h/x: no", "pulling docker://u:xxxxx@h/x: no"},
		{"u:pw@h/x", "paddock pull u:pw@h/x", "paddock pull u:xxxxx@h/x"},
		{"hf://u:s3cret@a/b", "resolving hf://u:S3CRET@a%2Fb", "resolving hf://u:xxxxx@a%2Fb"},
		{"m:1@sha256:00", "m:1@sha256:00 is refused", "m:1@sha256:00 is refused"},
		{"localhost:5000/m@sha256:00", "localhost:5000/m@sha256:00", "localhost:5000/m@sha256:00"},
		{"quay.io/m:1", "quay.io/m:1", "quay.io/m:1"},
	} {
		if got := Conceal(c.text, []string{"pull", c.arg}); got != c.want {
			t.Errorf("%s: %q, want %q", c.arg, got, c.want)
		}
	}
}
