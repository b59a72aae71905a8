package unpack

import (
	"fmt"
	"path"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// folderMark stands for what is in a folder that has an entry of its own. No clean path has a control character.
const folderMark = "/\x01"

// settle returns the files of an archive that was read to its end, links resolved, each name once.
func (a *archive) settle() ([]*member, error) {
	var files []*member
	seen := map[string]*member{}
	var names []string
	for _, m := range a.members {
		if m.target != "" {
			if err := a.resolve(m); err != nil {
				return nil, err
			}
		}
		switch other := seen[m.name]; {
		case other == nil:
			seen[m.name] = m
			files, names = append(files, m), append(names, m.name)
		case other.digest != m.digest:
			return nil, fmt.Errorf("entry %.300q: %w: it is there twice, with different content", m.name, packaging.ErrUnsafePath)
		}
	}
	for folder := range a.folders {
		names = append(names, folder+folderMark)
	}
	if outer, inner, clash := packaging.PathClash(names); clash {
		if packaging.FoldPath(outer) == packaging.FoldPath(inner) && outer != inner {
			return nil, fmt.Errorf("entry %.300q: %w: only capitals tell it from %.300q", inner, packaging.ErrUnsafePath, outer)
		}
		return nil, fmt.Errorf("entry %.300q: %w: it lies in, or is, a folder at the place of the file %.300q",
			strings.TrimSuffix(inner, folderMark), packaging.ErrUnsafePath, outer)
	}
	return files, nil
}

// place returns the path of an entry in the model. An archive of one file that is called like the layer holds the file that
// the layer is named for (modctl and AIKit pack each file by itself, the latter under its base name); everything else is
// where the archive says, below the layer's Folder if it has one.
func place(f *packaging.File, m *member, only bool) string {
	switch {
	case f.Folder != "":
		return path.Join(f.Folder, m.name)
	case only && path.Base(m.name) == path.Base(f.Path) && !strings.HasPrefix(m.name, f.Path+"/"):
		return f.Path
	}
	return m.name
}
