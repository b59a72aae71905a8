package pack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// Plan hashes the files and describes them in a ModelPack manifest. The same files and meta give the same digest, whatever the
// machine, the folder's name and the files' times. wait hears which file is read; nil: nobody does.
func Plan(ctx context.Context, name artifacts.Name, files []File, meta *packaging.BuildMeta, wait func(string)) (*artifacts.Plan, error) {
	built := make([]packaging.BuildFile, len(files))
	sources := map[digest.Digest]*File{}
	for i := range files {
		f := &files[i]
		if wait != nil {
			wait("hashing " + f.Path)
		}
		d, err := hash(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("hashing %s: %w", f.Source, err)
		}
		built[i] = packaging.BuildFile{Path: f.Path, Digest: d, Size: f.Size, Role: f.Role}
		sources[d] = f
	}
	if wait != nil {
		wait("")
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

// Local is for artifacts.LandOptions: the files themselves are shared with the store where the file system can do it.
func Local(plan *artifacts.Plan, files []File) (func(digest.Digest, int64) []string, error) {
	parsed, err := packaging.Parse(plan.Manifest, nil)
	if err != nil {
		return nil, err
	}
	source := map[string]string{}
	for i := range files {
		source[files[i].Path] = files[i].Source
	}
	by := map[digest.Digest][]string{}
	for i := range parsed.Files {
		f := &parsed.Files[i]
		by[f.Digest] = append(by[f.Digest], source[f.Path])
	}
	return func(d digest.Digest, _ int64) []string { return by[d] }, nil
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

// hash reads a file to its end, and sees that it has not changed meanwhile.
func hash(ctx context.Context, f *File) (_ digest.Digest, err error) {
	r, err := os.Open(f.Source)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	h := digest.Canonical.Digester()
	n, err := io.CopyBuffer(struct{ io.Writer }{h.Hash()}, &stoppable{ctx, r}, make([]byte, 256<<10))
	if err != nil {
		return "", err
	}
	if n != f.Size {
		return "", fmt.Errorf("it has %d bytes, and had %d a moment ago", n, f.Size)
	}
	return h.Digest(), nil
}

// stoppable ends a long read when nobody wants it any more.
type stoppable struct {
	ctx context.Context //nolint:containedctx // an io.Reader has no other way to have one
	io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}
