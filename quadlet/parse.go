package quadlet

import (
	"fmt"
	"strings"
)

// setting is one "Key=value" of a unit file, with its section.
type setting struct{ section, key, value string }

// parse reads a unit file as Podman does (pkg/systemd/parser, UnitFile.Parse): lines are trimmed, empty ones and those that
// begin with # or ; are comments, and a backslash at the end joins the next line with nothing between.
func parse(data string) ([]setting, error) {
	var out []setting
	section, rest := "", ""
	lines := strings.Split(strings.TrimSuffix(data, "\n"), "\n")
	for i, l := range lines {
		l = strings.TrimSpace(l)
		if l == "" || l[0] == '#' || l[0] == ';' {
			continue
		}
		l = rest + l
		rest = ""
		if joined, more := strings.CutSuffix(l, `\`); more && i < len(lines)-1 {
			rest = joined
			continue
		}
		if name, ok := strings.CutPrefix(l, "["); ok && strings.HasSuffix(l, "]") {
			section = strings.TrimSuffix(name, "]")
			continue
		}
		key, value, ok := strings.Cut(l, "=")
		if !ok || key == "" || section == "" {
			return nil, fmt.Errorf("line %d, %q, is no setting of a section", i+1, l)
		}
		out = append(out, setting{section, strings.TrimSpace(key), strings.TrimSpace(value)})
	}
	return out, nil
}

// last returns the last value of a setting; "" if there is none.
func last(settings []setting, section, key string) string {
	value := ""
	for _, s := range settings {
		if s.section == section && s.key == key {
			value = s.value
		}
	}
	return value
}
