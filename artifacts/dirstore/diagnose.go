package dirstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/derive"
)

// Diagnose returns what is wrong in the store and in the staging area: see artifacts.Doctor. It takes the lock for reading
// only. There is no file whose use it could not know, so that the grace period does not matter.
func (s *Store) Diagnose(ctx context.Context, opts *artifacts.DoctorOptions) ([]artifacts.Finding, error) {
	return s.doctor().Diagnose(func() ([]artifacts.Finding, error) {
		lock, err := s.lock.Read(ctx, opts.Listener(), atrest.Forever)
		if err != nil {
			return nil, err
		}
		defer lock.Release()
		return s.examine()
	})
}

func (s *Store) doctor() *atrest.Doctor {
	return &atrest.Doctor{Store: s, Reader: s, Root: s.root, Area: s.area, Stale: s.stale}
}

// examine looks at the store. The caller holds the lock.
func (s *Store) examine() ([]artifacts.Finding, error) {
	c, err := s.scan()
	if err != nil {
		return nil, err
	}
	var findings []artifacts.Finding
	for i := range c.layouts {
		f, err := s.examineLayout(&c.layouts[i])
		if err != nil {
			return nil, err
		}
		if f != nil {
			findings = append(findings, *f)
		}
	}
	for _, path := range c.strange {
		findings = append(findings, artifacts.Finding{
			Kind: artifacts.FindingBadEntry, Path: path, Detail: "it is not the folder of a model's name",
			Action: "move it to another place",
		})
	}
	for _, path := range c.empty {
		findings = append(findings, leftover(path, 0, "an empty folder"))
	}
	left, err := s.leftovers()
	return append(findings, left...), err
}

// leftovers returns what is in tmp and trash. The lock is held, so that nobody is at work in tmp; what is in trash is to go
// in any case.
func (s *Store) leftovers() ([]artifacts.Finding, error) {
	var findings []artifacts.Finding
	for _, place := range []struct{ dir, detail string }{
		{s.temp, "a layout that a process began and was killed"}, {s.trash, "a removed model that was not deleted"},
	} {
		entries, err := os.ReadDir(place.dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			path := filepath.Join(place.dir, e.Name())
			bytes, err := freed(path)
			if err != nil {
				return nil, err
			}
			findings = append(findings, leftover(path, bytes, place.detail))
		}
	}
	unpacked, err := derive.Unused(s.unpackDir())
	if err != nil {
		return nil, err
	}
	for _, path := range unpacked {
		bytes, err := freed(path)
		if err != nil {
			return nil, err
		}
		findings = append(findings, leftover(path, bytes, "files that a process was unpacking when it was killed"))
	}
	return findings, nil
}

func leftover(path string, bytes int64, detail string) artifacts.Finding {
	return artifacts.Finding{
		Kind: artifacts.FindingLeftover, Path: path, Bytes: bytes, Detail: detail, Action: "delete it", Mendable: true,
	}
}

// examineLayout returns what is wrong with a layout; nil if nothing is.
func (s *Store) examineLayout(l *layout) (*artifacts.Finding, error) {
	r := l.read()
	f := &artifacts.Finding{Name: l.name.String(), Digest: r.digest, Action: "remove the model", Mendable: true}
	f.Kind = artifacts.FindingNoManifest
	switch {
	case errors.Is(r.err, fs.ErrNotExist):
		f.Detail = "its manifest is missing"
		return f, nil
	case errors.Is(r.err, atrest.ErrCorrupt):
		f.Detail = "its manifest has other bytes than its digest promises"
		return f, nil
	case r.err != nil:
		f.Detail = fmt.Sprintf("its manifest cannot be read: %v", r.err)
		f.Action, f.Mendable = "look at its files", false
		return f, nil
	case atrest.IsIndex("", r.manifest):
		f.Kind, f.Detail = artifacts.FindingIndexEntry, "it is an index of several manifests, which is no model"
		return f, nil
	}
	blobs, err := needs(r.manifest, nil)
	if err != nil {
		f.Detail = fmt.Sprintf("its manifest cannot be read: %v", err)
		return f, nil
	}
	f.Kind, f.Action, f.Mendable = artifacts.FindingDamaged, "pull the model again, or remove it", false
	if f.Detail, err = l.damage(blobs); err != nil {
		return nil, err
	}
	if f.Detail != "" {
		return f, nil
	}
	return s.examineUnpacked(&r)
}

// examineUnpacked returns what is wrong with the files that a whole model was unpacked into; nil if nothing is, or nothing was to
// be unpacked.
func (s *Store) examineUnpacked(r *record) (*artifacts.Finding, error) {
	var detail string
	switch {
	case r.derivedErr != nil:
		detail = r.derivedErr.Error()
	case r.derived == nil && s.derivable(r):
		detail = "its unpacked files are not there"
	case r.derived != nil:
		blobs, err := r.needs()
		if err != nil {
			return nil, err
		}
		damage, err := r.layout.damage(blobs)
		if err != nil || damage == "" {
			return nil, err
		}
		detail = "of its unpacked files, " + damage
	default:
		return nil, nil
	}
	f := atrest.NotUnpacked(s.model(r), detail)
	return &f, nil
}
