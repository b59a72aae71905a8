package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Diagnose returns what is wrong in the store and in the staging area: see artifacts.Doctor. It takes the lock for reading
// only.
func (s *Store) Diagnose(ctx context.Context, opts *artifacts.DoctorOptions) ([]artifacts.Finding, error) {
	return s.doctor().Diagnose(func() ([]artifacts.Finding, error) {
		lock, err := s.lockRead(ctx, opts.Listener(), forever)
		if err != nil {
			return nil, err
		}
		defer lock.Release()
		return s.diagnose(opts)
	})
}

func (s *Store) doctor() *atrest.Doctor {
	return &atrest.Doctor{Store: s, Reader: s, Root: s.root, Area: s.area, Stale: s.stale}
}

func (s *Store) diagnose(opts *artifacts.DoctorOptions) ([]artifacts.Finding, error) {
	l, err := s.newLook(opts)
	if err != nil {
		return nil, err
	}
	return s.examine(l)
}

// examine looks at the store. The caller holds the lock.
func (s *Store) examine(l *look) ([]artifacts.Finding, error) {
	if lost, err := s.lostIndex(l); err != nil {
		return nil, err
	} else if lost != nil {
		return []artifacts.Finding{*lost}, nil
	}
	x, err := s.readIndex()
	if err != nil {
		return nil, err
	}
	var findings []artifacts.Finding
	seen := map[digest.Digest]bool{} // of which models it was said whether they are unpacked
	for i := range x.entries {
		e := &x.entries[i]
		if e.origin() != "" {
			continue // what was derived is examined with its origin, or has none
		}
		found, err := s.examineEntry(e)
		if err == nil && len(found) == 0 && !seen[e.desc.Digest] {
			seen[e.desc.Digest] = true
			found, err = s.examineUnpacked(x, e)
		}
		if err != nil {
			return nil, err
		}
		findings = append(findings, found...)
	}
	findings = append(findings, x.examineWidowed()...)
	temps, uploading := l.temps()
	findings = append(findings, temps...)
	if uploading {
		return findings, nil // a podman artifact add has blobs here, and no entry yet
	}
	used, err := s.used(x)
	if err != nil {
		// Which blobs are orphans cannot be known before the bad entry, found above, is gone.
		s.logger.Debug("not looking for unused blobs", "error", err)
		return findings, nil
	}
	return append(findings, l.orphans(used)...), nil
}

func (s *Store) examineEntry(e *entry) ([]artifacts.Finding, error) {
	f := artifacts.Finding{Name: e.name(), Digest: e.desc.Digest, Action: "remove the entry", Mendable: true}
	var err error
	if f.Kind, f.Detail, err = s.unusable(e); err != nil {
		return nil, err
	} else if f.Kind != "" {
		s.refs.forget(e.desc.Digest) // its blobs are nobody's now, as they are to a process that never saw it
		return []artifacts.Finding{f}, nil
	}
	var found []artifacts.Finding
	if e.name() == "" {
		f.Kind, f.Detail = artifacts.FindingUnnamed, "it has no name; podman artifact ls fails as long as it is there"
		found = append(found, f)
	}
	damage, err := s.examineBlobs(e)
	if err != nil || damage == "" {
		return found, err
	}
	return append(found, artifacts.Finding{
		Kind: artifacts.FindingDamaged, Name: e.name(), Digest: e.desc.Digest, Detail: damage,
		Action: "pull the model again, or remove it",
	}), nil
}

// unusable says why nobody can use an entry; "" if one can.
func (s *Store) unusable(e *entry) (kind artifacts.FindingKind, detail string, err error) {
	if e.err != nil {
		return artifacts.FindingBadEntry, badEntry(e), nil
	}
	raw, err := s.readManifest(e.desc.Digest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return artifacts.FindingNoManifest, "its manifest is missing", nil
	case errors.Is(err, atrest.ErrCorrupt):
		return artifacts.FindingNoManifest, "its manifest has other bytes than its digest promises", nil
	case err != nil:
		return "", "", err
	case atrest.IsIndex(e.desc.MediaType, raw):
		return artifacts.FindingIndexEntry, "it is an index of several manifests, which Podman's artifact store cannot handle", nil
	}
	if _, err := atrest.ParseRefs(raw); err != nil {
		return artifacts.FindingNoManifest, fmt.Sprintf("its manifest cannot be read: %v", err), nil
	}
	return "", "", nil
}

func (s *Store) examineBlobs(e *entry) (string, error) {
	refs, err := s.manifestRefs(e.desc.Digest)
	if err != nil {
		return "", err
	}
	var wrong []string
	for _, b := range refs.Blobs {
		if b.Digest.Validate() != nil {
			wrong = append(wrong, fmt.Sprintf("blob %q has a malformed digest", b.Digest))
			continue
		}
		state, info, err := s.statBlob(b.Digest, b.Size)
		switch {
		case err != nil:
			return "", err
		case state == atrest.Missing:
			wrong = append(wrong, fmt.Sprintf("blob %s is missing", b.Digest))
		case state == atrest.WrongSize:
			wrong = append(wrong, fmt.Sprintf("blob %s has %d of %d bytes", b.Digest, info.Size(), b.Size))
		}
	}
	return strings.Join(wrong, "; "), nil
}
