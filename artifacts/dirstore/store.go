package dirstore

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
const Word = "dir"

// Options says where the store is. Only Dir is required.
type Options struct {
	// Dir is the store's folder, absolute: /var/lib/paddock for root. It need not exist yet, and is the store's alone.
	Dir string
	// Logger receives what only a developer wants to know, such as how long the lock was held; nil: nobody.
	Logger *slog.Logger
	// Stale is after how long an unfinished download counts as given up; 0 is atrest.DefaultStale, negative is at once.
	Stale time.Duration
}

// Store is a folder of dir: layouts. It is safe for concurrent use, by other processes, too.
type Store struct {
	root, models, temp, trash string
	area                      *staging.Area
	lock                      *atrest.Lock
	logger                    *slog.Logger
	stale                     time.Duration
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
	_ artifacts.Placer  = (*Store)(nil)
)

// Open returns the store in a folder. It creates nothing; the first Land does.
func Open(opts *Options) (*Store, error) {
	if opts == nil || !filepath.IsAbs(opts.Dir) {
		dir := ""
		if opts != nil {
			dir = opts.Dir
		}
		return nil, fmt.Errorf("opening the dir store: the folder %q is not an absolute path", dir)
	}
	root, err := atrest.RealPath(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("opening the dir store: %w", err)
	}
	logger := opts.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{
		root: root, models: filepath.Join(root, "models"), temp: filepath.Join(root, "tmp"), trash: filepath.Join(root, "trash"),
		lock:   &atrest.Lock{Path: filepath.Join(root, "lock"), Logger: logger},
		logger: logger, stale: atrest.OrDefault(opts.Stale, atrest.DefaultStale),
	}
	s.area = staging.Open(s.StagingDir())
	return s, nil
}

// Root returns the folder of the store, free of links.
func (s *Store) Root() string { return s.root }

// StagingDir returns the folder in which downloads arrive.
func (s *Store) StagingDir() string { return filepath.Join(s.root, "staging") }
