package podmanstore

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/derive"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// derivedRepository is where the derived artifacts are: localhost/paddock/derived:<hex of the origin's manifest digest>. Such
// an entry belongs to its origin. It is not listed, is mounted in the origin's stead, and goes with the last name of the
// origin. Podman shows it, and can remove it: doctor --fix, or serving the model, then makes it again.
const derivedRepository = "localhost/paddock/derived"

func derivedName(origin digest.Digest) string { return derivedRepository + ":" + origin.Encoded() }

// origin returns the digest of the manifest that an entry was derived from; "" if its name is not that of a derived one.
func (e *entry) origin() digest.Digest {
	hex, ok := strings.CutPrefix(e.name(), derivedRepository+":")
	if d := digest.NewDigestFromEncoded(digest.SHA256, hex); ok && d.Validate() == nil {
		return d
	}
	return ""
}

// checkReserved refuses a name that only a derived artifact may have.
func checkReserved(name artifacts.Name) error {
	if !name.IsZero() && name.Repository() == derivedRepository {
		return fmt.Errorf("%w: %s: the repository is for files that were unpacked here", artifacts.ErrInvalidName, name)
	}
	return nil
}

// derivedFrom returns the derived artifact of a manifest; nil if there is none.
func (x *index) derivedFrom(origin digest.Digest) *descriptor {
	if named := x.named(derivedName(origin)); len(named) > 0 {
		return &named[0]
	}
	return nil
}

// derived returns all derived artifacts by the digest of the manifest that they were derived from.
func (x *index) derived() map[digest.Digest]*descriptor {
	all := map[digest.Digest]*descriptor{}
	for i := range x.entries {
		if e := &x.entries[i]; e.origin() != "" {
			all[e.origin()] = &e.desc
		}
	}
	return all
}

// ownerOf names the model that an entry was derived from, by the first name in order, or the digest if it has none; "" if the entry
// was derived from none, or from one that is gone.
func (c *candidates) ownerOf(e *entry) string {
	origin := e.origin()
	if origin == "" {
		return ""
	}
	owner := ""
	for _, o := range c.entries {
		if o.desc.Digest != origin {
			continue
		}
		if name := o.name(); name != "" && (owner == "" || owner == origin.String() || name < owner) {
			owner = name
		}
		owner = cmp.Or(owner, origin.String())
	}
	return owner
}

// widowed returns whether an entry was derived from a manifest that the index no longer has.
func (x *index) widowed() func(*entry) bool {
	have := map[digest.Digest]bool{}
	for i := range x.entries {
		have[x.entries[i].desc.Digest] = true
	}
	return func(e *entry) bool { return e.origin() != "" && !have[e.origin()] }
}

// attach reads the manifest that was derived from that of a record. One that is damaged counts as none: Check says so.
func (s *Store) attach(r *record, d *descriptor) {
	if d == nil || r.err != nil {
		return
	}
	raw, err := s.readManifest(d.Digest)
	if err == nil && packaging.DerivedFrom(packaging.Annotations(raw)) != r.entry.desc.Digest {
		err = errors.New("it was derived from another manifest")
	}
	if err != nil {
		s.logger.Debug("ignoring a derived artifact", "origin", r.entry.desc.Digest, "error", err)
		return
	}
	r.derived = raw
}

// adopt makes a model that has a derived manifest be seen as that one describes it.
func (s *Store) adopt(m *artifacts.Model, derived []byte) {
	if derived == nil || !m.Packaging.Derivable {
		return
	}
	parsed, err := packaging.Parse(derived, nil)
	if err != nil {
		s.logger.Debug("ignoring a derived artifact", "origin", m.Digest, "error", err)
		return
	}
	atrest.Adopt(m, parsed)
	m.Mount = artifacts.ArtifactMount{Source: derivedName(m.Digest)}
}

// derivedWhole returns the manifest derived from that of a plan, if it is current and all its blobs are in the store; else nil.
func (s *Store) derivedWhole(x *index, plan *artifacts.Plan) ([]byte, error) {
	r := record{entry: entry{desc: descriptor{Digest: plan.Digest}}}
	s.attach(&r, x.derivedFrom(plan.Digest))
	if r.derived == nil || !derive.Current(r.derived, plan) {
		return nil, nil
	}
	refs, err := atrest.ParseRefs(r.derived)
	if err != nil {
		return nil, fmt.Errorf("parsing the manifest derived from %s: %w", plan.Digest, err)
	}
	for _, b := range refs.Blobs {
		state, _, err := s.statBlob(b.Digest, b.Size)
		if err != nil || state != atrest.Whole {
			return nil, err
		}
	}
	return r.derived, nil
}
