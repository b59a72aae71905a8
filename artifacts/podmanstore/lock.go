package podmanstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"go.podman.io/storage/pkg/lockfile"
	"golang.org/x/sys/unix"
)

// The pause between two tries for the lock. Podman holds it for the whole of a podman artifact pull, so a wait can be long;
// a commit of ours takes milliseconds.
const (
	firstPause = time.Millisecond
	longPause  = 25 * time.Millisecond
	// quietTries are the tries before somebody is told that we wait: some 30 ms.
	quietTries = 5
)

func (s *Store) lockPath() string { return filepath.Join(s.root, "index.lock") }

// lockWrite takes the lock for writing and creates it, with the store's folder, on a machine that has none. wait hears
// what is waited for; see artifacts.Progress.
func (s *Store) lockWrite(ctx context.Context, wait func(string)) (*held, error) {
	l, err := lockfile.GetLockFile(s.lockPath())
	if err != nil {
		return nil, fmt.Errorf("opening the lock of %s: %w", s.root, err)
	}
	if err := s.acquire(ctx, l.TryLock, wait, forever); err != nil {
		return nil, err
	}
	return &held{store: s, lock: l, since: time.Now()}, nil
}

// lockRead takes the lock for reading; wait is as in lockWrite. Where there is no lock file nobody holds it (Podman before 5.6 has none): then
// the returned lock is nil, which release accepts, and nothing is created. The error wraps errBusy after so many tries.
func (s *Store) lockRead(ctx context.Context, wait func(string), tries int) (*held, error) {
	_, err := os.Stat(s.lockPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("opening the lock of %s: %w", s.root, err)
	}
	l, err := lockfile.GetLockFile(s.lockPath())
	if err != nil {
		return nil, fmt.Errorf("opening the lock of %s: %w", s.root, err)
	}
	if err := s.acquire(ctx, l.TryRLock, wait, tries); err != nil {
		return nil, err
	}
	return &held{lock: l}, nil
}

// forever is as many tries as it takes.
const forever = math.MaxInt

// errBusy says that somebody else holds the lock.
var errBusy = errors.New("the lock is held")

// acquire polls: the blocking call of lockfile knows no context, and panics on errors. Without wait, that of the store hears.
func (s *Store) acquire(ctx context.Context, try func() error, wait func(string), tries int) error {
	if wait == nil {
		wait = s.wait
	}
	told := ""
	tell := func(reason string) {
		if wait != nil && reason != told {
			wait(reason)
			told = reason
		}
	}
	defer tell("")
	pause := firstPause
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("waiting for the lock of %s: %w", s.root, err)
		}
		err := try()
		if err == nil {
			return nil
		}
		if !isBusy(err) {
			return fmt.Errorf("locking %s: %w", s.root, err)
		}
		if n >= tries {
			return fmt.Errorf("locking %s: %w", s.root, errBusy)
		}
		if n >= quietTries && wait != nil {
			tell(waitReason(s.lockPath()))
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, longPause)
	}
}

// isBusy tells a lock that somebody holds from one that cannot be taken. lockfile answers with the errno of fcntl, or with
// a bare error of the same text when this process is the holder; a lock file that cannot be opened is an fs.PathError.
func isBusy(err error) bool {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return false
	}
	return errors.Is(err, unix.EACCES) || err.Error() == unix.EAGAIN.Error()
}

// held is the lock, taken.
type held struct {
	store *Store // nil when held for reading
	lock  *lockfile.LockFile
	since time.Time
}

func (h *held) release() {
	if h == nil {
		return
	}
	h.lock.Unlock()
	if h.store != nil {
		h.store.logger.Debug("lock released", "store", h.store.root, "held", time.Since(h.since))
	}
}
