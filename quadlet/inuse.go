package quadlet

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// ErrInUse says that another unit names one that was to go.
var ErrInUse = errors.New("in use")

// unneeded fails if a unit that stays names one that goes: Quadlet makes its service require the other's, and it would be stopped, too, and
// not start again.
func (i *Installer) unneeded(edits []edit) error {
	var gone []string
	ours := map[string]bool{}
	for _, e := range edits {
		ours[e.path] = true
		if e.after == nil && !e.link && !isPlainUnit(e.path) {
			gone = append(gone, filepath.Base(e.path))
		}
	}
	if len(gone) == 0 {
		return nil
	}
	users := map[string][]string{}
	err := i.walk(func(units fs.FS, name string) error {
		if ours[filepath.Join(i.Dir, name)] || kinds()[filepath.Ext(name)].section == "" {
			return nil
		}
		data, err := readUnit(units, name)
		if err != nil {
			return err
		}
		for _, used := range unitsIn(data) {
			if slices.Contains(gone, used) && !slices.Contains(users[used], name) {
				users[used] = append(users[used], name)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("looking for units that need %s: %w", strings.Join(gone, ", "), err)
	}
	var errs []error
	for _, file := range gone {
		if by := users[file]; by != nil {
			errs = append(errs, fmt.Errorf("%s is %w by %s; remove that first", file, ErrInUse, strings.Join(by, ", ")))
		}
	}
	return errors.Join(errs...)
}

// unitsIn are the words of a unit that may name other units, by which its service requires theirs (podman-systemd.unit(5)). One that does
// not parse has none: Quadlet makes no service of it.
func unitsIn(data []byte) []string {
	settings, err := parse(string(data))
	if err != nil {
		return nil
	}
	var words []string
	for _, s := range settings {
		if slices.Contains([]string{"Image", "Mount", "Network", "Pod", "Volume"}, s.key) {
			words = append(words, strings.FieldsFunc(s.value, func(r rune) bool { return strings.ContainsRune(":,=\"' \t", r) })...)
		}
	}
	return words
}
