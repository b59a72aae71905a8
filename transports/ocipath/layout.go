package ocipath

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// maxNesting is how many indexes may lead to a manifest.
const maxNesting = 4

// inLayout finds a manifest in an OCI layout: the one whose name annotation is ref, or the only one.
func (r *Resolver) inLayout(t *tree, ref string) (*found, error) {
	raw, err := t.read("index.json", packaging.MaxManifestSize)
	if errors.Is(err, artifacts.ErrNotFound) {
		return nil, fmt.Errorf("it is no OCI layout: %w", err)
	} else if err != nil {
		return nil, err
	}
	var index ocispec.Index
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("reading index.json: %w", err)
	}
	d, err := choose(index.Manifests, ref)
	if err != nil {
		return nil, err
	}
	for range maxNesting {
		if raw, err = t.read(layoutBlob(d.Digest), packaging.MaxManifestSize); err != nil {
			return nil, err
		}
		if d.Digest.Algorithm().FromBytes(raw) != d.Digest {
			return nil, fmt.Errorf("%w: manifest %s has other bytes", artifacts.ErrVerification, d.Digest)
		}
		if !packaging.IsIndex(d.MediaType, raw) {
			return &found{raw: raw, mediaType: d.MediaType, blob: layoutBlob}, nil
		}
		if d, err = r.fromIndex(raw); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("more than %d indexes in a row", maxNesting)
}

// choose picks a manifest of a layout by its name.
func choose(all []ocispec.Descriptor, ref string) (*ocispec.Descriptor, error) {
	var names []string
	for i := range all {
		if err := all[i].Digest.Validate(); err != nil {
			return nil, fmt.Errorf("reading index.json: digest %q: %w", all[i].Digest, err)
		}
		name := all[i].Annotations[ocispec.AnnotationRefName]
		if ref != "" && name == ref || ref == "" && len(all) == 1 {
			return &all[i], nil
		}
		if name != "" {
			names = append(names, name)
		}
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("the layout is empty: %w", artifacts.ErrNotFound)
	case ref == "":
		return nil, fmt.Errorf("%w: it holds %d manifests, name one behind the path, as in :%s",
			artifacts.ErrInvalidName, len(all), cmp.Or(strings.Join(names, " or :"), "REF"))
	}
	return nil, fmt.Errorf("no manifest is called %q, only %s: %w", ref, cmp.Or(strings.Join(names, ", "), "unnamed ones"), artifacts.ErrNotFound)
}

// fromIndex picks the manifest for this machine from an index, or the only one.
func (r *Resolver) fromIndex(raw []byte) (*ocispec.Descriptor, error) {
	var index ocispec.Index
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("reading an index: %w", err)
	}
	arch := cmp.Or(r.Architecture, runtime.GOARCH)
	for i := range index.Manifests {
		d := &index.Manifests[i]
		if err := d.Digest.Validate(); err != nil {
			return nil, fmt.Errorf("reading an index: digest %q: %w", d.Digest, err)
		}
		if len(index.Manifests) == 1 || d.Platform != nil && d.Platform.Architecture == arch && d.Platform.OS == "linux" {
			return d, nil
		}
	}
	return nil, fmt.Errorf("the index has no manifest for linux/%s: %w", arch, artifacts.ErrNotFound)
}
