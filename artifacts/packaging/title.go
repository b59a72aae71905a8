package packaging

import (
	"fmt"
	"strings"
)

// buildTitles returns a title for each file: its path with "_" for every slash. Podman makes it a file name, so it has no
// slash, is unique, and is not too long; a file at the root always keeps its own name. Of two that would collide, the
// later in the order of layers gets a number in front, which keeps endings such as "-00001-of-00002.gguf".
func buildTitles(files []BuildFile) []string {
	taken := map[string]bool{}
	for _, f := range files {
		if !strings.Contains(f.Path, "/") {
			taken[f.Path] = true
		}
	}
	titles := make([]string, len(files))
	next := map[string]int{}
	for i, f := range files {
		if !strings.Contains(f.Path, "/") {
			titles[i] = f.Path
			continue
		}
		flat := flatTitle(f)
		title := flat
		for taken[title] {
			n := max(next[flat], 2)
			next[flat] = n + 1
			title = fmt.Sprintf("%d_%s", n, flat)
		}
		titles[i], taken[title] = title, true
	}
	return titles
}

// flatTitle makes one file name of a path with slashes.
func flatTitle(f BuildFile) string {
	const room = 8 // for a number in front
	if flat := strings.ReplaceAll(f.Path, "/", "_"); len(flat) <= maxPathElement-room {
		return flat
	}
	l := layer{Digest: f.Digest}
	return l.blobName()
}
