package union

import (
	"slices"

	"github.com/paddock-dev/paddock/artifacts"
)

var _ artifacts.Placer = (*Store)(nil)

// MountAs implements artifacts.Placer. A model that is in no store yet is of the member that takes its kind.
func (s *Store) MountAs(m *artifacts.Model, name artifacts.Name) (artifacts.Mount, error) {
	i := slices.IndexFunc(s.members, func(member Member) bool {
		return member.Word == m.Store || m.Store == "" && slices.Contains(member.Kinds, m.Kind)
	})
	if i < 0 {
		return m.Mount, nil
	}
	if p, ok := s.members[i].Store.(artifacts.Placer); ok {
		return p.MountAs(m, name)
	}
	return m.Mount, nil
}
