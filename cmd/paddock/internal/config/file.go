package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/paddock-dev/paddock/artifacts/smallfile"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/suggest"
)

// entry is one key of a file.
type entry struct {
	key   string // "serve.port"
	line  int    // from 1
	value any
}

// readFile applies one file. The error wraps fs.ErrNotExist if it is not there.
func (c *Config) readFile(path string) error {
	text, err := smallfile.Settings(path)
	if err != nil {
		return fmt.Errorf("reading settings: %w", err)
	}
	entries, err := parse(string(text))
	var syntax toml.ParseError
	if errors.As(err, &syntax) {
		return fmt.Errorf("reading settings: %s:%d: %s", path, syntax.Position.Line, syntax.Message)
	}
	if err != nil {
		return fmt.Errorf("reading settings: %s: %w", path, err)
	}
	settings := c.settings()
	for _, e := range entries {
		i := slices.IndexFunc(settings, func(s setting) bool { return s.key == e.key })
		if i < 0 {
			return fmt.Errorf("reading settings: %s:%d: %s", path, e.line, unknownKey(e.key, settings))
		}
		if err := settings[i].toml(e.value, path); err != nil {
			return fmt.Errorf("reading settings: %s:%d: %s: %w", path, e.line, e.key, err)
		}
	}
	c.Files = append(c.Files, path)
	return nil
}

func unknownKey(key string, settings []setting) string {
	section, word, _ := strings.Cut(key, ".")
	var all, here []string
	for _, s := range settings {
		all = append(all, s.key)
		if rest, ok := strings.CutPrefix(s.key, section+"."); ok {
			here = append(here, rest)
		}
	}
	near := ""
	if len(here) == 0 {
		near = suggest.Nearest(key, all)
	} else if near = suggest.Nearest(word, here); near != "" {
		near = section + "." + near
	}
	if near != "" {
		return fmt.Sprintf("unknown key %s; did you mean %s?", key, near)
	}
	return "unknown key " + key
}

// parse returns the keys of a document in the order of their lines. Tables are walked; an empty one counts as a key, so
// that its name is checked too.
func parse(text string) ([]entry, error) {
	var top map[string]toml.Primitive
	md, err := toml.Decode(text, &top)
	if err != nil {
		return nil, err
	}
	entries, err := walk(&md, "", top)
	slices.SortStableFunc(entries, func(a, b entry) int { return a.line - b.line })
	return entries, err
}

func walk(md *toml.MetaData, prefix string, table map[string]toml.Primitive) ([]entry, error) {
	var entries []entry
	for name, primitive := range table {
		here, err := locate(md, primitive)
		if err != nil {
			return nil, err
		}
		here.key = prefix + name
		inner, isTable := here.value.(map[string]any)
		if !isTable || len(inner) == 0 {
			entries = append(entries, here)
			continue
		}
		var below map[string]toml.Primitive
		if err := md.PrimitiveDecode(primitive, &below); err != nil {
			return nil, err
		}
		more, err := walk(md, here.key+".", below)
		if err != nil {
			return nil, err
		}
		entries = append(entries, more...)
	}
	return entries, nil
}

// errLocated makes the decoder tell where a value stands: it puts the position into errors, and nowhere else.
var errLocated = errors.New("located")

type locator struct{ value any }

// UnmarshalTOML keeps the value and returns errLocated.
func (l *locator) UnmarshalTOML(value any) error {
	l.value = value
	return errLocated
}

func locate(md *toml.MetaData, primitive toml.Primitive) (entry, error) {
	var l locator
	err := md.PrimitiveDecode(primitive, &l)
	var at toml.ParseError
	if !errors.As(err, &at) {
		return entry{}, fmt.Errorf("locating a key: %w", err)
	}
	return entry{line: at.Position.Line, value: l.value}, nil
}
