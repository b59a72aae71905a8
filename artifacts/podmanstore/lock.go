package podmanstore

import (
	"context"
	"path/filepath"

	"github.com/paddock-dev/paddock/artifacts/atrest"
)

func (s *Store) lockPath() string { return filepath.Join(s.root, "index.lock") }

func (s *Store) lock() *atrest.Lock { return &atrest.Lock{Path: s.lockPath(), Logger: s.logger} }

// lockWrite takes Podman's lock for writing and creates it, with the store's folder, on a machine that has none. wait hears
// what is waited for; see artifacts.Progress.
func (s *Store) lockWrite(ctx context.Context, wait func(string)) (*atrest.Held, error) {
	return s.lock().Write(ctx, wait)
}

// lockRead takes the lock for reading; nil, and nothing is created, where there is none.
func (s *Store) lockRead(ctx context.Context, tries int) (*atrest.Held, error) {
	return s.lock().Read(ctx, nil, tries)
}

// forever is as many tries as it takes.
const forever = atrest.Forever
