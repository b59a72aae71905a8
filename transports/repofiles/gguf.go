package repofiles

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// shardName is how the parts of a split model are named (llama.cpp, llama_split_path).
const shardName = `^(.*)-(\d{5})-of-(\d{5})\.(gguf|safetensors)$`

// shardKey is the same for all shards of one model; "" for a file that is none.
func shardKey(p string) string {
	m := regexp.MustCompile(shardName).FindStringSubmatch(p)
	if m == nil {
		return ""
	}
	return m[1] + "-of-" + m[3] + "." + m[4]
}

// whole fails if shards of a split model are missing. The paths are of one model.
func whole(paths []string) error {
	m := regexp.MustCompile(shardName).FindStringSubmatch(paths[0])
	if m == nil {
		return nil
	}
	if n, err := strconv.Atoi(m[3]); err != nil || n != len(paths) {
		return fmt.Errorf("the repository has only %d of the %d parts of %s.%s", len(paths), n, m[1], m[4])
	}
	return nil
}

// ggufWeights are the GGUF files that are a model: no projector, no adapter, and no importance matrix.
func ggufWeights(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		return !isGGUF(p) || packaging.RoleByName(p) != packaging.Weights || strings.Contains(strings.ToLower(path.Base(p)), "imatrix")
	})
}

// chooseQuant chooses one quantisation with all its shards, and one projector.
func (s *Selection) chooseQuant(paths, weights []string) ([]string, error) {
	g := group(weights)
	if err := s.setQuant(g.quants); err != nil {
		return nil, err
	}
	first, err := onlyModel(g.models[s.Ref.Quant])
	if err != nil {
		return nil, err
	}
	if err := whole(g.parts[first]); err != nil {
		return nil, err
	}
	return append(g.parts[first], projector(paths)...), nil
}

// grouped is GGUF weights by what they are of.
type grouped struct {
	quants []string            // by preference
	models map[string][]string // first paths of models by quantisation
	parts  map[string][]string // all paths of a model by its first path
}

func group(weights []string) *grouped {
	g := &grouped{models: map[string][]string{}, parts: map[string][]string{}}
	byShards := map[string]string{} // the first path by the key of the shards
	for _, p := range slices.Sorted(slices.Values(weights)) {
		first, key := p, shardKey(p)
		if known := byShards[key]; key != "" && known != "" {
			first = known
		} else {
			byShards[key] = p
			g.models[quantOf(p)] = append(g.models[quantOf(p)], p)
		}
		g.parts[first] = append(g.parts[first], p)
	}
	for q := range g.models {
		g.quants = append(g.quants, q)
	}
	byPreference(g.quants)
	return g
}

// setQuant checks the quantisation that was asked for, or takes the first.
func (s *Selection) setQuant(quants []string) error {
	if s.Ref.Quant == "" {
		s.Ref.Quant, s.Others = quants[0], quants[1:]
		s.Defaulted = quants[0] != ""
		return nil
	}
	if slices.Contains(quants, s.Ref.Quant) {
		return nil
	}
	named := slices.DeleteFunc(slices.Clone(quants), func(q string) bool { return q == "" })
	return &ChoiceError{Problem: "no quantisation " + s.Ref.Quant, Asked: s.Ref.Quant, Choices: named}
}

// onlyModel returns the one model of a quantisation: the one that lies least deep, if others lie deeper.
func onlyModel(firsts []string) (string, error) {
	depth := func(p string) int { return strings.Count(p, "/") }
	least := slices.MinFunc(firsts, func(a, b string) int { return depth(a) - depth(b) })
	top := slices.DeleteFunc(slices.Clone(firsts), func(p string) bool { return depth(p) > depth(least) })
	if len(top) > 1 {
		return "", &ChoiceError{Problem: "several models, and nothing says which; name a path", Choices: top, Ambiguous: true}
	}
	return least, nil
}

// projector returns the projector of a model with eyes or ears: F16 is what llama.cpp's own repositories have, and small.
func projector(paths []string) []string {
	all := slices.DeleteFunc(slices.Sorted(slices.Values(paths)), func(p string) bool {
		return !isGGUF(p) || packaging.RoleByName(p) != packaging.Projector
	})
	if len(all) == 0 {
		return nil
	}
	for _, want := range []string{"F16", "FP16", "BF16", "Q8_0", "F32", "FP32"} {
		if i := slices.IndexFunc(all, func(p string) bool { return quantOf(p) == want }); i >= 0 {
			return all[i : i+1]
		}
	}
	return all[:1]
}
