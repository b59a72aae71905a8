package union

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/paddock-dev/paddock/artifacts"
)

// ability returns the member that a word names as one that can do what T says.
func ability[T any](s *Store, word string) (T, error) {
	var none T
	i := slices.IndexFunc(s.members, func(m Member) bool { return m.Word == word })
	if i < 0 {
		return none, fmt.Errorf("there is no store %q", word)
	}
	t, ok := s.members[i].Store.(T)
	if !ok {
		return none, fmt.Errorf("%w by the store %s", errors.ErrUnsupported, word)
	}
	return t, nil
}

// Tag implements artifacts.Tagger.
func (s *Store) Tag(ctx context.Context, source *artifacts.Model, name artifacts.Name) error {
	tagger, err := ability[artifacts.Tagger](s, source.Store)
	if err == nil {
		err = tagger.Tag(ctx, source, name)
	}
	if err == nil {
		err = s.supersede(ctx, source.Store, name)
	}
	if err != nil {
		return fmt.Errorf("adding the name %s: %w", name, err)
	}
	return nil
}

// OpenFile implements artifacts.Reader.
func (s *Store) OpenFile(ctx context.Context, m *artifacts.Model, f *artifacts.File) (artifacts.ReadAtCloser, int64, error) {
	reader, err := ability[artifacts.Reader](s, m.Store)
	if err != nil {
		return nil, 0, fmt.Errorf("opening %s of %s: %w", f.Path, m.Name, err)
	}
	return reader.OpenFile(ctx, m, f)
}

// Locate implements artifacts.Locator.
func (s *Store) Locate(m *artifacts.Model, f *artifacts.File) (string, error) {
	locator, err := ability[artifacts.Locator](s, m.Store)
	if err != nil {
		return "", fmt.Errorf("locating %s of %s: %w", f.Path, m.Name, err)
	}
	return locator.Locate(m, f)
}

// Check implements artifacts.Checker. What a store without files of its own keeps has nothing to be damaged.
func (s *Store) Check(ctx context.Context, m *artifacts.Model, verify bool) ([]artifacts.Damage, error) {
	checker, err := ability[artifacts.Checker](s, m.Store)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("checking %s: %w", m.Name, err)
	}
	damaged, err := checker.Check(ctx, m, verify)
	for i := range damaged {
		damaged[i].Store = m.Store
	}
	return damaged, err
}

// Discard implements artifacts.Checker.
func (s *Store) Discard(ctx context.Context, damaged []artifacts.Damage) (err error) {
	for _, m := range s.members {
		mine := slices.DeleteFunc(slices.Clone(damaged), func(d artifacts.Damage) bool { return d.Store != m.Word })
		checker, ok := m.Store.(artifacts.Checker)
		if !ok || len(mine) == 0 {
			continue
		}
		err = errors.Join(err, checker.Discard(ctx, mine))
	}
	return err
}

// Diagnose implements artifacts.Doctor.
func (s *Store) Diagnose(ctx context.Context, opts *artifacts.DoctorOptions) ([]artifacts.Finding, error) {
	var all []artifacts.Finding
	for _, m := range s.members {
		doctor, ok := m.Store.(artifacts.Doctor)
		if !ok {
			continue
		}
		found, err := doctor.Diagnose(ctx, opts)
		if err != nil {
			return nil, err
		}
		all = append(all, owned(found, m.Word)...)
	}
	return all, nil
}

// owned notes in findings whose they are.
func owned(found []artifacts.Finding, word string) []artifacts.Finding {
	for i := range found {
		found[i].Store = word
	}
	return found
}

// Mend implements artifacts.Doctor. Each member mends what it found itself.
func (s *Store) Mend(ctx context.Context, found []artifacts.Finding, opts *artifacts.DoctorOptions) (mended []artifacts.Finding, err error) {
	for _, m := range s.members {
		mine := slices.DeleteFunc(slices.Clone(found), func(f artifacts.Finding) bool { return f.Store != m.Word })
		doctor, ok := m.Store.(artifacts.Doctor)
		if !ok || len(mine) == 0 {
			continue
		}
		done, mendErr := doctor.Mend(ctx, owned(mine, ""), opts) // as the member itself found them
		mended, err = append(mended, owned(done, m.Word)...), errors.Join(err, mendErr)
	}
	return mended, err
}

// Usage implements artifacts.Meter.
func (s *Store) Usage(ctx context.Context, wait func(reason string)) (*artifacts.Usage, error) {
	total := &artifacts.Usage{}
	for _, m := range s.members {
		meter, ok := m.Store.(artifacts.Meter)
		if !ok {
			continue
		}
		u, err := meter.Usage(ctx, wait)
		if err != nil {
			return nil, err
		}
		total.Models = append(total.Models, u.Models...)
		total.Blobs, total.Orphans = total.Blobs+u.Blobs, total.Orphans+u.Orphans
		total.Staging, total.Leftovers = total.Staging+u.Staging, total.Leftovers+u.Leftovers
	}
	slices.SortStableFunc(total.Models, func(a, b artifacts.ModelUsage) int { return cmp.Compare(a.Name, b.Name) })
	return total, nil
}

// Prune implements artifacts.Pruner.
func (s *Store) Prune(ctx context.Context, opts *artifacts.PruneOptions) (all []artifacts.Download, err error) {
	for _, m := range s.members {
		pruner, ok := m.Store.(artifacts.Pruner)
		if !ok {
			continue
		}
		gone, pruneErr := pruner.Prune(ctx, opts)
		all, err = append(all, gone...), errors.Join(err, pruneErr)
	}
	return all, err
}
