package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/opencontainers/go-digest"
)

// Mend does what the findings propose, and returns those that it acted on. Everything is looked at again under the lock:
// what is no longer as it was found (a file that grew, a name that came back) is left alone, and so is what is not
// Mendable. The error joins what went wrong; the rest is done nevertheless.
func (s *Store) Mend(ctx context.Context, findings []Finding) ([]Finding, error) {
	var mended []Finding
	if _, err := os.Stat(s.root); err == nil {
		if mended, err = s.mendStore(ctx, findings); err != nil {
			return mended, fmt.Errorf("mending %s: %w", s.root, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("mending %s: %w", s.root, err)
	}
	stale, err := s.mendStaging(findings)
	if err != nil {
		err = fmt.Errorf("mending %s: %w", s.work.staging, err)
	}
	return append(mended, stale...), err
}

func (s *Store) mendStore(ctx context.Context, findings []Finding) ([]Finding, error) {
	open, err := openFiles()
	if err != nil {
		return nil, err
	}
	s.warm()
	lock, err := s.lockWrite(ctx, nil)
	if err != nil {
		return nil, err
	}
	mended, err := s.mendLocked(findings, open)
	lock.Release()
	return mended, errors.Join(err, s.emptyTrash(), syncDir(s.root))
}

func (s *Store) mendLocked(findings []Finding, open fileSet) ([]Finding, error) {
	now, err := s.examine(open)
	if err != nil {
		return nil, err
	}
	todo := slices.DeleteFunc(now, func(f Finding) bool { return !f.Mendable || !slices.Contains(findings, f) })
	mended, err := s.dropEntries(todo)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, f := range todo {
		if f.Path == "" {
			continue
		}
		if err := s.moveToTrash(f.Path); err != nil {
			errs = append(errs, err)
			continue
		}
		mended = append(mended, f)
	}
	return mended, errors.Join(errs...)
}

// dropEntries removes the entries that findings are about, and the blobs that no other entry needs.
func (s *Store) dropEntries(todo []Finding) ([]Finding, error) {
	var dropped []Finding
	for _, f := range todo {
		if f.Path == "" {
			dropped = append(dropped, f)
		}
	}
	if len(dropped) == 0 {
		return nil, nil
	}
	x, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	gone := x.drop(func(e *entry) bool {
		return slices.ContainsFunc(dropped, func(f Finding) bool { return f.concerns(e) })
	})
	gone = slices.DeleteFunc(gone, func(d digest.Digest) bool { return x.find(d) != nil })
	if err := s.writeIndex(x); err != nil {
		return nil, err
	}
	return dropped, s.sweep(x, gone)
}

func (f *Finding) concerns(e *entry) bool {
	if (f.Kind == BadEntry) != (e.err != nil) {
		return false
	}
	if f.Kind == BadEntry {
		return f.Detail == fmt.Sprintf("%s: %v", abridge(e.raw), e.err)
	}
	return f.Name == e.name() && f.Digest == e.desc.Digest
}
