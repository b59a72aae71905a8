//go:build e2e

package e2e

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/tests/fixtures"
)

// source is one of the three models that every packaging is shown.
type source struct {
	name  string
	files []fixtures.File
	// tree is the model as its publisher sees it, in the words of a row.
	tree string
	// gguf says that llama-server runs it; the others are a folder for vLLM.
	gguf bool
	main string
	// title is the name in the header of a GGUF file.
	title string
}

func sources(t *testing.T) map[string]*source {
	t.Helper()
	must := func(files []fixtures.File, err error) []fixtures.File {
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	return map[string]*source{
		"vision": {
			name: "vision", files: must(fixtures.VisionModel()), gguf: true, main: "tiny.gguf", title: "tiny vision",
			tree: `tiny.gguf weights
				mmproj-tiny.gguf projector
				chat_template.jinja template
				LICENSE license`,
		},
		"split": {
			name: "split", files: must(fixtures.SplitModel()), gguf: true, main: "q4/part/tiny-00001-of-00003.gguf", title: "tiny split",
			tree: `q4/part/tiny-00001-of-00003.gguf weights
				q4/part/tiny-00002-of-00003.gguf weights
				q4/part/tiny-00003-of-00003.gguf weights
				docs/README.md doc`,
		},
		"tensors": {
			name: "tensors", files: must(fixtures.TensorModel()), main: ".",
			tree: `model-00001-of-00002.safetensors weights
				model-00002-of-00002.safetensors weights
				model.safetensors.index.json config
				config.json config
				generation_config.json config
				processor/preprocessor_config.json config
				tokenizer.json tokenizer
				tokenizer_config.json tokenizer`,
		},
	}
}

// treeFile is one file that a container is to see.
type treeFile struct{ path, role, sum string }

// expect reads a tree: a line for each file, with its path, its role, and, where the packaging has no place for the path,
// "=" and the path of the file of the model that it is. Texts that only the packaging has are given by their paths.
func (s *source) expect(t *testing.T, tree string, texts map[string]string) []treeFile {
	t.Helper()
	contents := map[string][]byte{}
	for _, f := range s.files {
		contents[f.Path] = f.Data
	}
	for p, text := range texts {
		contents[p] = []byte(text)
	}
	var all []treeFile
	for line := range strings.SplitSeq(tree, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		from := words[0]
		if len(words) == 3 {
			from = strings.TrimPrefix(words[2], "=")
		}
		data, known := contents[from]
		if len(words) < 2 || len(words) > 3 || !known {
			t.Fatalf("the model %s has no %q, of the line %q", s.name, from, line)
		}
		all = append(all, treeFile{words[0], words[1], digest.FromBytes(data).Encoded()})
	}
	slices.SortFunc(all, func(a, b treeFile) int { return strings.Compare(a.path, b.path) })
	return all
}

// without leaves lines of a tree out, by the beginning of their paths.
func without(tree string, prefixes ...string) string {
	var kept []string
	for line := range strings.SplitSeq(tree, "\n") {
		if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(strings.TrimSpace(line), p) }) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// flat is a tree whose paths lost their folders.
func flat(tree string) string {
	var lines []string
	for line := range strings.SplitSeq(tree, "\n") {
		words := strings.Fields(line)
		if len(words) == 2 {
			lines = append(lines, fmt.Sprintf("%s %s =%s", path.Base(words[0]), words[1], words[0]))
		}
	}
	return strings.Join(lines, "\n")
}

// sorted returns the files in the order of their paths.
func (s *source) sorted() []fixtures.File {
	return slices.SortedFunc(slices.Values(s.files), func(a, b fixtures.File) int { return strings.Compare(a.Path, b.Path) })
}

// sum is the sha256 of a file.
func (s *source) sum(p string) string {
	i := slices.IndexFunc(s.files, func(f fixtures.File) bool { return f.Path == p })
	return digest.FromBytes(s.files[i].Data).Encoded()
}
