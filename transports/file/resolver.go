package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports"
	"github.com/paddock-dev/paddock/transports/synth"
)

// Transport is the word for the transport, also in containers-policy.json.
const Transport = "file"

// Resolver finds models in files. The zero Resolver is ready to use; it is safe for concurrent use.
type Resolver struct {
	// System says where containers-policy.json is; nil: where Podman has it.
	System *types.SystemContext
}

var _ transports.Namer = (*Resolver)(nil)

// place is what a reference means on disk.
type place struct {
	path  string // absolute, free of links
	base  string // the last element of what was given, of the first part if the file is split
	isDir bool
}

// Names implements transports.Namer. The disk need not have the file any more.
func (r *Resolver) Names(input string) (*transports.Names, error) {
	path, err := local(input)
	if err != nil {
		return nil, err
	}
	base, err := baseOf(path)
	if err != nil {
		return nil, err
	}
	name, err := nameOf(base)
	if err != nil {
		return nil, err
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("looking for %s: %w", path, err)
	}
	dir := filepath.Dir(full)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return &transports.Names{Queries: []string{name.String()}, Origin: origin(base), Path: filepath.Join(dir, base)}, nil
}

// Resolve looks at a file or folder, and reads no more than the header of each file. The files are pending in the Plan. The error
// wraps artifacts.ErrInvalidName, ErrNotFound, ErrPolicy or ErrVerification (a file that is cut) when it is one of these.
func (r *Resolver) Resolve(ctx context.Context, input string) (*artifacts.Plan, error) {
	path, err := local(input)
	if err != nil {
		return nil, err
	}
	at, err := find(path)
	if err != nil {
		return nil, err
	}
	name, err := nameOf(at.base)
	if err != nil {
		return nil, err
	}
	plan := &artifacts.Plan{Name: name, Kind: artifacts.KindArtifact, Origin: origin(at.base)}
	if err := synth.Admit(ctx, r.System, scope(at.path), plan); err != nil {
		return nil, err
	}
	found, err := at.files()
	if err != nil {
		return nil, err
	}
	model := &synth.Model{Name: name, Origin: origin(at.base), Meta: packaging.BuildMeta{Name: at.base}}
	for _, f := range found {
		model.Files = append(model.Files, synth.File{Path: f.name, Role: f.role, Size: f.size, Open: opener(f.path)})
		plan.Pending = append(plan.Pending, artifacts.Pending{Name: f.name, Size: f.size, Path: f.path})
	}
	plan.Complete = func(found []artifacts.Found) (*artifacts.Plan, error) {
		for i := range found {
			model.Files[i].Digest, model.Files[i].Size = found[i].Digest, found[i].Size
		}
		return synth.Plan(model)
	}
	return plan, nil
}

// local makes a path of what stands behind file://, or of a path. A host before the path must be this machine (RFC 8089, section 2). A
// percent sign is one of the URL only if no file has it in its name.
func local(input string) (string, error) {
	switch host, rest, _ := strings.Cut(input, "/"); {
	case strings.EqualFold(host, "localhost"):
		input = "/" + rest
	case host != "" && host != "." && host != "..":
		return "", fmt.Errorf("%w: file://%s is on the machine %q, and only files of this one can be read: a path begins with /, ./ or ../",
			artifacts.ErrInvalidName, input, host)
	}
	if _, err := os.Lstat(input); errors.Is(err, fs.ErrNotExist) {
		if plain, err := url.PathUnescape(input); err == nil {
			return plain, nil
		}
	}
	return input, nil
}

// find looks for what a path means.
func find(path string) (*place, error) {
	base, err := baseOf(path)
	if err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", path, artifacts.ErrNotFound)
	} else if err != nil {
		return nil, fmt.Errorf("looking for %s: %w", path, err)
	}
	info, err := os.Stat(real)
	if err != nil {
		return nil, fmt.Errorf("looking at %s: %w", path, err)
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is neither a file nor a folder", path)
	}
	if real == "/" {
		return nil, fmt.Errorf("%w: %s is the whole machine", artifacts.ErrInvalidName, path)
	}
	return &place{path: real, base: base, isDir: info.IsDir()}, nil
}

// baseOf is the last element of a path as it was given, which is what a person calls the model.
func baseOf(path string) (string, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("looking for %s: %w", path, err)
	}
	base := filepath.Base(full)
	if base == "/" {
		return "", fmt.Errorf("%w: %s is the whole machine", artifacts.ErrInvalidName, path)
	}
	if names := packaging.ShardNames(base); names != nil {
		base = names[0]
	}
	return base, nil
}

func nameOf(base string) (artifacts.Name, error) {
	plain := strings.Map(func(c rune) rune {
		if strings.ContainsRune(" +,:()[]=@~%&!'", c) {
			return '-'
		}
		return c
	}, base)
	return artifacts.OriginName("localhost", plain, "latest")
}

// origin tells models of files from those of other transports, not from each other: paths mean nothing on other machines.
func origin(base string) string { return "file:" + base }

// scope is where containers-policy.json has rules for a path: itself, and each folder above it.
func scope(path string) synth.Scope {
	s := synth.Scope{Transport: Transport, Identity: path}
	for dir := filepath.Dir(path); dir != "/"; dir = filepath.Dir(dir) {
		s.Namespaces = append(s.Namespaces, dir)
	}
	return s
}

// opener reads a file of a completed plan, should what was staged of it be lost.
func opener(path string) artifacts.Opener {
	return func(_ context.Context, offset, length int64) (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("reading a model: %w", err)
		}
		if _, err := f.Seek(offset, io.SeekStart); err != nil {
			return nil, errors.Join(fmt.Errorf("reading a model: %w", err), f.Close())
		}
		if length < 0 {
			return f, nil
		}
		return struct {
			io.Reader
			io.Closer
		}{io.LimitReader(f, length), f}, nil
	}
}
