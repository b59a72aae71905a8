package packaging

import "fmt"

// Repack is a model in another packaging: the same files, under another manifest.
//
// Only a model whose files are layers of their own can be repacked, since weights are never rewritten: of an archive, of an
// image, and of a model whose files nobody named the error wraps ErrUnservable.
func Repack(m *Model, to Format, meta *BuildMeta) (manifest, config []byte, err error) {
	files := make([]BuildFile, len(m.Files))
	for i := range m.Files {
		f := &m.Files[i]
		if f.Encoding != Raw {
			return nil, nil, fmt.Errorf("%w: %q is an archive: its files have no layers of their own", ErrUnservable, f.Path)
		}
		files[i] = BuildFile{Path: f.Path, Digest: f.Digest, Size: f.Size, Role: f.Role}
	}
	if m.Format.IsImage() || m.Format == Unknown {
		return nil, nil, fmt.Errorf("%w: the packaging is %s", ErrUnservable, m.Format)
	}
	switch to {
	case ModelPack:
		return BuildModelPack(files, meta)
	case Docker:
		return BuildDocker(files, meta)
	}
	return nil, nil, fmt.Errorf("writing the packaging %s: only %s and %s can be written", to, ModelPack, Docker)
}
