package packaging

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What Linux takes as a path (NAME_MAX, PATH_MAX), with room for the folder that the model is mounted under.
const (
	maxPathElement = 255
	maxPath        = 4000
)

// CleanPath returns the path of a model's file in its one spelling: slash-separated, without "." elements, doubled or
// trailing slashes. It refuses what may not be created below the model's root: empty and absolute paths, the root
// itself, any ".." element (even where it would lead back inside), backslashes, control characters and bytes that are
// not UTF-8, and names that are too long for Linux. The error wraps ErrUnsafePath and quotes the path.
func CleanPath(p string) (string, error) {
	if why := unsafe(p); why != "" {
		return "", fmt.Errorf("%w: %.300q %s", ErrUnsafePath, p, why)
	}
	return path.Clean(p), nil
}

// unsafe says in words why a path is refused; "" if it is not.
func unsafe(p string) string {
	switch {
	case p == "":
		return "is empty"
	case !utf8.ValidString(p):
		return "is not UTF-8"
	case strings.ContainsFunc(p, unicode.IsControl):
		return "has a control character"
	case strings.Contains(p, `\`):
		return "has a backslash"
	case path.IsAbs(p):
		return "is absolute"
	case len(p) > maxPath:
		return fmt.Sprintf("is longer than %d bytes", maxPath)
	}
	for element := range strings.SplitSeq(p, "/") {
		if element == ".." {
			return `has a ".." element`
		}
		if len(element) > maxPathElement {
			return fmt.Sprintf("has an element longer than %d bytes", maxPathElement)
		}
	}
	switch clean := path.Clean(p); {
	case clean == ".":
		return "is the root itself"
	case !filepath.IsLocal(clean):
		return "is not local"
	}
	return ""
}
