package podmanstore

import (
	"context"
	"fmt"
	"slices"

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

// examineDerived finds derived artifacts that outlived their origin, as podman artifact rm of the origin leaves them. The
// next change of the store by paddock drops them, too.
func (x *index) examineDerived() []artifacts.Finding {
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

// blame says of damaged unpacked files whose they are: repairing the origin unpacks them again, and no registry has the
// derived artifact. That of an origin which is gone is not to be repaired: see examineDerived.
func (x *index) blame(e *entry, found []artifacts.Finding) []artifacts.Finding {
	origin := e.origin()
	if origin == "" {
		return found
	}
	named := slices.IndexFunc(x.entries, func(o entry) bool { return o.err == nil && o.desc.Digest == origin && o.name() != "" })
	kept := found[:0]
	for _, f := range found {
		if f.Kind == artifacts.FindingDamaged {
			if named < 0 {
				continue
			}
			f.Name, f.Digest, f.Detail = x.entries[named].name(), origin, "of its unpacked files, "+f.Detail
		}
		kept = append(kept, f)
	}
	return kept
}
