package packaging

import (
	"slices"
	"strings"
)

// PathClash finds two clean paths that cannot both be files: equal ones, and one that lies in the other. With the slash
// as the lowest character, what lies in a folder sorts right after a file of the folder's name.
func PathClash(paths []string) (outer, inner string, clash bool) {
	keys := make([]string, len(paths))
	for i, p := range paths {
		keys[i] = strings.ReplaceAll(p, "/", "\x00") // no path has a NUL
	}
	slices.Sort(keys)
	for i := 1; i < len(keys); i++ {
		if rest, ok := strings.CutPrefix(keys[i], keys[i-1]); ok && (rest == "" || rest[0] == 0) {
			return strings.ReplaceAll(keys[i-1], "\x00", "/"), strings.ReplaceAll(keys[i], "\x00", "/"), true
		}
	}
	return "", "", false
}
