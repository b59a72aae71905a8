package dirstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/derive"
)

// Mend does what the findings propose: see artifacts.Doctor. Everything is looked at again under the lock: what is no longer
// as it was found is left alone.
func (s *Store) Mend(ctx context.Context, findings []artifacts.Finding, opts *artifacts.DoctorOptions) ([]artifacts.Finding, error) {
	return s.doctor().Mend(ctx, findings, opts.Listener(), func() ([]artifacts.Finding, error) { return s.mendStore(ctx, findings, opts) })
}

func (s *Store) mendStore(ctx context.Context, findings []artifacts.Finding, opts *artifacts.DoctorOptions) ([]artifacts.Finding, error) {
	lock, err := s.lock.Write(ctx, opts.Listener())
	if err != nil {
		return nil, err
	}
	mended, err := s.mendLocked(findings)
	lock.Release()
	return mended, errors.Join(err, s.emptyTrash())
}

func (s *Store) mendLocked(findings []artifacts.Finding) ([]artifacts.Finding, error) {
	now, err := s.examine()
	if err != nil {
		return nil, err
	}
	var mended []artifacts.Finding
	var errs []error
	for _, f := range now {
		if !f.Mendable || f.Kind == artifacts.FindingNotUnpacked || !slices.Contains(findings, f) {
			continue
		}
		if err := s.mendOne(&f); err != nil {
			errs = append(errs, err)
			continue
		}
		mended = append(mended, f)
	}
	return mended, errors.Join(errs...)
}

func (s *Store) mendOne(f *artifacts.Finding) error {
	switch {
	case f.Path == "":
		l, err := s.layoutNamed(f.Name)
		if err != nil {
			return err
		}
		return s.drop(l.dir)
	case filepath.Dir(f.Path) == s.models:
		return os.Remove(f.Path) // an empty folder; one that is in use again is not empty
	case filepath.Dir(f.Path) == s.unpackDir():
		_, err := derive.WhileUnused(f.Path, func() error { return s.moveToTrash(f.Path) })
		return err
	default:
		return s.moveToTrash(f.Path)
	}
}
