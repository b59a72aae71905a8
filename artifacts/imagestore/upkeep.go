package imagestore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/derive"
)

// Prune removes downloads that nobody works on, and what killed processes left of images that they wrote: see artifacts.Pruner.
func (s *Store) Prune(ctx context.Context, opts *artifacts.PruneOptions) ([]artifacts.Download, error) {
	dropped, err := atrest.PruneDownloads(ctx, s.area, opts)
	if err != nil {
		return dropped, err
	}
	left, err := s.dropLeftovers(ctx, opts)
	return append(dropped, left...), err
}

// Diagnose finds models of which something is missing, and downloads that were given up. Whatever else is wrong with Podman's
// storage, podman system check finds.
func (s *Store) Diagnose(ctx context.Context, _ *artifacts.DoctorOptions) ([]artifacts.Finding, error) {
	models, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.read()
	if err != nil {
		return nil, fmt.Errorf("examining: %w", err)
	}
	var findings []artifacts.Finding
	for _, m := range models {
		damaged, err := s.check(ctx, r, m, false)
		if err != nil {
			return nil, fmt.Errorf("examining %s: %w", m.Name, err)
		}
		for _, d := range damaged {
			findings = append(findings, artifacts.Finding{
				Kind: artifacts.FindingDamaged, Name: m.Name, Digest: d.Digest,
				Detail: fmt.Sprintf("its blob %s %s", d.Digest, d.Problem), Action: "repair it with paddock ensure",
			})
		}
	}
	stale, err := atrest.StaleDownloads(s.area, s.stale)
	if err != nil {
		return nil, fmt.Errorf("examining downloads: %w", err)
	}
	left, err := s.leftovers(0)
	if err != nil {
		return nil, err
	}
	for _, l := range left {
		findings = append(findings, artifacts.Finding{
			Kind: artifacts.FindingLeftover, Path: l.path, Bytes: l.bytes, Detail: "files of a process that was killed while it wrote an image",
			Action: "delete it", Mendable: true,
		})
	}
	return append(findings, stale...), nil
}

// Mend deletes the downloads that were given up, and what killed processes left.
func (s *Store) Mend(_ context.Context, findings []artifacts.Finding, _ *artifacts.DoctorOptions) ([]artifacts.Finding, error) {
	mended, err := atrest.MendDownloads(s.area, s.stale, findings)
	for i := range findings {
		f := &findings[i]
		if f.Kind != artifacts.FindingLeftover || filepath.Dir(f.Path) != s.writingDir() {
			continue
		}
		gone, dropErr := derive.WhileUnused(f.Path, func() error { return os.RemoveAll(f.Path) })
		if err = errors.Join(err, dropErr); gone && dropErr == nil {
			mended = append(mended, *f)
		}
	}
	return mended, err
}

// Usage adds up the layers of the images that carry a model, by what is in them: the storage driver may need some more. Own
// is what no other image needs, be it a model or not.
func (s *Store) Usage(ctx context.Context, _ func(string)) (*artifacts.Usage, error) {
	models, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.read()
	if err != nil {
		return nil, fmt.Errorf("measuring: %w", err)
	}
	users := map[string]int{} // of each layer
	for i := range r.images {
		chain, err := r.chain(&r.images[i])
		if err != nil {
			continue // doctor says so
		}
		for _, l := range chain {
			users[l.ID]++
		}
	}
	u, counted := &artifacts.Usage{}, map[string]bool{}
	for _, m := range models {
		at := slices.IndexFunc(r.images, func(i image) bool { return i.digest() == m.Digest })
		if at < 0 {
			continue
		}
		one := artifacts.ModelUsage{Name: m.Name, Digest: m.Digest}
		chain, _ := r.chain(&r.images[at]) // nothing of what is broken
		for _, l := range chain {
			if users[l.ID] > 1 {
				one.Shared += l.DiffSize
			} else {
				one.Own += l.DiffSize
			}
			if !counted[l.ID] {
				counted[l.ID], u.Blobs = true, u.Blobs+l.DiffSize
			}
		}
		u.Models = append(u.Models, one)
	}
	slices.SortStableFunc(u.Models, func(a, b artifacts.ModelUsage) int { return cmp.Compare(a.Name, b.Name) })
	if u.Staging, err = atrest.StagingBytes(s.area); err != nil {
		return nil, fmt.Errorf("measuring downloads: %w", err)
	}
	left, err := s.leftovers(0)
	for _, l := range left {
		u.Staging += l.bytes
	}
	if err != nil {
		return nil, err
	}
	return u, nil
}
