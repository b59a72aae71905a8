package dirstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/derive"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// unpackDir is where archives are unpacked: see derive.Workspace.
func (s *Store) unpackDir() string { return filepath.Join(s.StagingDir(), "unpack") }

// commitStaged derives what is to be derived from staged blobs, and commits both as one layout.
func (s *Store) commitStaged(
	ctx context.Context, l *layout, plan *artifacts.Plan, batch *staging.Batch, wait func(string),
) (err error) {
	var twin *record // another layout of the manifest, which has what is to be derived
	derived, err := derive.Make(ctx, plan, &derive.Options{
		Staged: batch.Path, Parent: s.unpackDir(), Label: atrest.SELinuxLabel(s.models), Wait: wait, Logger: s.logger,
		Ready: func() ([]byte, error) {
			var err error
			if twin, err = s.unpackedTwin(ctx, plan); twin == nil || err != nil {
				return nil, err
			}
			return twin.derived, nil
		},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, derived.Close()) }()
	if derived == nil && plan.Kind == artifacts.KindImage {
		return fmt.Errorf("there is no model in %s: it %w", packaging.ImageRoot, artifacts.ErrIsImage)
	}
	c := &commit{store: s, target: *l, digest: plan.Digest, manifest: plan.Manifest}
	if c.blobs, err = needs(plan.Manifest, derived.Bytes()); err != nil {
		return err
	}
	if derived != nil {
		c.derived = digest.FromBytes(derived.Manifest)
	}
	c.source = func(d digest.Digest) (string, error) {
		switch path := batch.Path(d); {
		case path != "":
			return path, nil
		case derived.New():
			return derived.Path(d), nil
		}
		return twin.layout.blob(d)
	}
	return s.commit(ctx, wait, c)
}

// unpackedTwin returns a layout, of whatever name, of a plan's manifest with the files that were unpacked from it; nil if there is
// none, or while another holds the lock for long.
func (s *Store) unpackedTwin(ctx context.Context, plan *artifacts.Plan) (*record, error) {
	lock, err := s.lock.Read(ctx, nil, atrest.QuietTries)
	if errors.Is(err, atrest.ErrBusy) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer lock.Release()
	records, err := s.records()
	if err != nil {
		return nil, err
	}
	for i := range records {
		r := &records[i]
		if r.digest != plan.Digest || r.derived == nil || !derive.Current(r.derived, plan) {
			continue
		}
		if whole, err := s.whole(r); whole || err != nil {
			return r, err
		}
	}
	return nil, nil
}

// derivable says whether the model of a layout is to be unpacked before it can be served.
func (s *Store) derivable(r *record) bool {
	m := &artifacts.Model{Digest: r.digest}
	s.describe(m, r)
	return m.Kind == artifacts.KindImage || m.Packaging.Derivable && m.Packaging.Format != packaging.Unknown
}

// adopt makes a model be seen as the manifest of its unpacked files describes it.
func (s *Store) adopt(m *artifacts.Model, r *record) {
	if r.derived == nil || !m.Packaging.Derivable && m.Kind != artifacts.KindImage {
		return
	}
	parsed, err := packaging.Parse(r.derived, nil)
	if err == nil && m.Kind == artifacts.KindImage {
		parsed, err = s.imageModel(r, parsed.Files)
	}
	if err != nil {
		s.logger.Debug("ignoring unpacked files", "name", m.Name, "error", err)
		return
	}
	if m.Kind == artifacts.KindImage {
		m.Packaging = *parsed
		return
	}
	atrest.Adopt(m, parsed)
}

// imageModel describes the unpacked files of an image as its config does.
func (s *Store) imageModel(r *record, files []packaging.File) (*packaging.Model, error) {
	refs, err := atrest.ParseRefs(r.manifest)
	if err != nil || refs.Config == nil {
		return nil, fmt.Errorf("finding the config: %w", err)
	}
	config, err := s.readConfig(&r.layout, refs.Config)
	if err != nil {
		return nil, err
	}
	return packaging.ImageModel(r.manifest, config, files, packaging.DerivedPointer(packaging.Annotations(r.derived)))
}
