package atrest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// The problems of artifacts.Damage that need no numbers.
const (
	ProblemMissing = "missing"
	ProblemBytes   = "has other bytes"
)

// Check is artifacts.Checker's for a model whose manifest, and each of its blobs, is a file: at says which. It errs for a
// digest that is malformed, and need not say a path that exists.
func Check(ctx context.Context, m *artifacts.Model, verify bool, at func(digest.Digest) (string, error)) ([]artifacts.Damage, error) {
	raw, damaged, err := checkManifest(m, at)
	if err != nil {
		return nil, fmt.Errorf("checking %s: %w", Label(m.Name), err)
	}
	if raw == nil {
		return damaged, nil // what else there should be is not known
	}
	refs, err := ParseRefs(raw)
	if err != nil {
		return nil, fmt.Errorf("checking %s: parsing manifest %s: %w", Label(m.Name), m.Digest, err)
	}
	for _, b := range refs.Blobs {
		d, err := checkBlob(ctx, b, verify, at)
		if err != nil {
			return nil, fmt.Errorf("checking %s: %w", Label(m.Name), err)
		}
		if d != nil {
			damaged = append(damaged, *d)
		}
	}
	return damaged, nil
}

// checkManifest returns the manifest as it is at rest or, if that is damaged, as the model has it.
func checkManifest(m *artifacts.Model, at func(digest.Digest) (string, error)) ([]byte, []artifacts.Damage, error) {
	path, err := at(m.Digest)
	if err != nil {
		return nil, nil, err
	}
	raw, err := ReadVerified(path, m.Digest, MaxManifest)
	d := artifacts.Damage{Digest: m.Digest, Size: int64(len(m.Manifest))}
	switch {
	case err == nil:
		return raw, nil, nil
	case errors.Is(err, fs.ErrNotExist):
		d.Problem = ProblemMissing
	case errors.Is(err, ErrCorrupt):
		d.Problem = ProblemBytes
		if d.Found, err = os.Stat(path); err != nil {
			return nil, nil, err
		}
	default:
		return nil, nil, fmt.Errorf("reading manifest %s: %w", m.Digest, err)
	}
	return m.Manifest, []artifacts.Damage{d}, nil
}

// checkBlob returns what is wrong with a blob; nil if nothing is.
func checkBlob(ctx context.Context, b Blob, verify bool, at func(digest.Digest) (string, error)) (*artifacts.Damage, error) {
	path, err := at(b.Digest)
	if err != nil {
		return nil, err
	}
	state, info, err := Stat(path, b.Size)
	if err != nil {
		return nil, fmt.Errorf("looking at blob %s: %w", b.Digest, err)
	}
	d := &artifacts.Damage{Digest: b.Digest, Size: b.Size, Found: info}
	switch {
	case state == Missing:
		d.Problem = ProblemMissing
		return d, nil
	case state == WrongSize:
		d.Problem = fmt.Sprintf("has %d of %d bytes", info.Size(), b.Size)
		return d, nil
	case !verify:
		return nil, nil
	}
	same, err := Verify(ctx, path, b.Digest)
	if err != nil {
		return nil, fmt.Errorf("reading blob %s: %w", b.Digest, err)
	}
	if same {
		return nil, nil
	}
	d.Problem = ProblemBytes
	return d, nil
}

// JoinDamages joins the damages of a model and of what was derived from it, which share blobs.
func JoinDamages(damaged, more []artifacts.Damage) []artifacts.Damage {
	for _, d := range more {
		if !slices.ContainsFunc(damaged, func(known artifacts.Damage) bool { return known.Digest == d.Digest }) {
			damaged = append(damaged, d)
		}
	}
	return damaged
}
