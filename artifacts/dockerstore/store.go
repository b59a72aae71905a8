package dockerstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// Word is what users call this store. It is the Store of its models.
const Word = "docker"

// Runner runs the docker program with arguments. in is its standard input, nil an empty one; out receives its standard
// output. What it says on standard error is in the error of a run that fails.
type Runner func(ctx context.Context, in io.Reader, out io.Writer, args ...string) error

// Options says where the store is. Only Logger may be left out.
type Options struct {
	// Dir is the absolute folder of the records; it need not exist yet, and is the store's alone.
	Dir string
	// Staging is the absolute folder in which downloads arrive, which another store may share.
	Staging string
	// Run asks Docker.
	Run Runner
	// Logger receives what only a developer wants to know; nil: nobody.
	Logger *slog.Logger
}

// Store is the images that paddock landed in Docker. It is safe for concurrent use, by other processes, too.
type Store struct {
	dir, staging string
	run          Runner
	area         *staging.Area
	lock         *atrest.Lock
	logger       *slog.Logger
	lost         sync.Map // the names of images that Discard removed, by digest
}

var (
	_ artifacts.Store   = (*Store)(nil)
	_ artifacts.Tagger  = (*Store)(nil)
	_ artifacts.Reader  = (*Store)(nil)
	_ artifacts.Checker = (*Store)(nil)
	_ artifacts.Meter   = (*Store)(nil)
	_ artifacts.Placer  = (*Store)(nil)
	_ artifacts.Pruner  = (*Store)(nil)
)

// Open returns the store. It creates nothing, and asks nobody; the first Land does.
func Open(opts *Options) (*Store, error) {
	if opts == nil || !filepath.IsAbs(opts.Dir) || !filepath.IsAbs(opts.Staging) || opts.Run == nil {
		return nil, errors.New("opening the images in Docker: the folders must be absolute, and there must be a way to ask Docker")
	}
	logger := opts.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Store{
		dir: opts.Dir, staging: opts.Staging, run: opts.Run, area: staging.Open(opts.Staging), logger: logger,
		lock: &atrest.Lock{Path: filepath.Join(opts.Dir, "lock"), Logger: logger},
	}, nil
}

// Root returns the folder of the records.
func (s *Store) Root() string { return s.dir }

// StagingDir returns the folder in which downloads arrive.
func (s *Store) StagingDir() string { return s.staging }

// Tag gives an image one more name: see artifacts.Tagger.
func (s *Store) Tag(ctx context.Context, source *artifacts.Model, name artifacts.Name) error {
	err := s.tag(ctx, source.Digest, name)
	if err != nil {
		return fmt.Errorf("naming %s %s: %w", source.Digest, name, err)
	}
	return nil
}

func (s *Store) tag(ctx context.Context, d digest.Digest, name artifacts.Name) error {
	if name.IsZero() {
		return artifacts.ErrInvalidName
	}
	if err := atrest.CheckPin(name, d); err != nil {
		return err
	}
	found, err := s.byDigest(ctx, d)
	if err != nil {
		return err
	}
	if found == nil {
		return artifacts.ErrNotFound
	}
	return s.commit(ctx, &found.record, name, nil)
}

// MountAs says how a container sees a model under another name: see artifacts.Placer.
func (s *Store) MountAs(_ *artifacts.Model, name artifacts.Name) (artifacts.Mount, error) {
	return mount(name.String()), nil
}
