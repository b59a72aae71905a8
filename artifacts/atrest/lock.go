package atrest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
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
)

const (
	// Forever is as many tries as it takes.
	Forever = math.MaxInt
	// QuietTries are the tries before somebody is told that we wait: some 30 ms.
	QuietTries = 5
)

// ErrBusy says that somebody else holds the lock.
var ErrBusy = errors.New("the lock is held")

// Lock is the lock file of a store: a POSIX lock taken through containers/storage, which excludes the goroutines of one
// process, too.
type Lock struct {
	// Path is absolute and free of links: the lock is kept per path string, and opening the file under a second name drops
	// the lock that was taken under the first. The folder is the store's.
	Path string
	// Logger hears how long the lock was held for writing; never nil.
	Logger *slog.Logger
}

// Write takes the lock for writing and creates it, with its folder (0700), where there is none. wait hears what is waited
// for, as artifacts.Progress.Wait does; nil: nobody listens.
func (l *Lock) Write(ctx context.Context, wait func(string)) (*Held, error) {
	file, err := l.open()
	if err != nil {
		return nil, err
	}
	if err := l.acquire(ctx, file.TryLock, wait, Forever); err != nil {
		return nil, err
	}
	return &Held{lock: l, file: file, since: time.Now()}, nil
}

// Read takes the lock for reading; wait is as in Write. Where there is no lock file nobody holds it (Podman before 5.6 has
// none): then the returned lock is nil, which Release accepts, and nothing is created. The error wraps ErrBusy after so
// many tries.
func (l *Lock) Read(ctx context.Context, wait func(string), tries int) (*Held, error) {
	_, err := os.Stat(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("opening the lock of %s: %w", l.folder(), err)
	}
	file, err := l.open()
	if err != nil {
		return nil, err
	}
	if err := l.acquire(ctx, file.TryRLock, wait, tries); err != nil {
		return nil, err
	}
	return &Held{file: file}, nil
}

func (l *Lock) folder() string { return filepath.Dir(l.Path) }

func (l *Lock) open() (*lockfile.LockFile, error) {
	file, err := lockfile.GetLockFile(l.Path)
	if err != nil {
		return nil, fmt.Errorf("opening the lock of %s: %w", l.folder(), err)
	}
	return file, nil
}

// acquire polls: the blocking call of lockfile knows no context, and panics on errors.
func (l *Lock) acquire(ctx context.Context, try func() error, wait func(string), tries int) error {
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
			return fmt.Errorf("waiting for the lock of %s: %w", l.folder(), err)
		}
		err := try()
		if err == nil {
			return nil
		}
		if !isBusy(err) {
			return fmt.Errorf("locking %s: %w", l.folder(), err)
		}
		if n >= tries {
			return fmt.Errorf("locking %s: %w", l.folder(), ErrBusy)
		}
		if n >= QuietTries && wait != nil {
			tell(waitReason(l.Path))
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

// Held is a Lock, taken.
type Held struct {
	lock  *Lock // nil when held for reading
	file  *lockfile.LockFile
	since time.Time
}

// Release lets go of the lock.
func (h *Held) Release() {
	if h == nil {
		return
	}
	h.file.Unlock()
	if h.lock != nil {
		h.lock.Logger.Debug("lock released", "store", h.lock.folder(), "held", time.Since(h.since))
	}
}
