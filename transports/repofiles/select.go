package repofiles

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// Selection is the files of a repository that are the model.
type Selection struct {
	// Ref is what was asked for, with the quantisation that was chosen.
	Ref Ref
	// Files are sorted by Path.
	Files []Pick
	// Format is "gguf", "safetensors" or "".
	Format string
	// Defaulted says that Ref.Quant was not asked for, and Others what else could be: other quantisations.
	Defaulted bool
	Others    []string
}

// Pick is one file.
type Pick struct {
	// Path is the file's in the repository, As its path in the model.
	Path, As string
}

// ChoiceError says that what was asked for is not in the repository, or that nothing says which of several is meant.
type ChoiceError struct {
	// Problem says it in words. Choices are what can be asked for instead: quantisations, or paths.
	Problem string
	Choices []string
	// Asked is what was asked for; "" if nothing was.
	Asked string
	// Ambiguous says that there is more than one; else it wraps artifacts.ErrNotFound.
	Ambiguous bool
}

// shownChoices bounds the choices in an error.
const shownChoices = 40

// Error lists the choices.
func (e *ChoiceError) Error() string {
	if len(e.Choices) == 0 {
		return e.Problem
	}
	shown, more := e.Choices, ""
	if len(shown) > shownChoices {
		shown, more = shown[:shownChoices], fmt.Sprintf(" and %d more", len(e.Choices)-shownChoices)
	}
	return e.Problem + ": there are " + strings.Join(shown, ", ") + more
}

// Unwrap is artifacts.ErrNotFound or artifacts.ErrAmbiguous.
func (e *ChoiceError) Unwrap() error {
	if e.Ambiguous {
		return artifacts.ErrAmbiguous
	}
	return artifacts.ErrNotFound
}

// Select chooses the files of a model from the paths of a repository.
//
// Include takes the files that match one of its globs, and nothing else. A path takes that file, with its shards, or all of
// a folder that Select takes of a repository. A repository with GGUF files gives one quantisation, with all its shards, and
// one projector; if it has safetensors too, and no GGUF file says a quantisation, it is one of safetensors: those give what
// a runtime reads. Exclude takes files away at the end. A glob without a slash is for the base name, "DIR/" for all below.
//
// The error is a *ChoiceError, wraps artifacts.ErrInvalidName for a glob that is none, or is plain: no file of a model.
func Select(paths []string, ref *Ref) (*Selection, error) {
	for _, glob := range slices.Concat(ref.Include, ref.Exclude) {
		if _, err := path.Match(glob, ""); err != nil {
			return nil, fmt.Errorf("%w: glob %q: %w", artifacts.ErrInvalidName, glob, err)
		}
	}
	s := &Selection{Ref: *ref}
	var chosen []string
	var err error
	switch {
	case len(ref.Include) > 0:
		chosen = slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !matches(ref.Include, p) })
		if len(chosen) == 0 {
			return nil, &ChoiceError{Problem: fmt.Sprintf("no file matches %s", strings.Join(ref.Include, ", ")), Choices: slices.Sorted(slices.Values(paths))}
		}
	case ref.Path != "":
		return s.selectPath(paths)
	default:
		chosen, err = s.usual(paths)
	}
	if err != nil {
		return nil, err
	}
	return s.finish(chosen, "")
}

// selectPath chooses a file, or of a folder.
func (s *Selection) selectPath(paths []string) (*Selection, error) {
	if slices.Contains(paths, s.Ref.Path) {
		chosen := []string{s.Ref.Path}
		if key := shardKey(s.Ref.Path); key != "" {
			chosen = slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return shardKey(p) != key })
		}
		if err := whole(chosen); err != nil {
			return nil, err
		}
		return s.finish(chosen, "")
	}
	prefix := s.Ref.Path + "/"
	var below []string
	for _, p := range paths {
		if rest, ok := strings.CutPrefix(p, prefix); ok {
			below = append(below, rest)
		}
	}
	if len(below) == 0 {
		return nil, &ChoiceError{Problem: fmt.Sprintf("no file or folder %q", s.Ref.Path), Asked: s.Ref.Path, Choices: alike(paths, s.Ref.Path)}
	}
	inner := &Selection{}
	chosen, err := inner.usual(below)
	if err != nil {
		return nil, err
	}
	return s.finish(chosen, prefix)
}

