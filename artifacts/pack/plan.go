package pack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// Plan describes the files in a ModelPack manifest, once their digests are known: whoever lands the plan reads them, once. The
// same files and meta give the same digest, whatever the machine, the folder's name and the files' times.
func Plan(name artifacts.Name, files []File, meta *packaging.BuildMeta) *artifacts.Plan {
	plan := &artifacts.Plan{Name: name, Kind: artifacts.KindArtifact}
	for i := range files {
		plan.Pending = append(plan.Pending, artifacts.Pending{Name: files[i].Path, Size: files[i].Size, Path: files[i].Source, NoLink: true})
	}
	plan.Complete = func(found []artifacts.Found) (*artifacts.Plan, error) { return complete(name, files, found, meta) }
	return plan
}

func complete(name artifacts.Name, files []File, found []artifacts.Found, meta *packaging.BuildMeta) (*artifacts.Plan, error) {
	built := make([]packaging.BuildFile, len(files))
	sources := map[digest.Digest]*File{}
	for i := range files {
		f := &files[i]
		if found[i].Size != f.Size {
			return nil, fmt.Errorf("%s has %d bytes, and had %d a moment ago", f.Source, found[i].Size, f.Size)
		}
		built[i] = packaging.BuildFile{Path: f.Path, Digest: found[i].Digest, Size: f.Size, Role: f.Role}
		sources[found[i].Digest] = f
	}
	manifest, config, err := packaging.BuildModelPack(built, meta)
	if err != nil {
		return nil, err
	}
	var doc ocispec.Manifest
	if err := json.Unmarshal(manifest, &doc); err != nil {
		return nil, fmt.Errorf("reading the manifest that was built: %w", err)
	}
	plan := &artifacts.Plan{
		Name: name, Kind: artifacts.KindArtifact, Manifest: manifest, MediaType: doc.MediaType, Digest: digest.FromBytes(manifest),
		Blobs: []artifacts.Blob{{Digest: doc.Config.Digest, Size: doc.Config.Size, MediaType: doc.Config.MediaType, Data: config}},
	}
	seen := map[digest.Digest]bool{}
	for _, l := range doc.Layers {
		if seen[l.Digest] {
			continue
		}
		seen[l.Digest] = true
		plan.Blobs = append(plan.Blobs, artifacts.Blob{
			Digest: l.Digest, Size: l.Size, MediaType: l.MediaType, Open: sources[l.Digest].open,
		})
	}
	return plan, nil
}

// open is an artifacts.Opener.
func (f *File) open(_ context.Context, offset, length int64) (io.ReadCloser, error) {
	r, err := os.Open(f.Source)
	if err != nil {
		return nil, err
	}
	if length < 0 {
		length = f.Size - offset
	}
	return &struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(r, offset, length), r}, nil
}
