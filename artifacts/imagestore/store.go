package imagestore

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// Word is what users call this store. It is the Store of its models.
const Word = "images"

// Place says where Podman's storage is, as podman info says it: another answer would make a second storage.
type Place struct {
	// GraphRoot and RunRoot are absolute folders.
	GraphRoot, RunRoot string
	// Driver is the storage driver: "overlay".
	Driver string
	// DriverOptions are those of the driver, as "overlay.mountopt=nodev".
	DriverOptions []string
}

// Options says where the store is, and how to write it. Only Place is required.
type Options struct {
	Place Place
	// Enter runs a Request where the storage can be written, and returns its answer: see Serve. nil does it in this process,
	// which root can.
	Enter func(ctx context.Context, request []byte) (answer []byte, err error)
	// Logger receives what only a developer wants to know; nil: nobody.
	Logger *slog.Logger
	// Stale is after how long an unfinished download counts as given up; 0 is atrest.DefaultStale, negative is at once.
	Stale time.Duration
}

// Store is the images of Podman's storage that carry a model. It is safe for concurrent use, by other processes, too.
type Store struct {
	place  Place
	area   *staging.Area
	enter  func(context.Context, []byte) ([]byte, error)
	logger *slog.Logger
	stale  time.Duration
	lost   sync.Map // the names of images that Discard removed, by digest
}

var (
	_ artifacts.Store   = (*Store)(nil)
	_ artifacts.Tagger  = (*Store)(nil)
	_ artifacts.Reader  = (*Store)(nil)
	_ artifacts.Checker = (*Store)(nil)
	_ artifacts.Doctor  = (*Store)(nil)
	_ artifacts.Meter   = (*Store)(nil)
	_ artifacts.Pruner  = (*Store)(nil)

	_ artifacts.Overviewer = (*Store)(nil)
)

// Open returns the store. It creates nothing; the first Land does.
func Open(opts *Options) (*Store, error) {
	if opts == nil {
		opts = &Options{}
	}
	p := opts.Place
	if !filepath.IsAbs(p.GraphRoot) || !filepath.IsAbs(p.RunRoot) || p.Driver == "" {
		return nil, fmt.Errorf("opening Podman's image store: storage folder %q, run folder %q, driver %q: all must be known", p.GraphRoot, p.RunRoot, p.Driver)
	}
	s := &Store{place: p, enter: opts.Enter, logger: opts.Logger, stale: atrest.OrDefault(opts.Stale, atrest.DefaultStale)}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.enter == nil {
		s.enter = Serve
	}
	s.area = staging.Open(s.StagingDir())
	return s, nil
}

// Root returns the storage folder.
func (s *Store) Root() string { return s.place.GraphRoot }

// StagingDir returns the folder in which downloads arrive.
func (s *Store) StagingDir() string {
	return filepath.Join(s.place.GraphRoot, "paddock", "images", "staging")
}

// writingDir is the folder in which the storage library has its large files while it writes an image: see derive.Workspace.
func (s *Store) writingDir() string {
	return filepath.Join(filepath.Dir(s.StagingDir()), "writing")
}
