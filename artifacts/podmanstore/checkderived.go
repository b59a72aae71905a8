package podmanstore

import (
	"context"
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// checkDerived is Check for the derived artifact of a model that needs one. That of a manifest which describes no model is
// not missed: there may be nothing to derive.
func (s *Store) checkDerived(ctx context.Context, m *artifacts.Model, verify bool) ([]artifacts.Damage, error) {
	mount, ok := m.Mount.(artifacts.ArtifactMount)
	adopted := ok && m.Digest != "" && mount.Source == derivedName(m.Digest)
	if !adopted && (!m.Packaging.Derivable || m.Packaging.Format == packaging.Unknown) {
		return nil, nil
	}
	x, err := s.readIndex()
	if err != nil {
		return nil, fmt.Errorf("checking %s: %w", orUnnamed(m.Name), err)
	}
	d := x.derivedFrom(m.Digest)
	if d == nil {
		return []artifacts.Damage{{Digest: m.Digest, Size: int64(len(m.Manifest)), Problem: "is not unpacked"}}, nil
	}
	return atrest.Check(ctx, &artifacts.Model{Name: derivedName(m.Digest), Digest: d.Digest}, verify, s.blobPath)
}

// examineUnpacked finds a model of which the derived artifact is missing, as podman artifact rm and podman artifact pull leave
// it, or damaged. The model itself is whole, and has a name.
func (s *Store) examineUnpacked(x *index, e *entry) ([]artifacts.Finding, error) {
	r := s.record(e)
	if r.err != nil {
		return nil, r.err
	}
	m, d := s.model(e, e.name(), r.manifest, nil), x.derivedFrom(e.desc.Digest)
	var detail string
	switch {
	case !m.Packaging.Derivable || d == nil && m.Packaging.Format == packaging.Unknown:
		return nil, nil
	case d == nil:
		detail = "its unpacked files are not there"
	default:
		if s.attach(&r, d); r.derived == nil {
			s.refs.forget(d.Digest) // see examineEntry
			detail = "the manifest of its unpacked files is missing, or is another"
			break
		}
		damage, err := s.examineBlobs(&entry{desc: *d})
		if err != nil || damage == "" {
			return nil, err
		}
		detail = "of its unpacked files, " + damage
	}
	return []artifacts.Finding{atrest.NotUnpacked(m, detail)}, nil
}

// examineWidowed finds derived artifacts that outlived their origin, as podman artifact rm of the origin leaves them. The
// next change of the store by paddock drops them, too.
func (x *index) examineWidowed() []artifacts.Finding {
	var findings []artifacts.Finding
	widowed := x.widowed()
	for i := range x.entries {
		e := &x.entries[i]
		if !widowed(e) {
			continue
		}
		findings = append(findings, artifacts.Finding{
			Kind: artifacts.FindingNoOrigin, Name: e.name(), Digest: e.desc.Digest, Action: "remove the entry", Mendable: true,
			Detail: fmt.Sprintf("it holds the unpacked files of the manifest %s, which is gone", e.origin()),
		})
	}
	return findings
}
