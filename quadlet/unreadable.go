package quadlet

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
)

// known leaves out the pods of which it is not known what is in them, as units cannot be read. It fails if the change of one service is to
// change such a pod.
func (i *Installer) known(edits []edit, name string, in *Installed, unreadable error) ([]edit, error) {
	touched := map[string]bool{}
	if in != nil {
		touched[in.Pod] = true
	}
	if was, err := i.installed(name); err == nil {
		touched[was.Pod] = true
	}
	var clear []edit
	for _, e := range edits {
		pod := strings.TrimSuffix(filepath.Base(e.path), podExtension)
		switch {
		case !i.mayMiss(pod, name):
			clear = append(clear, e)
		case touched[pod]:
			return nil, unreadable
		}
	}
	i.warn(unreadable)
	return clear, nil
}

// mayMiss says whether it cannot be known of a unit of our own, but that of the name, that it is not in a pod.
func (i *Installer) mayMiss(pod, but string) bool {
	names, err := i.names(but)
	return err != nil || slices.ContainsFunc(names, func(name string) bool {
		if _, err := i.installed(name); err == nil {
			return false
		}
		data, err := read(i.Dir, name)
		switch {
		case errors.Is(err, ErrForeign), errors.Is(err, artifacts.ErrNotFound):
			return false
		case err != nil:
			return true
		}
		return slices.ContainsFunc(strings.Split(string(data), "\n"), func(l string) bool {
			key, value, _ := strings.Cut(l, "=")
			value = strings.TrimSpace(value)
			return strings.TrimSpace(key) == "Pod" && (value == pod || value == pod+podExtension)
		})
	})
}

// warn tells of units that a change does without.
func (i *Installer) warn(unreadable error) {
	if unreadable != nil && i.Warn != nil {
		i.Warn(unreadable)
	}
}
