package ocipath

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports"
	"github.com/paddock-dev/paddock/transports/synth"
)

// Kind is one of the transports, by the word of containers-transports(5), also in containers-policy.json.
type Kind string

// The kinds.
const (
	Layout        Kind = "oci"
	Archive       Kind = "oci-archive"
	Dir           Kind = "dir"
	DockerArchive Kind = "docker-archive"
)

// Resolver finds models under paths of one kind. Safe for concurrent use.
type Resolver struct {
	Kind Kind
	// Architecture chooses from an index that has images of several, in Go's words; "": this machine's.
	Architecture string
	// System says where containers-policy.json is; nil: where Podman has it.
	System *types.SystemContext
}

var _ transports.Namer = (*Resolver)(nil)

// split cuts PATH[:REF]; dir: has no REF.
func (r *Resolver) split(input string) (path, ref string) {
	if r.Kind == Dir {
		return input, ""
	}
	path, ref, _ = strings.Cut(input, ":")
	return path, ref
}

// name is what the model is kept under: REF, if that is a full name, else localhost/, the last element of the path and REF.
func (r *Resolver) name(path, ref string) (artifacts.Name, error) {
	if path == "" {
		return artifacts.Name{}, fmt.Errorf("%w: %s: wants a path", artifacts.ErrInvalidName, r.Kind)
	}
	if name, err := artifacts.ParseName(ref); err == nil {
		return name, nil
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return artifacts.Name{}, fmt.Errorf("looking for %s: %w", path, err)
	}
	base := strings.ReplaceAll(strings.TrimSuffix(filepath.Base(full), ".tar"), " ", "-")
	if ref == "" {
		ref = "latest"
	}
	return artifacts.OriginName("localhost", base, ref)
}

// Names implements transports.Namer.
func (r *Resolver) Names(input string) (*transports.Names, error) {
	name, err := r.name(r.split(input))
	if err != nil {
		return nil, err
	}
	return &transports.Names{Queries: []string{name.String()}}, nil
}

// Resolve reads the manifest under a path. The error wraps artifacts.ErrInvalidName, ErrNotFound, ErrPolicy or
// ErrVerification when it is one of these.
func (r *Resolver) Resolve(ctx context.Context, input string) (*artifacts.Plan, error) {
	plan, err := r.resolve(ctx, input)
	if err != nil {
		return nil, fmt.Errorf("%s:%s: %w", r.Kind, input, err)
	}
	return plan, nil
}

func (r *Resolver) resolve(ctx context.Context, input string) (*artifacts.Plan, error) {
	path, ref := r.split(input)
	name, err := r.name(path, ref)
	if err != nil {
		return nil, err
	}
	t, err := openTree(path, r.Kind == Archive || r.Kind == DockerArchive)
	if err != nil {
		return nil, err
	}
	if r.Kind == DockerArchive {
		return r.saved(ctx, t, name, ref)
	}
	find := r.inLayout
	if r.Kind == Dir {
		find = r.inDir
	}
	m, err := find(t, ref)
	if err != nil {
		return nil, err
	}
	return r.plan(ctx, t, name, m)
}

// found is a manifest, and where its blobs are.
type found struct {
	raw       []byte
	mediaType string
	blob      func(digest.Digest) string
}

// plan lists the blobs of a manifest.
func (r *Resolver) plan(ctx context.Context, t *tree, name artifacts.Name, m *found) (*artifacts.Plan, error) {
	m.mediaType = packaging.ManifestMediaType(m.mediaType, m.raw)
	var doc ocispec.Manifest
	if err := json.Unmarshal(m.raw, &doc); err != nil {
		return nil, fmt.Errorf("parsing the manifest: %w", err)
	}
	parsed, err := packaging.Parse(m.raw, nil)
	if err != nil {
		return nil, fmt.Errorf("parsing the manifest: %w", err)
	}
	plan := &artifacts.Plan{
		Name: name, Kind: artifacts.KindArtifact, Manifest: m.raw, MediaType: m.mediaType, Digest: digest.FromBytes(m.raw),
	}
	if parsed.Format.IsImage() {
		plan.Kind = artifacts.KindImage
	}
	seen := map[digest.Digest]bool{}
	for _, d := range append([]ocispec.Descriptor{doc.Config}, doc.Layers...) {
		if err := d.Digest.Validate(); err != nil {
			return nil, fmt.Errorf("parsing the manifest: blob %q: %w", d.Digest, err)
		}
		if seen[d.Digest] {
			continue
		}
		seen[d.Digest] = true
		b := artifacts.Blob{Digest: d.Digest, Size: d.Size, MediaType: d.MediaType, Open: t.opener(m.blob(d.Digest))}
		if size, err := t.stat(m.blob(d.Digest)); err != nil {
			return nil, fmt.Errorf("looking for blob %s: %w", d.Digest, err)
		} else if size != d.Size {
			return nil, fmt.Errorf("%w: blob %s has %d bytes, not %d", artifacts.ErrVerification, d.Digest, size, d.Size)
		}
		plan.Blobs = append(plan.Blobs, b)
	}
	return plan, r.admit(ctx, t, plan)
}

// admit asks containers-policy.json, whose scopes for these transports are paths and the folders above them.
func (r *Resolver) admit(ctx context.Context, t *tree, plan *artifacts.Plan) error {
	real, err := filepath.EvalSymlinks(t.path)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", t.path, err)
	}
	scope := synth.Scope{Transport: string(r.Kind), Identity: real}
	for dir := filepath.Dir(real); dir != "/"; dir = filepath.Dir(dir) {
		scope.Namespaces = append(scope.Namespaces, dir)
	}
	return synth.Admit(ctx, r.System, scope, plan)
}

// inDir finds the manifest of a dir: folder.
func (r *Resolver) inDir(t *tree, _ string) (*found, error) {
	raw, err := t.read("manifest.json", packaging.MaxManifestSize)
	if errors.Is(err, artifacts.ErrNotFound) {
		return nil, fmt.Errorf("it is no dir: folder: %w", err)
	} else if err != nil {
		return nil, err
	}
	if packaging.IsIndex("", raw) {
		return nil, errors.New("it holds several images: name one of them by copying it out with skopeo")
	}
	return &found{raw: raw, blob: func(d digest.Digest) string { return d.Encoded() }}, nil
}
