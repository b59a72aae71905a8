package packaging

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// chooseMain decides what a runtime is given, and says why the model cannot be served if it cannot. The rules, of which
// the first that applies decides; only weights that need no unpacking count, never projectors, adapters or drafts:
//
//  1. GGUF files: each file, and each set of shards, is a model of its own (often the same model in several
//     quantisations). The first whole one in the byte order of paths is taken, by its first shard. If none is whole, the
//     first is reported with what it lacks.
//  2. safetensors: the folder that they are in. Of several, one with a config.json comes first, then the least deep,
//     then byte order. A set of shards in it must be whole.
//  3. Weights of another kind: their folder if it has a config.json, else the first by path that has the extension of
//     weights, else the only one.
func chooseMain(files []File) (main, why string) {
	var gguf, tensors, others []File
	for _, f := range files {
		switch {
		case f.Role != Weights || f.Encoding != Raw:
		case isGGUF(f.Path):
			gguf = append(gguf, f)
		case isSafetensors(f.Path):
			tensors = append(tensors, f)
		default:
			others = append(others, f)
		}
	}
	switch {
	case len(gguf) > 0:
		return chooseGGUF(gguf)
	case len(tensors) > 0:
		return chooseFolder(tensors, files)
	case len(others) > 0:
		return chooseOther(others, files)
	}
	return "", "none of its files is a model's weights"
}

func chooseGGUF(weights []File) (main, why string) {
	all := sets(weights)
	if i := slices.IndexFunc(all, (*set).whole); i >= 0 {
		return all[i].first, ""
	}
	if all[0].shard != 1 {
		return "", all[0].missing()
	}
	return all[0].first, all[0].missing()
}

func chooseFolder(weights, files []File) (main, why string) {
	folders := map[string][]File{}
	for _, f := range weights {
		folders[path.Dir(f.Path)] = append(folders[path.Dir(f.Path)], f)
	}
	configured := configFolders(files)
	names := make([]string, 0, len(folders))
	for folder := range folders {
		names = append(names, folder)
	}
	main = slices.MinFunc(names, func(a, b string) int {
		if configured[a] != configured[b] {
			if configured[a] {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(depth(a), depth(b)), cmp.Compare(a, b))
	})
	for _, s := range sets(folders[main]) {
		if !s.whole() {
			return main, s.missing()
		}
	}
	return main, ""
}

func chooseOther(weights, files []File) (main, why string) {
	paths := make([]string, len(weights))
	for i, f := range weights {
		paths[i] = f.Path
	}
	slices.Sort(paths)
	configured := configFolders(files)
	for _, p := range paths {
		if configured[path.Dir(p)] {
			return path.Dir(p), ""
		}
	}
	if len(paths) == 1 {
		return paths[0], ""
	}
	if i := slices.IndexFunc(paths, func(p string) bool { return RoleByName(p) == Weights }); i >= 0 {
		return paths[i], ""
	}
	return "", fmt.Sprintf("%d of its files are weights, and no name says which comes first", len(paths))
}

// configFolders returns the folders that hold a config.json, the description of a model that transformers needs.
func configFolders(files []File) map[string]bool {
	folders := map[string]bool{}
	for _, f := range files {
		if f.Encoding == Raw && path.Base(f.Path) == "config.json" {
			folders[path.Dir(f.Path)] = true
		}
	}
	return folders
}

func depth(folder string) int {
	if folder == "." {
		return 0
	}
	return 1 + strings.Count(folder, "/")
}

// promoteOnlyFile makes weights of the one file that can be nothing else, such as "model" with 400 MB. There must be no
// weights by type or name, exactly one file whose role is unknown, its media type one that tools give to bytes that they
// do not know, its extension not that of something else, and its size more than that of all other files together.
func promoteOnlyFile(files []File) {
	only, rest := -1, int64(0)
	for i := range files {
		switch {
		case files[i].Role == Weights:
			return
		case files[i].Role != Other:
			rest += files[i].Size
		case only >= 0:
			return
		default:
			only = i
		}
	}
	if only >= 0 && files[only].Size > rest && mayBeWeights(&files[only]) {
		files[only].Role = Weights
	}
}

func mayBeWeights(f *File) bool {
	switch {
	case f.Encoding != Raw:
		return false
	case f.MediaType == "", f.MediaType == octetStream, isRootfs(f.MediaType), strings.Contains(f.MediaType, "gguf"):
		return !endsIn(".tar", ".gz", ".tgz", ".xz", ".bz2", ".zst", ".zip", ".7z", ".rpm", ".deb", ".img", ".iso",
			".sh", ".so", ".a", ".o", ".exe", ".wasm", ".log", ".sig", ".asc", ".pem",
			".png", ".jpg", ".jpeg", ".svg", ".pdf", ".html", ".xml")(strings.ToLower(f.Path))
	}
	return false
}
