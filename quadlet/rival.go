package quadlet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// kind is one kind of Quadlet file: the section that is its own, and what its service's name has after the file's
// (podman-systemd.unit(5), ServiceName=).
type kind struct{ section, suffix string }

func kinds() map[string]kind {
	return map[string]kind{
		".container": {"Container", ""}, ".kube": {"Kube", ""}, ".pod": {"Pod", "-pod"}, ".volume": {"Volume", "-volume"},
		".network": {"Network", "-network"}, ".image": {"Image", "-image"}, ".build": {"Build", "-build"}, ".artifact": {"Artifact", "-artifact"},
	}
}

// isPlainUnit says whether a file is a unit of systemd's own, and not Quadlet's.
func isPlainUnit(file string) bool {
	return slices.Contains([]string{".service", ".socket"}, filepath.Ext(file))
}

// serviceOfFile returns the service that is made of a file of ours, which sets no ServiceName=, or the unit that it is.
func serviceOfFile(path string) (string, error) {
	base, ext := filepath.Base(path), filepath.Ext(path)
	if isPlainUnit(base) {
		return base, nil
	}
	kind, ok := kinds()[ext]
	if !ok {
		return "", fmt.Errorf("file %s: nobody makes a service of it", path)
	}
	return strings.TrimSuffix(base, ext) + kind.suffix + ".service", nil
}

// rival returns another Quadlet file than ours, in the folder or below it, that makes the same service; "" if there is none. Quadlet says
// nothing of two such files: the one that it comes to last wins (seen with Podman 5.8.6). systemd does not know of it before it reads
// its units again.
func (i *Installer) rival(wanted, ours string) (string, error) {
	found := ""
	err := i.walk(func(units fs.FS, name string) error {
		if filepath.Join(i.Dir, name) == ours {
			return nil
		}
		service, err := serviceOf(units, name)
		if err != nil || service != wanted {
			return err
		}
		found = filepath.Join(i.Dir, name)
		return fs.SkipAll
	})
	return found, err
}

// walk visits the files, in the folder and below it, that Quadlet reads.
func (i *Installer) walk(visit func(units fs.FS, name string) error) error {
	units := os.DirFS(i.Dir)
	return fs.WalkDir(units, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case unreadable(err):
			return nil
		case err != nil:
			return err
		case d.IsDir() && (strings.HasSuffix(name, ".d") || name == "users" && !i.Systemctl.User):
			return fs.SkipDir // drop-ins, and the units of users
		case d.IsDir():
			return nil
		}
		return visit(units, name)
	})
}

// serviceOf returns the service that Quadlet makes of a file; "" if none.
func serviceOf(units fs.FS, name string) (string, error) {
	kind, ok := kinds()[path.Ext(name)]
	if !ok {
		return "", nil
	}
	data, err := readUnit(units, name)
	if err != nil || data == nil {
		return "", err
	}
	service := strings.TrimSuffix(path.Base(name), path.Ext(name)) + kind.suffix
	// Quadlet makes nothing of a file that does not parse, until someone mends it
	if settings, err := parse(string(data)); err == nil {
		if named := last(settings, kind.section, "ServiceName"); named != "" {
			service = named
		}
	}
	return service + ".service", nil
}

// readUnit reads a file; nil if it is none that Quadlet can read.
func readUnit(units fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(units, name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, nil
	}
	data := []byte{}
	if err == nil {
		data, err = fs.ReadFile(units, name)
	}
	if unreadable(err) {
		return nil, nil
	}
	return data, err
}

// unreadable says that a file is gone, or closed to us and so to the generator, which runs as the same user.
func unreadable(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}
