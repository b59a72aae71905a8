package packaging

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// shardName is how parts of a split model are named; llama.cpp (llama_split_prefix) and transformers agree.
var shardName = regexp.MustCompile(`^(.*)-(\d{5})-of-(\d{5})\.(gguf|safetensors)$`)

// split reads a shard's place off its path: the shard, of how many, and a key which the shards of one model share.
// ok is false if the file is not a part.
func split(p string) (key string, shard, shards int, ok bool) {
	m := shardName.FindStringSubmatch(p)
	if m == nil {
		return "", 0, 0, false
	}
	shard, _ = strconv.Atoi(m[2]) // five digits always convert
	shards, _ = strconv.Atoi(m[3])
	if shard < 1 || shard > shards {
		return "", 0, 0, false
	}
	return m[1] + "-of-" + m[3] + "." + m[4], shard, shards, true
}

// ShardNames returns the names of all parts of the split model that a path is a part of, in order; nil if it is none. The
// folder is kept.
func ShardNames(p string) []string {
	m := shardName.FindStringSubmatch(p)
	if _, _, shards, ok := split(p); ok {
		names := make([]string, shards)
		for i := range names {
			names[i] = fmt.Sprintf("%s-%05d-of-%s.%s", m[1], i+1, m[3], m[4])
		}
		return names
	}
	return nil
}

// numberShards sets Shard and Shards of the weights.
func numberShards(files []File) {
	for i := range files {
		if files[i].Role != Weights {
			continue
		}
		if _, shard, shards, ok := split(files[i].Path); ok {
			files[i].Shard, files[i].Shards = shard, shards
		}
	}
}

// set is one model of weights: a file, or the shards of a split model.
type set struct {
	first  string // the path with the lowest number
	shard  int    // of first; 0 if the model is not split
	shards int
	have   map[int]bool
}

// sets groups weights into models, in the byte order of their first paths.
func sets(weights []File) []*set {
	byKey := map[string]*set{}
	for _, f := range weights {
		key, shard, shards, ok := split(f.Path)
		if !ok {
			key = "/" + f.Path // no path is absolute, so this is no shard's key
		}
		s := byKey[key]
		if s == nil {
			s = &set{first: f.Path, shard: shard, shards: shards, have: map[int]bool{}}
			byKey[key] = s
		}
		if shard < s.shard {
			s.first, s.shard = f.Path, shard
		}
		s.have[shard] = true
	}
	all := make([]*set, 0, len(byKey))
	for _, s := range byKey {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *set) int { return cmp.Compare(a.first, b.first) })
	return all
}

// whole says whether no shard is missing.
func (s *set) whole() bool { return s.shards == 0 || len(s.have) == s.shards }

// missing names the shards that are not there: the first three, and how many more.
func (s *set) missing() string {
	const named = 3
	m := shardName.FindStringSubmatch(s.first)
	var names []string
	for n := 1; n <= s.shards && len(names) < named; n++ {
		if !s.have[n] {
			names = append(names, fmt.Sprintf("%s-%05d-of-%s.%s", m[1], n, m[3], m[4]))
		}
	}
	text := strings.Join(names, ", ")
	if more := s.shards - len(s.have) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return "missing from a split model: " + text
}
