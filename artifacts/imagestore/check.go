package imagestore

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
)

// Check returns what is missing or has a wrong size: of layers, the files of the model. With verify every layer is put
// together again, in Podman's user namespace, and compared with its digest.
func (s *Store) Check(ctx context.Context, m *artifacts.Model, verify bool) ([]artifacts.Damage, error) {
	r, err := s.read()
	if err == nil {
		var damaged []artifacts.Damage
		if damaged, err = s.check(ctx, r, m, verify); err == nil {
			return damaged, nil
		}
	}
	return nil, fmt.Errorf("checking %s: %w", atrest.Label(m.Name), err)
}

func (s *Store) check(ctx context.Context, r *records, m *artifacts.Model, verify bool) ([]artifacts.Damage, error) {
	refs, err := atrest.ParseRefs(m.Manifest)
	if err == nil && refs.Config == nil {
		err = errors.New("its manifest names no config")
	}
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(r.images, func(i image) bool { return i.digest() == m.Digest })
	if at < 0 {
		return allMissing(m, refs), nil
	}
	i := &r.images[at]
	c := &checkup{refs: refs}
	if _, err := s.documents(i); err != nil {
		c.add(refs.Config.Digest, "is missing or has other bytes")
	}
	chain, err := r.chain(i)
	if err != nil {
		return append(c.damaged, allMissing(m, refs)...), nil //nolint:nilerr // which layers are missing is not known
	}
	s.checkFiles(r, chain, c)
	if !verify || len(c.damaged) > 0 {
		return c.damaged, nil
	}
	a, err := s.ask(ctx, &request{Do: doVerify, ID: i.ID})
	if err != nil {
		return nil, err
	}
	for _, l := range chain {
		if slices.Contains(a.Damaged, l.ID) {
			c.add(l.blob(), atrest.ProblemBytes)
		}
	}
	return c.damaged, nil
}

// checkup collects damage, each blob once.
type checkup struct {
	refs    *atrest.Refs
	damaged []artifacts.Damage
}

func (c *checkup) add(d digest.Digest, problem string) {
	for _, known := range c.damaged {
		if known.Digest == d {
			return
		}
	}
	damage := artifacts.Damage{Digest: d, Problem: problem}
	for _, b := range c.refs.Blobs {
		if b.Digest == d {
			damage.Size = b.Size
		}
	}
	c.damaged = append(c.damaged, damage)
}

func allMissing(m *artifacts.Model, refs *atrest.Refs) []artifacts.Damage {
	damaged := []artifacts.Damage{{Digest: m.Digest, Size: int64(len(m.Manifest)), Problem: atrest.ProblemMissing}}
	for _, b := range refs.Blobs {
		damaged = append(damaged, artifacts.Damage{Digest: b.Digest, Size: b.Size, Problem: atrest.ProblemMissing})
	}
	return damaged
}

// checkFiles looks at the files of the model, as far as the driver keeps them where they can be seen.
func (s *Store) checkFiles(r *records, chain []*layer, c *checkup) {
	for _, l := range chain {
		dir := s.diffDir(l.ID)
		if dir == "" {
			return
		}
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			c.add(l.blob(), atrest.ProblemMissing)
		}
	}
	if len(c.damaged) > 0 {
		return
	}
	t, err := r.tree(chain)
	if err != nil {
		c.add(chain[len(chain)-1].blob(), err.Error())
		return
	}
	for p, n := range t.All() {
		if n.Kind != tar.TypeReg {
			continue
		}
		info, err := s.lstat(chain, p, n)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			c.add(n.Layer, fmt.Sprintf("lacks its file /%s", p))
		case errors.Is(err, fs.ErrPermission): // only users of a container may look
		case err != nil:
			c.add(n.Layer, fmt.Sprintf("has a file /%s that cannot be read: %v", p, err))
		case !info.Mode().IsRegular() || info.Size() != n.Size:
			c.add(n.Layer, fmt.Sprintf("has %d of %d bytes of its file /%s", info.Size(), n.Size, p))
		}
	}
}
