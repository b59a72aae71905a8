package suggest

import "testing"

func TestNearest(t *testing.T) {
	commands := []string{"pull", "ls", "list", "inspect", "rm", "serve", "quadlet", "ensure", "info", "version"}
	for _, c := range []struct{ word, want string }{
		{"pul", "pull"}, {"plul", "pull"}, {"pulll", "pull"}, {"sl", "ls"}, {"mr", "rm"},
		{"sevre", "serve"}, {"quadlt", "quadlet"}, {"inspct", "inspect"}, {"versoin", "version"},
		{"frobnicate", ""}, {"", ""}, {"x", ""}, {"build", ""}, {"pushy", ""},
	} {
		if got := Nearest(c.word, commands); got != c.want {
			t.Errorf("%q: got %q, want %q", c.word, got, c.want)
		}
	}
	if got := Nearest("a", nil); got != "" {
		t.Errorf("no candidates: got %q", got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "", 3}, {"", "ab", 2}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"kitten", "sitting", 3}, {"äb", "ab", 1},
	} {
		if got := distance(c.a, c.b); got != c.want || distance(c.b, c.a) != got {
			t.Errorf("%q %q: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
