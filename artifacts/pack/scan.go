package pack

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// Options say what belongs to a model. The zero value is for most people.
type Options struct {
	// Hidden takes files and folders whose names begin with a dot, too. A .git folder is never taken.
	Hidden bool
	// Follow takes what links point to outside of the folder that is packed, as in the cache of Hugging Face's libraries.
	Follow bool
}

// File is one file of a model on the disk.
type File struct {
	// Path is the file's place in the model, as packaging.CleanPath writes it.
	Path string
	// Source is where it is on the disk, all links followed.
	Source string
	Size   int64 // bytes
	// Role is what the file is.
	Role packaging.Role
}

// ErrRefused says that something cannot be a file of a model.
var ErrRefused = errors.New("cannot be packed")

// Scan lists the files of a model: a folder's below the folder, a file's by its base name. Roles are not yet known. It refuses
// what is neither a file nor a folder, names that cannot be used everywhere, names that differ only in the case of letters, and
// links that lead out of the folder. The files are sorted by path. The error wraps artifacts.ErrNotFound if a path is not there.
func Scan(paths []string, o *Options) ([]File, error) {
	if o == nil {
		o = &Options{}
	}
	s := &scan{o: o}
	for _, p := range paths {
		if err := s.top(p); err != nil {
			return nil, err
		}
	}
	if len(s.files) == 0 {
		return nil, fmt.Errorf("%s: %w: there are no files", strings.Join(paths, ", "), ErrRefused)
	}
	slices.SortFunc(s.files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return s.files, s.clashes()
}

type scan struct {
	o     *Options
	files []File
}

// top takes one of the paths that were named. A link that a person names is followed.
func (s *scan) top(name string) error {
	real, err := filepath.EvalSymlinks(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", name, artifacts.ErrNotFound)
	} else if err != nil {
		return err
	}
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return s.add(name, filepath.Base(filepath.Clean(name)), real, info)
	}
	root, err := filepath.Abs(real)
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(at string, e fs.DirEntry, err error) error {
		if err != nil || at == root {
			return err
		}
		if e.IsDir() && e.Name() == ".git" || !s.o.Hidden && strings.HasPrefix(e.Name(), ".") {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if e.IsDir() {
			return nil
		}
		return s.entry(root, at)
	})
}

// entry takes what is no folder.
func (s *scan) entry(root, at string) error {
	relative, err := filepath.Rel(root, at)
	if err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(at)
	if err != nil {
		return fmt.Errorf("following %s: %w", at, err)
	}
	if inside, err := filepath.Rel(root, real); err != nil || !filepath.IsLocal(inside) && !s.o.Follow {
		return fmt.Errorf("%s: %w: it is a link out of the folder, to %s", at, ErrRefused, real)
	}
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%s: %w: it is a link to a folder", at, ErrRefused)
	}
	return s.add(at, filepath.ToSlash(relative), real, info)
}

func (s *scan) add(shown, name, source string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w: it is %s, not a file", shown, ErrRefused, kind(info.Mode()))
	}
	clean, err := packaging.CleanPath(name)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", shown, ErrRefused, err)
	}
	s.files = append(s.files, File{Path: clean, Source: source, Size: info.Size()})
	return nil
}

// clashes finds paths that are one on file systems that do not tell cases of letters apart, and files where others have folders.
func (s *scan) clashes() error {
	exact := map[string]string{}
	var lower []string
	for i := range s.files {
		key := strings.ToLower(s.files[i].Path)
		if other, taken := exact[key]; taken {
			return fmt.Errorf("%s and %s: %w: two files of the model would have the name %q", other, s.files[i].Source, ErrRefused, s.files[i].Path)
		}
		exact[key] = s.files[i].Source
		lower = append(lower, key)
		for dir := path.Dir(s.files[i].Path); dir != "."; dir = path.Dir(dir) {
			key := "/" + strings.ToLower(dir)
			if other, seen := exact[key]; seen && other != dir {
				return fmt.Errorf("folders %q and %q: %w: their names differ only in the case of letters", other, dir, ErrRefused)
			}
			exact[key] = dir
		}
	}
	if outer, inner, clash := packaging.PathClash(lower); clash {
		return fmt.Errorf("%s and %s: %w: %q would be a file and a folder", exact[outer], exact[inner], ErrRefused, outer)
	}
	return nil
}

// kind names what is no regular file.
func kind(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}
