package dockerstore

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/unpack"
)

// archive is an image as docker load reads it (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format").
// The layers in it are not compressed; that their sizes are known already saves a copy of each.
type archive struct {
	config []byte
	layers []unpack.Layer
	open   unpack.Opener
}

// write writes the archive. It names no image: a name that is in it would be moved before the image is known to be whole.
func (a *archive) write(ctx context.Context, w io.Writer) error {
	t := tar.NewWriter(w)
	config := digest.FromBytes(a.config).Encoded() + ".json"
	var names []string
	seen := map[string]bool{}
	for i := range a.layers {
		name := a.layers[i].DiffID.Encoded() + ".tar"
		names = append(names, name)
		if seen[name] {
			continue
		}
		seen[name] = true
		if err := a.writeLayer(ctx, t, name, &a.layers[i]); err != nil {
			return fmt.Errorf("layer %s: %w", a.layers[i].Digest, err)
		}
	}
	manifest, err := json.Marshal([]map[string]any{{"Config": config, "RepoTags": nil, "Layers": names}})
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{config, a.config}, {"manifest.json", manifest}} {
		if err := t.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.data))}); err != nil {
			return err
		}
		if _, err := t.Write(f.data); err != nil {
			return err
		}
	}
	return t.Close()
}

func (a *archive) writeLayer(ctx context.Context, t *tar.Writer, name string, l *unpack.Layer) (err error) {
	r, err := l.Open(ctx, a.open)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: l.TarSize}); err != nil {
		return err
	}
	_, err = io.CopyN(t, r, l.TarSize)
	return err
}
