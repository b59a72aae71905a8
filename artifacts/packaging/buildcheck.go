package packaging

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"
)

// checkBuild validates the files, fills in roles, and returns them in the order of the layers.
func checkBuild(files []BuildFile) ([]BuildFile, error) {
	if len(files) == 0 {
		return nil, fmt.Errorf("%w: a model has at least one file", ErrInvalidManifest)
	}
	if len(files) > MaxLayers {
		return nil, fmt.Errorf("%w: %d files, more than the limit of %d", ErrInvalidManifest, len(files), MaxLayers)
	}
	sorted := slices.Clone(files)
	sizes := map[digest.Digest]int64{}
	for i := range sorted {
		f := &sorted[i]
		if f.Role == "" {
			f.Role = RoleByName(f.Path)
		}
		if err := checkBuildFile(f); err != nil {
			return nil, err
		}
		if known, seen := sizes[f.Digest]; seen && known != f.Size {
			return nil, fmt.Errorf("%w: file %q: size %d, but %d for the same digest elsewhere", ErrInvalidManifest,
				f.Path, f.Size, known)
		}
		sizes[f.Digest] = f.Size
	}
	slices.SortFunc(sorted, func(a, b BuildFile) int {
		return cmp.Or(cmp.Compare(layerRank(a.Role), layerRank(b.Role)), cmp.Compare(a.Path, b.Path))
	})
	paths := make([]string, len(sorted))
	for i := range sorted {
		paths[i] = sorted[i].Path
	}
	if outer, inner, clash := PathClash(paths); clash {
		return nil, fmt.Errorf("%w: %q and %q cannot both be files", ErrUnsafePath, outer, inner)
	}
	return sorted, nil
}

func checkBuildFile(f *BuildFile) error {
	clean, err := CleanPath(f.Path)
	if err != nil {
		return err
	}
	if clean != f.Path {
		return fmt.Errorf("%w: %q is to be written %q", ErrUnsafePath, f.Path, clean)
	}
	l := layer{Digest: f.Digest, Size: &f.Size}
	if err := l.validate(); err != nil {
		return fmt.Errorf("%w: file %q: %w", ErrInvalidManifest, f.Path, err)
	}
	if parseRole(string(f.Role)) == "" {
		return fmt.Errorf("%w: file %q: %q is no role", ErrInvalidManifest, f.Path, f.Role)
	}
	return nil
}

// layerRank orders layers: what a runtime reads first comes first, so that a puller has it first.
func layerRank(r Role) int {
	order := []Role{Config, Params, Tokenizer, Weights, Adapter, Draft, Projector, Template, License, Doc, Code, Dataset, Other}
	return slices.Index(order, r)
}
