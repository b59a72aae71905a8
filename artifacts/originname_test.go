package artifacts_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
)

func TestOriginName(t *testing.T) {
	for _, c := range []struct{ host, repository, tag, want string }{
		{"hf.co", "Qwen/Qwen3-0.6B-GGUF", "Q4_K_M", "hf.co/qwen/qwen3-0.6b-gguf:Q4_K_M"},
		{"hf.co", "a/b__c--d._e", "main", "hf.co/a/b__c--d-e:main"},
		{"hf.co", "_Org_/-x.", "1", "hf.co/org/x:1"},
		{"ollama.com", "library/smollm", "135m", "ollama.com/library/smollm:135m"},
		{"localhost:8080", "m", "refs/pr/1", "localhost:8080/m:refs-pr-1"},
		{"hf.co", "a/b", "-x", "hf.co/a/b:_-x"},
		{"hf.co", "a/b", strings.Repeat("x", 200), "hf.co/a/b:" + strings.Repeat("x", 128)},
	} {
		got, err := artifacts.OriginName(c.host, c.repository, c.tag)
		if err != nil || got.String() != c.want {
			t.Errorf("%s %s %s: got %s, %v, want %s", c.host, c.repository, c.tag, got, err, c.want)
			continue
		}
		if again, err := artifacts.ParseName(got.String()); err != nil || again.String() != got.String() {
			t.Errorf("%s: parsed again: %s, %v", got, again, err)
		}
	}
	for _, c := range []struct{ host, repository, tag string }{
		{"hf.co", "", "x"}, {"hf.co", "a//b", "x"}, {"hf.co", "ä/b", "x"}, {"hf.co", "a/b", ""}, {"hf.co", "a/_", "x"}, {"", "a", "x"},
		{"hf.co", "a:b/c", "x"}, {"hf.co", "../x", "y"},
	} {
		if got, err := artifacts.OriginName(c.host, c.repository, c.tag); !errors.Is(err, artifacts.ErrInvalidName) {
			t.Errorf("%q %q %q: got %s, %v", c.host, c.repository, c.tag, got, err)
		}
	}
}
