package podmanstore

import (
	"context"
	"errors"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Mend does what the findings propose: see artifacts.Doctor. Everything is looked at again under the lock: what is no longer
// as it was found (a file that grew, a name that came back) is left alone.
func (s *Store) Mend(ctx context.Context, findings []artifacts.Finding, opts *artifacts.DoctorOptions) ([]artifacts.Finding, error) {
	return s.doctor().Mend(ctx, findings, opts.Listener(), func() ([]artifacts.Finding, error) { return s.mendStore(ctx, findings, opts) })
}

func (s *Store) mendStore(ctx context.Context, findings []artifacts.Finding, opts *artifacts.DoctorOptions) ([]artifacts.Finding, error) {
	s.warm()
	lock, err := s.lockWrite(ctx, opts.Listener())
	if err != nil {
		return nil, err
	}
	mended, out, err := s.mendLocked(findings, opts)
	lock.Release()
	return mended, errors.Join(err, atrest.SyncDir(s.root), out.finish(ctx, opts.Listener()), s.emptyTrash())
}

// mendLocked also returns what is to be finished without the lock, whatever the error.
func (s *Store) mendLocked(findings []artifacts.Finding, opts *artifacts.DoctorOptions) ([]artifacts.Finding, *sweeping, error) {
	out := s.sweeping(nil)
	now, err := s.diagnose(opts)
	if err != nil {
		return nil, out, err
	}
	todo := slices.DeleteFunc(now, func(f artifacts.Finding) bool {
		return !f.Mendable || f.Kind == artifacts.FindingNotUnpacked || !slices.Contains(findings, f)
	})
	if len(todo) > 0 && todo[0].Kind == artifacts.FindingIndex {
		if err := s.mendLost(opts); err != nil {
			return nil, out, err
		}
		return todo, out, nil // what else is wrong can be seen now
	}
	mended, gone, err := s.dropEntries(todo)
	if gone != nil {
		out = gone
	}
	if err != nil {
		return nil, out, err
	}
	var errs []error
	for _, f := range todo {
		if f.Path == "" {
			continue
		}
		taken, err := s.takeAway(f.Path)
		if err != nil {
			errs = append(errs, err)
		} else if taken {
			mended = append(mended, f)
		}
	}
	return mended, out, errors.Join(errs...)
}

// dropEntries removes the entries that findings are about, and the blobs that no other entry needs.
func (s *Store) dropEntries(todo []artifacts.Finding) ([]artifacts.Finding, *sweeping, error) {
	var dropped []artifacts.Finding
	for _, f := range todo {
		if f.Path == "" {
			dropped = append(dropped, f)
		}
	}
	if len(dropped) == 0 {
		return nil, nil, nil
	}
	x, err := s.readIndex()
	if err != nil {
		return nil, nil, err
	}
	gone := x.drop(func(e *entry) bool {
		return slices.ContainsFunc(dropped, func(f artifacts.Finding) bool { return concerns(&f, e) })
	})
	gone = slices.DeleteFunc(gone, func(d digest.Digest) bool { return x.find(d) != nil })
	if err := s.writeIndex(x); err != nil {
		return nil, nil, err
	}
	out := s.sweeping(gone)
	return dropped, out, out.turn(x)
}
