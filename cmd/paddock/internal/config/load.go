package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/suggest"
)

// confVariable names one file to read instead of all others.
const confVariable = prefix + "CONF"

// prefix begins the name of every variable.
const prefix = "PADDOCK_"

// Sources says where settings are looked for.
type Sources struct {
	// Root is put before /usr/share and /etc; "" for the real ones.
	Root string
	// Home is the user's home directory; "" if there is none, as in a system service: then, without ConfigHome, no file
	// of the user's is read.
	Home string
	// ConfigHome is $XDG_CONFIG_HOME; "" for Home/.config. A relative path is ignored (XDG base directory specification).
	ConfigHome string
	// File, if not "", is read instead of all other files, and must exist. It wins over $PADDOCK_CONF. FileOrigin is what
	// named it ("--config"), for errors.
	File, FileOrigin string
	// Environ is the environment, as os.Environ returns it.
	Environ []string
}

// Load reads the settings. The warnings name environment variables that look like paddock's but are not.
func Load(src *Sources) (*Config, []string, error) {
	c := Default()
	one, origin := src.oneFile()
	if one != "" {
		if err := c.readFile(one); err != nil {
			return nil, nil, fmt.Errorf("reading the file that %s names: %w", origin, err)
		}
	} else if err := c.readFolders(src.folders()); err != nil {
		return nil, nil, err
	}
	warnings, err := c.readEnviron(src.Environ)
	if err != nil {
		return nil, warnings, err
	}
	return c, warnings, nil
}

func (src *Sources) oneFile() (file, origin string) {
	if src.File != "" {
		return src.File, src.FileOrigin
	}
	for _, kv := range src.Environ {
		if file, ok := strings.CutPrefix(kv, confVariable+"="); ok {
			return file, confVariable
		}
	}
	return "", ""
}

// folders returns the folders that may hold paddock.conf, in the order of reading.
func (src *Sources) folders() []string {
	dirs := []string{
		filepath.Join("/", src.Root, "usr/share/containers"),
		filepath.Join("/", src.Root, "etc/containers"),
	}
	switch {
	case filepath.IsAbs(src.ConfigHome):
		dirs = append(dirs, filepath.Join(src.ConfigHome, "containers"))
	case src.Home != "":
		dirs = append(dirs, filepath.Join(src.Home, ".config/containers"))
	}
	return dirs
}

// readFolders reads what is there: of each folder paddock.conf, then paddock.conf.d/*.conf by name.
func (c *Config) readFolders(dirs []string) error {
	for _, dir := range dirs {
		err := c.readFile(filepath.Join(dir, "paddock.conf"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		parts, err := os.ReadDir(filepath.Join(dir, "paddock.conf.d"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("reading settings: %w", err)
		}
		for _, part := range parts {
			if filepath.Ext(part.Name()) != ".conf" {
				continue
			}
			if err := c.readFile(filepath.Join(dir, "paddock.conf.d", part.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// readEnviron reads PADDOCK_* variables. An empty one counts as unset.
func (c *Config) readEnviron(environ []string) (warnings []string, err error) {
	settings := c.settings()
	for _, kv := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, prefix) || value == "" || name == confVariable {
			continue
		}
		i := slices.IndexFunc(settings, func(s setting) bool { return s.env == name })
		if i < 0 {
			warnings = append(warnings, unknownVariable(name, settings))
			continue
		}
		if err := settings[i].text(value, name); err != nil {
			return warnings, fmt.Errorf("reading settings from the environment: %s: %w", name, err)
		}
	}
	return warnings, nil
}

// unknownVariable says what was meant: a variable with a similar name, or that of the setting whose key was spelled as one.
func unknownVariable(name string, settings []setting) string {
	word := strings.TrimPrefix(name, prefix)
	known := []string{strings.TrimPrefix(confVariable, prefix)}
	near := ""
	for _, s := range settings {
		known = append(known, strings.TrimPrefix(s.env, prefix))
		if strings.EqualFold(strings.ReplaceAll(s.key, ".", "_"), word) {
			near = strings.TrimPrefix(s.env, prefix)
		}
	}
	if near == "" {
		near = suggest.Nearest(word, known)
	}
	warning := "unknown environment variable " + name + " is ignored"
	if near != "" {
		warning += "; did you mean " + prefix + near + "?"
	}
	return warning
}
