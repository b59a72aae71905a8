package packaging

import (
	"slices"
	"strings"
	"unicode"
)

// PathClash finds two clean paths that cannot both be files: equal ones, one that lies in the other, and both again where
// capitals are no difference, as on the disks of other systems that a container's files may come to lie on. With the slash as
// the lowest character, what lies in a folder sorts right after a file of the folder's name.
func PathClash(paths []string) (outer, inner string, clash bool) {
	type folded struct{ key, path string }
	all := make([]folded, len(paths))
	for i, p := range paths {
		all[i] = folded{strings.ReplaceAll(FoldPath(p), "/", "\x00"), p} // no path has a NUL
	}
	slices.SortStableFunc(all, func(a, b folded) int { return strings.Compare(a.key, b.key) })
	for i := 1; i < len(all); i++ {
		if rest, ok := strings.CutPrefix(all[i].key, all[i-1].key); ok && (rest == "" || rest[0] == 0) {
			return all[i-1].path, all[i].path, true
		}
	}
	return "", "", false
}

// FoldPath returns what all spellings of a path in capitals and small letters have in common (Unicode, simple case folding).
func FoldPath(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, s)
}
