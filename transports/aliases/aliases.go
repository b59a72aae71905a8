// Package aliases knows the short names of models: paddock's models.conf, beside the shortnames.conf that containers have for
// registries. See paddock-models.conf(5).
package aliases

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/smallfile"
)

// Options say where the files are; nil is the zero value.
type Options struct {
	// Root is put before the paths of the system's files; "" for the real ones.
	Root string
	// ConfigHome is the user's folder for settings, such as /home/me/.config; "" if there is none.
	ConfigHome string
}

// folders are looked through in this order, and a later one overrules an earlier: what the distribution ships, what the
// administrator says, what the user says. The current folder is none of them.
func (o *Options) folders() []string {
	all := []string{filepath.Join(o.Root, "/usr/share/containers"), filepath.Join(o.Root, "/etc/containers")}
	if o.ConfigHome != "" {
		all = append(all, filepath.Join(o.ConfigHome, "containers"))
	}
	return all
}

// Aliases are short names and what they stand for. The zero value has none. It does not change.
type Aliases struct {
	byName map[string]target
	files  []string
}

type target struct{ to, file string }

// Files are the files that were read, in order: a later one overrules an earlier.
func (a *Aliases) Files() []string { return slices.Clone(a.files) }

// Names returns all short names, sorted, in lower case.
func (a *Aliases) Names() []string {
	var names []string
	for name := range a.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Load reads models.conf and models.conf.d/*.conf of each folder. A file that is not there is fine; one that cannot be read
// or understood is an error that names it.
func Load(o *Options) (*Aliases, error) {
	if o == nil {
		o = &Options{}
	}
	a := &Aliases{byName: map[string]target{}}
	for _, dir := range o.folders() {
		more, err := filepath.Glob(filepath.Join(escape(dir), "models.conf.d", "*.conf"))
		if err != nil {
			return nil, fmt.Errorf("looking for short names in %s: %w", dir, err)
		}
		slices.Sort(more)
		for _, file := range append([]string{filepath.Join(dir, "models.conf")}, more...) {
			if err := a.read(file); err != nil {
				return nil, fmt.Errorf("reading short names of %s: %w", file, err)
			}
		}
	}
	return a, nil
}

// escape makes a path a pattern that matches only itself.
func escape(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

func (a *Aliases) read(file string) error {
	raw, err := smallfile.Settings(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	var doc struct {
		Aliases map[string]string `toml:"aliases"`
	}
	meta, err := toml.Decode(string(raw), &doc)
	if err != nil {
		return err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("%q is not known: only the table [aliases] is", unknown[0].String())
	}
	seen := map[string]bool{}
	for name, to := range doc.Aliases {
		key := strings.ToLower(name)
		switch {
		case !IsShort(name):
			return fmt.Errorf("%q is no short name", name)
		case seen[key]:
			return fmt.Errorf("%q is there twice, in other letters", name)
		}
		seen[key] = true
		if to == "" { // takes away what an earlier file says
			delete(a.byName, key)
			continue
		}
		a.byName[key] = target{to, file}
	}
	a.files = append(a.files, file)
	return nil
}

// IsShort says whether a reference can be a short name: a word, maybe with a tag, without registry, scheme and path.
func IsShort(s string) bool {
	name, tag, tagged := strings.Cut(s, ":")
	for _, part := range []string{name, tag} {
		for _, c := range part {
			letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
			if !letter && !strings.ContainsRune("._-", c) {
				return false
			}
		}
	}
	return name != "" && !strings.HasPrefix(name, ".") && (!tagged || tag != "")
}

// Meaning is what a short name stands for.
type Meaning struct {
	// Reference is what to resolve instead.
	Reference string
	// File has the alias; of a chain of them, the first.
	File string
}

// CircleError says that a short name stands for itself in the end. It wraps artifacts.ErrInvalidName.
type CircleError struct {
	// Names are the short names in order, and File the one that closes the circle.
	Names []string
	File  string
}

// Error is one line.
func (e *CircleError) Error() string {
	return fmt.Sprintf("%v: the short names %s go round in a circle, see %s", artifacts.ErrInvalidName, strings.Join(e.Names, ", "), e.File)
}

// Unwrap is artifacts.ErrInvalidName.
func (*CircleError) Unwrap() error { return artifacts.ErrInvalidName }

// Expand returns what a reference stands for; ok is false if it is no short name that is known. One may stand for another;
// a circle is a *CircleError.
func (a *Aliases) Expand(reference string) (m Meaning, ok bool, err error) {
	chain := []string{strings.ToLower(reference)}
	for {
		at := chain[len(chain)-1]
		found, known := a.byName[at]
		if !IsShort(at) || !known {
			return m, ok, nil
		}
		if !ok {
			m.File = found.file
		}
		m.Reference, ok = found.to, true
		next := strings.ToLower(found.to)
		chain = append(chain, next)
		if slices.Contains(chain[:len(chain)-1], next) {
			return Meaning{}, false, &CircleError{Names: chain, File: found.file}
		}
	}
}
