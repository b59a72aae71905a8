package engine

import (
	"os/exec"
	"strings"
	"testing"
)

// shRead is what a real shell makes of a line.
func shRead(t *testing.T, line string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", "for a in "+line+`; do printf '%s\0' "$a"; done`).Output()
	if err != nil {
		t.Fatalf("sh reading %s: %v", line, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestShellLine(t *testing.T) {
	argv := []string{
		"podman", "run", "", "a b", "it's", `"q"`, `\`, `\n`, "$HOME", "`id`", "$(id)", "*", "?", "[a]", "~", "~/x", "a=b", "{a,b}", "#x", "!x", ";", "&", "|", "<", ">",
		"(", ")", "\t", "-x", "--", "é ü", "'", "''", "'\\''", "100%", "\xff", "a@b:c,d+e./_%-", "a\x1bb", "for", "done",
	}
	line, err := ShellLine(argv)
	if err != nil {
		t.Fatal(err)
	}
	if got := shRead(t, line); strings.Join(got, "\x00") != strings.Join(argv, "\x00") {
		t.Errorf("%s\nis read as %q", line, got)
	}
	if strings.ContainsAny(line, "\n\r") {
		t.Errorf("%q is not one line", line)
	}
	if !strings.HasPrefix(line, "podman run '' 'a b' ") {
		t.Errorf("more is quoted than needs to be: %s", line)
	}
	for _, bad := range []string{"a\nb", "a\rb", "a\x00b"} {
		if line, err := ShellLine([]string{"x", bad}); err == nil {
			t.Errorf("%q: got %q", bad, line)
		}
	}
	if line, err := ShellLine([]string{"A=b", "A=b"}); err != nil || line != "'A=b' A=b" {
		t.Errorf("an assignment: got %s, %v", line, err)
	}
}

func FuzzShellLine(f *testing.F) {
	f.Add("a'b", "\\")
	f.Add("", "\"$(x)`")
	f.Fuzz(func(t *testing.T, a, b string) {
		line, err := ShellLine([]string{a, b})
		if strings.ContainsAny(a+b, "\x00\n\r") {
			if err == nil {
				t.Errorf("%q, %q: got %q", a, b, line)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := shRead(t, line); len(got) != 2 || got[0] != a || got[1] != b {
			t.Errorf("%s is read as %q, want %q", line, got, []string{a, b})
		}
	})
}
