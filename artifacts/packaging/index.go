package packaging

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Descriptor is an entry of an index.
type Descriptor = ocispec.Descriptor

// ChooseInstance takes one entry of an index, for a platform in Go's words ("amd64", "linux"). Attestations are no
// choices. If one entry is left, it is taken whatever its platform, since a model runs anywhere; else the one for exactly
// the platform (of several, one without a variant, else the first); else the only one without a platform. It may be an
// index itself, see MaxIndexDepth.
//
// The error wraps ErrInvalidManifest, ErrNoInstance if nothing can be chosen, or ErrAmbiguousIndex; the latter two list the choices.
func ChooseInstance(index []byte, arch, os string) (Descriptor, error) {
	entries, err := decodeIndex(index)
	if err != nil {
		return Descriptor{}, err
	}
	entries = slices.DeleteFunc(entries, isAttestation)
	if len(entries) == 1 {
		return entries[0], nil
	}
	var exact, anywhere []Descriptor
	for _, d := range entries {
		switch {
		case !hasPlatform(d):
			anywhere = append(anywhere, d)
		case d.Platform.Architecture == arch && d.Platform.OS == os:
			exact = append(exact, d)
		}
	}
	if len(exact) > 0 {
		i := slices.IndexFunc(exact, func(d Descriptor) bool { return d.Platform.Variant == "" })
		return exact[max(i, 0)], nil
	}
	if len(anywhere) == 1 {
		return anywhere[0], nil
	}
	if len(anywhere) > 1 {
		return Descriptor{}, fmt.Errorf("%w: none of its entries is for %s/%s, and several are for any platform: %s", ErrAmbiguousIndex, os, arch, choices(anywhere, digestOf))
	}
	return Descriptor{}, fmt.Errorf("%w %s/%s; the index has %s", ErrNoInstance, os, arch, choices(entries, Choice))
}

// Left says for people what an index has besides the entry that was taken of it; "" if that is all.
func Left(index []byte, taken Descriptor) (string, error) {
	entries, err := decodeIndex(index)
	if err != nil {
		return "", err
	}
	var left []string
	others := slices.DeleteFunc(slices.Clone(entries), func(d Descriptor) bool { return d.Digest == taken.Digest || isAttestation(d) })
	if len(others) > 0 {
		left = append(left, choices(others, Choice))
	}
	if slices.ContainsFunc(entries, isAttestation) {
		left = append(left, "attestations")
	}
	return strings.Join(left, " and "), nil
}

// Choice names an entry of an index for people: by its platform, or by its digest if it has none.
func Choice(d Descriptor) string {
	if !hasPlatform(d) {
		return d.Digest.String() + " for any platform"
	}
	return fmt.Sprintf("%.64q", strings.TrimSuffix(d.Platform.OS+"/"+d.Platform.Architecture+"/"+d.Platform.Variant, "/"))
}

// decodeIndex reads and validates an index.
func decodeIndex(index []byte) ([]Descriptor, error) {
	doc, err := decode(index)
	if err != nil {
		return nil, err
	}
	if !doc.isIndex() {
		return nil, fmt.Errorf("%w: it is a manifest, not an index", ErrInvalidManifest)
	}
	var entries []Descriptor
	if present(doc.Manifests) {
		if err := json.Unmarshal(doc.Manifests, &entries); err != nil {
			return nil, fmt.Errorf("%w: its entries: %w", ErrInvalidManifest, err)
		}
	}
	if len(entries) > MaxLayers {
		return nil, fmt.Errorf("%w: %d entries, more than the limit of %d", ErrInvalidManifest, len(entries), MaxLayers)
	}
	for i, d := range entries {
		l := layer{Digest: d.Digest, Size: &d.Size}
		if err := l.validate(); err != nil {
			return nil, fmt.Errorf("%w: entry %d of %d: %w", ErrInvalidManifest, i+1, len(entries), err)
		}
	}
	return entries, nil
}

// isAttestation recognises what buildx adds beside each instance.
func isAttestation(d Descriptor) bool {
	_, refers := d.Annotations["vnd.docker.reference.type"]
	return refers || d.Platform != nil && d.Platform.Architecture == "unknown" && d.Platform.OS == "unknown"
}

func hasPlatform(d Descriptor) bool {
	return d.Platform != nil && (d.Platform.Architecture != "" || d.Platform.OS != "")
}

func digestOf(d Descriptor) string { return d.Digest.String() }

// choices lists entries for people, each by its name. At most ten are listed.
func choices(entries []Descriptor, name func(Descriptor) string) string {
	const listed = 10
	if len(entries) == 0 {
		return "no entries but attestations"
	}
	var names []string
	for _, d := range entries[:min(len(entries), listed)] {
		names = append(names, name(d))
	}
	text := strings.Join(names, ", ")
	if more := len(entries) - listed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
