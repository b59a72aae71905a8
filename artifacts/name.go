package artifacts

import (
	"fmt"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/reference"
)

// Name is the canonical registry-style name of a model, with its tag spelled out or its manifest digest:
// quay.io/org/model:latest, quay.io/org/model@sha256:… . The zero Name is no name.
type Name struct {
	ref reference.Named // fully qualified; Tagged or Canonical, never both
}

// ParseName reads a full name, one that says its registry. A name without tag and digest gets ":latest", as Podman does.
// Of a tag and a digest the digest counts, as for podman pull. The error wraps ErrInvalidName.
// For every Name n: ParseName(n.String()) == n.
func ParseName(s string) (Name, error) {
	ref, err := reference.ParseNamed(s)
	if err != nil {
		return Name{}, fmt.Errorf("%w: %q: %w", ErrInvalidName, s, err)
	}
	return NameFrom(ref)
}

// NameFrom makes a Name of a reference that is already parsed, as ParseName does.
func NameFrom(ref reference.Named) (Name, error) {
	if digested, ok := ref.(reference.Canonical); ok {
		return Name{ref: reference.TrimNamed(ref)}.Pinned(digested.Digest())
	}
	return Name{ref: reference.TagNameOnly(ref)}, nil
}

// String returns the whole name; "" for the zero Name.
func (n Name) String() string {
	if n.ref == nil {
		return ""
	}
	return n.ref.String()
}

// IsZero says whether it is no name.
func (n Name) IsZero() bool { return n.ref == nil }

// Repository returns the name without tag and digest.
func (n Name) Repository() string { return n.ref.Name() }

// Registry returns the host part of the name, with its port.
func (n Name) Registry() string { return reference.Domain(n.ref) }

// Tag returns the tag, or "" if the name is by digest.
func (n Name) Tag() string {
	if t, ok := n.ref.(reference.Tagged); ok {
		return t.Tag()
	}
	return ""
}

// Digest returns the manifest digest that the name pins, or "" if it is by tag.
func (n Name) Digest() digest.Digest {
	if c, ok := n.ref.(reference.Canonical); ok {
		return c.Digest()
	}
	return ""
}

// Reference returns the name as containers/image knows it; nil for the zero Name.
func (n Name) Reference() reference.Named { return n.ref }

// Pinned returns the immutable name repository@digest of a manifest of the same repository.
func (n Name) Pinned(d digest.Digest) (Name, error) {
	ref, err := reference.WithDigest(reference.TrimNamed(n.ref), d)
	if err != nil {
		return Name{}, fmt.Errorf("%w: %s@%s: %w", ErrInvalidName, n.Repository(), d, err)
	}
	return Name{ref: ref}, nil
}
