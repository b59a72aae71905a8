package podmanstore

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// Word is what users call this store. It is the Store of its models.
const Word = "podman"

// DefaultGrace is how long a blob that no entry uses is left alone, for it may belong to a podman artifact add that has
// not written its entry yet.
const DefaultGrace = time.Hour

// DefaultStale is after how long an unfinished download counts as given up.
const DefaultStale = atrest.DefaultStale

// Options says where the store is. Only GraphRoot is required.
type Options struct {
	// GraphRoot is Podman's storage folder as podman info says it, absolute. It need not exist yet.
	GraphRoot string
	// Logger receives what only a developer wants to know, such as how long the lock was held; nil: nobody.
	Logger *slog.Logger
	// Grace replaces DefaultGrace; 0 is the default, negative is none.
	Grace time.Duration
	// Stale replaces DefaultStale; 0 is the default, negative is none.
	Stale time.Duration
	// Wait hears what calls wait for that have no listener of their own (Find, List, Remove, Tag, Discard, and Land without
	// Progress): who holds the store's lock, as far as is known; "" when it goes on. It may be called from several
	// goroutines. nil: nobody listens.
	Wait func(reason string)
}

// Store is Podman's artifact store. It is safe for concurrent use, by other processes and by Podman from 5.6 on
// (older ones take no lock).
type Store struct {
	root   string // <GraphRoot>/artifacts
	work   workDirs
	area   *staging.Area
	logger *slog.Logger
	grace  time.Duration
	stale  time.Duration
	wait   func(string)
	refs   *refCache
	// replace is writeFile, or in tests a disk that is full.
	replace func(path string, data []byte) error
}

var (
	_ artifacts.Store   = (*Store)(nil)
	_ artifacts.Tagger  = (*Store)(nil)
	_ artifacts.Remover = (*Store)(nil)
	_ artifacts.Reader  = (*Store)(nil)
	_ artifacts.Checker = (*Store)(nil)
	_ artifacts.Doctor  = (*Store)(nil)
	_ artifacts.Meter   = (*Store)(nil)
	_ artifacts.Pruner  = (*Store)(nil)
)

// Open returns the store below a GraphRoot. It creates nothing; the first Land does.
func Open(opts *Options) (*Store, error) {
	if opts == nil || !filepath.IsAbs(opts.GraphRoot) {
		return nil, fmt.Errorf("opening Podman's artifact store: the storage folder %q is not an absolute path", graphRoot(opts))
	}
	root, err := atrest.RealPath(opts.GraphRoot)
	if err != nil {
		return nil, fmt.Errorf("opening Podman's artifact store: %w", err)
	}
	logger := opts.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	store := filepath.Join(root, "artifacts")
	work, err := chooseWorkDirs(root, store)
	if err != nil {
		return nil, err
	}
	return &Store{
		root: store, work: work, area: staging.Open(work.staging), logger: logger,
		grace: atrest.OrDefault(opts.Grace, DefaultGrace), stale: atrest.OrDefault(opts.Stale, DefaultStale),
		wait: opts.Wait, refs: newRefCache(), replace: writeFile,
	}, nil
}

// Root returns the folder of the store, <GraphRoot>/artifacts.
func (s *Store) Root() string { return s.root }

// StagingDir returns the folder in which downloads arrive.
func (s *Store) StagingDir() string { return s.work.staging }

func graphRoot(opts *Options) string {
	if opts == nil {
		return ""
	}
	return opts.GraphRoot
}
