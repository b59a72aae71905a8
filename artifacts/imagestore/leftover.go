package imagestore

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/derive"
)

// leftover is what a process left that was killed while it wrote an image.
type leftover struct {
	path     string
	bytes    int64
	modified time.Time // of the newest file
}

// leftovers finds those that are at least so old.
func (s *Store) leftovers(age time.Duration) ([]leftover, error) {
	paths, err := derive.Unused(s.writingDir())
	if err != nil {
		return nil, fmt.Errorf("looking for what killed processes left: %w", err)
	}
	var all []leftover
	for _, path := range paths {
		l := leftover{path: path}
		err := filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if info.Mode().IsRegular() {
				l.bytes += info.Size()
			}
			if info.ModTime().After(l.modified) {
				l.modified = info.ModTime()
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("measuring %s: %w", path, err)
		}
		if time.Since(l.modified) >= age {
			all = append(all, l)
		}
	}
	return all, nil
}

// dropLeftovers deletes them, unless it is a dry run, and returns them as downloads that were given up.
func (s *Store) dropLeftovers(ctx context.Context, opts *artifacts.PruneOptions) ([]artifacts.Download, error) {
	if opts == nil {
		opts = &artifacts.PruneOptions{}
	}
	all, err := s.leftovers(opts.Age)
	if err != nil {
		return nil, err
	}
	var dropped []artifacts.Download
	for _, l := range all {
		if err := ctx.Err(); err != nil {
			return dropped, err
		}
		gone := true
		if !opts.DryRun {
			if gone, err = derive.WhileUnused(l.path, func() error { return os.RemoveAll(l.path) }); err != nil {
				return dropped, fmt.Errorf("removing %s: %w", l.path, err)
			}
		}
		if gone {
			dropped = append(dropped, artifacts.Download{
				Digest: digest.NewDigestFromEncoded(digest.Canonical, filepath.Base(l.path)), Size: l.bytes, Done: l.bytes, Allocated: l.bytes, Modified: l.modified,
			})
		}
	}
	return dropped, nil
}
