package atrest

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// MaxConfig bounds the config blobs that are read to describe a model, in bytes. A Kitfile or an image's config has a few KiB.
const MaxConfig = 256 << 10

// Describe fills in what the manifest says of a model whose Digest is set: everything but Name, Store and Mount. config
// reads the config blob; it is called only for the packagings that depend on it, and without it they are known less well.
// A manifest that cannot be parsed makes the model Unreadable.
func Describe(m *artifacts.Model, manifest []byte, config func(*Blob) ([]byte, error)) {
	m.Kind, m.Manifest = artifacts.KindArtifact, manifest
	refs, err := ParseRefs(manifest)
	if err != nil {
		Unreadable(m, fmt.Errorf("parsing manifest %s: %w", m.Digest, err))
		return
	}
	for _, b := range refs.Blobs {
		m.Size += b.Size
	}
	m.Annotations = refs.Annotations
	if len(refs.Annotations) > 0 {
		m.Created = packaging.Created(manifest)
	}
	parsed, err := parse(manifest, refs.Config, config)
	if err != nil {
		Unreadable(m, fmt.Errorf("parsing manifest %s: %w", m.Digest, err))
		return
	}
	m.Packaging = *parsed
	if parsed.Format.IsImage() {
		m.Kind = artifacts.KindImage
	}
}

// Adopt makes a model be seen as the manifest of its unpacked files describes it, in its own packaging.
func Adopt(m *artifacts.Model, unpacked *packaging.Model) {
	seen := *unpacked
	seen.Format, seen.Base = m.Packaging.Format, m.Packaging.Base
	if seen.Base != "" { // of which the manifest says nothing
		m.Size = 0
		for i := range seen.Files {
			m.Size += seen.Files[i].Size
		}
	}
	m.Packaging = seen
}

// Unreadable says of a model why its manifest cannot be read. It is still listed, so that it can be seen, repaired and
// removed.
func Unreadable(m *artifacts.Model, err error) {
	m.Kind = artifacts.KindArtifact
	m.Packaging = packaging.Model{Format: packaging.Unknown, Unservable: fmt.Errorf("%w: %w", packaging.ErrUnservable, err)}
}

func parse(manifest []byte, ref *Blob, config func(*Blob) ([]byte, error)) (*packaging.Model, error) {
	m, err := packaging.Parse(manifest, nil)
	if err != nil || ref == nil || m.Format != packaging.ModelKit && m.Format != packaging.Image {
		return m, err
	}
	data, err := config(ref)
	if err != nil {
		return m, nil //nolint:nilerr // packaging.Parse knows less without it, but fails no more; config tells its logger
	}
	return packaging.Parse(manifest, data)
}

// SortModels sorts by name, then digest.
func SortModels(models []*artifacts.Model) {
	slices.SortStableFunc(models, func(a, b *artifacts.Model) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Digest, b.Digest))
	})
}

// Each calls f with 0 to n-1, on all processors, until ctx ends.
func Each(ctx context.Context, n int, f func(i int)) error {
	const part = 64
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < n; from += part {
		g.Go(func() error {
			for i := from; i < min(from+part, n); i++ {
				f(i)
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}
