package artifacts

import (
	"errors"
	"testing"

	"github.com/opencontainers/go-digest"
)

const someDigest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

func TestParseName(t *testing.T) {
	for _, c := range []struct {
		in, want, registry, repository, tag string
	}{
		{"quay.io/org/m:1", "quay.io/org/m:1", "quay.io", "quay.io/org/m", "1"},
		{"quay.io/org/m", "quay.io/org/m:latest", "quay.io", "quay.io/org/m", "latest"},
		{"localhost:5000/ns/m", "localhost:5000/ns/m:latest", "localhost:5000", "localhost:5000/ns/m", "latest"},
		{"docker.io/ai/smollm:135M-Q4_K_M", "docker.io/ai/smollm:135M-Q4_K_M", "docker.io", "docker.io/ai/smollm", "135M-Q4_K_M"},
		{"quay.io/org/m@" + someDigest, "quay.io/org/m@" + someDigest, "quay.io", "quay.io/org/m", ""},
		{"quay.io/org/m:1@" + someDigest, "quay.io/org/m@" + someDigest, "quay.io", "quay.io/org/m", ""},
	} {
		n, err := ParseName(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if n.String() != c.want || n.Registry() != c.registry || n.Repository() != c.repository || n.Tag() != c.tag {
			t.Errorf("%s: got %s, registry %s, repository %s, tag %s", c.in, n, n.Registry(), n.Repository(), n.Tag())
		}
	}
}

func TestParseNameRefuses(t *testing.T) {
	for _, in := range []string{
		"", "m", "org/m", // no registry
		"quay.io/Org/m",                       // upper case
		"quay.io/org/m:", "quay.io/org/m:a b", // bad tags
		"quay.io/../m", "https://quay.io/org/m", "quay.io/org/m@sha256:12",
	} {
		if n, err := ParseName(in); !errors.Is(err, ErrInvalidName) {
			t.Errorf("%q: got %q, %v", in, n, err)
		}
	}
}

func TestPinned(t *testing.T) {
	n, err := ParseName("localhost:5000/ns/m:1")
	if err != nil {
		t.Fatal(err)
	}
	p, err := n.Pinned(someDigest)
	if err != nil || p.String() != "localhost:5000/ns/m@"+someDigest || p.Digest() != digest.Digest(someDigest) || p.Tag() != "" {
		t.Errorf("got %s, %v", p, err)
	}
	if _, err := n.Pinned("sha256:1"); !errors.Is(err, ErrInvalidName) {
		t.Errorf("bad digest: %v", err)
	}
	if (Name{}).String() != "" || !(Name{}).IsZero() {
		t.Error("the zero Name is some name")
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"quay.io/org/m:1", "localhost:5000/m", "quay.io/m@" + someDigest, "quay.io/m:1@" + someDigest, "a.b/c:d@e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseName(s)
		if err != nil {
			return
		}
		again, err := ParseName(n.String())
		if err != nil || again.String() != n.String() {
			t.Errorf("%q: %q parses to %q, %v", s, n, again, err)
		}
	})
}
