package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/BurntSushi/toml"

	"github.com/paddock-dev/paddock/artifacts/smallfile"
)

// CDISpecDirs returns cdi_spec_dirs of containers.conf(5), in which Podman looks for the specs of devices; nil if no file
// sets it. The files are those of Podman, later ones winning: of each folder containers.conf, then containers.conf.d/*.conf;
// CONTAINERS_CONF names one to read instead of them all, CONTAINERS_CONF_OVERRIDE one to read last.
func CDISpecDirs(src *Sources, getenv func(string) string) ([]string, error) {
	var files []string
	if one := getenv("CONTAINERS_CONF"); one != "" {
		files = []string{one}
	} else {
		for _, dir := range src.folders() {
			parts, err := filepath.Glob(filepath.Join(dir, "containers.conf.d", "*.conf"))
			if err != nil {
				return nil, fmt.Errorf("looking for containers.conf: %w", err)
			}
			files = append(append(files, filepath.Join(dir, "containers.conf")), parts...)
		}
	}
	if last := getenv("CONTAINERS_CONF_OVERRIDE"); last != "" {
		files = append(files, last)
	}
	var dirs specDirs
	for _, file := range files {
		if err := dirs.read(file); err != nil {
			return nil, fmt.Errorf("reading cdi_spec_dirs of %s: %w", file, err)
		}
	}
	return dirs.list, nil
}

// specDirs is a list as containers.conf has them: {append=true} among its elements makes it, and every later one, add to what
// earlier files said.
type specDirs struct {
	list  []string
	added bool
}

func (d *specDirs) read(file string) error {
	text, err := smallfile.Settings(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	var conf struct {
		Engine struct {
			Dirs []any `toml:"cdi_spec_dirs"`
		} `toml:"engine"`
	}
	if _, err := toml.Decode(string(text), &conf); err != nil || conf.Engine.Dirs == nil {
		return err
	}
	list := []string{}
	for _, element := range conf.Engine.Dirs {
		switch e := element.(type) {
		case string:
			list = append(list, e)
		case map[string]any:
			if add, ok := e["append"].(bool); ok {
				d.added = add
			}
		}
	}
	if d.added {
		list = append(d.list, list...)
	}
	d.list = list
	return nil
}
