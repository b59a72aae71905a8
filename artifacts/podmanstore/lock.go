package podmanstore

import (
	"context"
	"path/filepath"

	"github.com/paddock-dev/paddock/artifacts/atrest"
)

func (s *Store) lockPath() string { return filepath.Join(s.root, "index.lock") }

func (s *Store) lock() *atrest.Lock { return &atrest.Lock{Path: s.lockPath(), Logger: s.logger} }

// lockWrite takes Podman's lock for writing and creates it, with the store's folder, on a machine that has none. wait hears
// what is waited for, see artifacts.Progress; without it, that of the store hears.
func (s *Store) lockWrite(ctx context.Context, wait func(string)) (*atrest.Held, error) {
	return s.lock().Write(ctx, s.listener(wait))
}

// lockRead takes the lock for reading; wait is as in lockWrite. Where there is none the returned lock is nil, which Release
// accepts, and nothing is created. The error wraps atrest.ErrBusy after so many tries.
func (s *Store) lockRead(ctx context.Context, wait func(string), tries int) (*atrest.Held, error) {
	return s.lock().Read(ctx, s.listener(wait), tries)
}

func (s *Store) listener(wait func(string)) func(string) {
	if wait == nil {
		return s.wait
	}
	return wait
}

// forever is as many tries as it takes.
const forever = atrest.Forever