// alike returns the paths whose extension is that of p; all if there are none.
func alike(paths []string, p string) []string {
	same := slices.DeleteFunc(slices.Clone(paths), func(q string) bool { return path.Ext(q) != path.Ext(p) })
	if len(same) == 0 {
		same = slices.Clone(paths)
	}
	slices.Sort(same)
	return same
}

// usual chooses what a repository is for.
func (s *Selection) usual(paths []string) ([]string, error) {
	weights := ggufWeights(paths)
	tensors := slices.ContainsFunc(paths, isTensors)
	switch {
	case byQuant(paths, weights, s.Ref.Quant):
		return s.chooseQuant(paths, weights)
	case s.Ref.Quant != "":
		return nil, &ChoiceError{Problem: fmt.Sprintf("no quantisation %s: no GGUF files at all", s.Ref.Quant)}
	}
	chosen := slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !runtimeFile(p, tensors) })
	if slices.ContainsFunc(chosen, func(p string) bool {
		return path.Base(p) == "model.safetensors" || path.Base(p) == "model.safetensors.index.json"
	}) {
		// Mistral's repositories have the same weights twice, for another runtime.
		chosen = slices.DeleteFunc(chosen, func(p string) bool { return strings.HasPrefix(path.Base(p), "consolidated") })
	}
	if !slices.ContainsFunc(chosen, func(p string) bool { return isWeights(p) }) {
		return nil, errors.New("it has no weights that a runtime could load: no GGUF, no safetensors")
	}
	return chosen, nil
}

// byQuant says whether a repository is one of GGUF files, of which one quantisation is the model; asked is the one that was
// asked for.
func byQuant(paths, weights []string, asked string) bool {
	labelled := slices.ContainsFunc(weights, func(p string) bool { return quantOf(p) != "" })
	return len(weights) > 0 && (labelled || asked != "" || !slices.ContainsFunc(paths, isTensors))
}

func (s *Selection) finish(chosen []string, prefix string) (*Selection, error) {
	for _, p := range chosen {
		if !matches(s.Ref.Exclude, prefix+p) {
			s.Files = append(s.Files, Pick{Path: prefix + p, As: p})
		}
	}
	if len(s.Files) == 0 {
		return nil, errors.New("every file of the model is excluded")
	}
	slices.SortFunc(s.Files, func(a, b Pick) int { return strings.Compare(a.Path, b.Path) })
	for _, f := range s.Files {
		switch {
		case isGGUF(f.Path):
			s.Format = "gguf"
		case isTensors(f.Path) && s.Format == "":
			s.Format = "safetensors"
		}
	}
	return s, nil
}

// matches says whether one of the globs fits a path.
func matches(globs []string, p string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool {
		if folder, ok := strings.CutSuffix(glob, "/"); ok {
			return strings.HasPrefix(p, folder+"/")
		}
		name := p
		if !strings.Contains(glob, "/") {
			name = path.Base(p)
		}
		ok, err := path.Match(glob, name)
		return ok && err == nil
	})
}

// runtimeFile says whether a runtime such as vLLM reads a file of a repository: reference lists are those of vLLM's loader
// and of transformers. Weights in Python's own format, which can run code, count only where there are no others.
func runtimeFile(p string, tensors bool) bool {
	for element := range strings.SplitSeq(path.Dir(p), "/") {
		if element != "." && strings.HasPrefix(element, ".") || element == "original" || element == "onnx" || element == "openvino" || element == "metal" {
			return false
		}
	}
	base := path.Base(p)
	if strings.HasPrefix(base, ".") {
		return false
	}
	switch path.Ext(base) {
	case ".safetensors", ".json", ".txt", ".tiktoken", ".jinja", ".py":
		return true
	case ".bin", ".pt", ".pth":
		return !tensors
	}
	return base == "tokenizer.model" || base == "spiece.model"
}

func isGGUF(p string) bool    { return strings.EqualFold(path.Ext(p), ".gguf") }
func isTensors(p string) bool { return strings.EqualFold(path.Ext(p), ".safetensors") }

func isWeights(p string) bool {
	role := packaging.RoleByName(p)
	return role == packaging.Weights || role == packaging.Adapter
}
