package quadlet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lockName is the file, in the folder of the units, that is locked while units change. Quadlet's generator passes over it: its
// ending is none of a unit's. It is never removed, as two processes could then each hold a file of that name.
const lockName = ".paddock.lock"

// The pause between two tries for the lock. A removal holds it until the service has stopped, so a wait can be long.
const (
	firstPause = time.Millisecond
	longPause  = 100 * time.Millisecond
	// quietTries are the tries before somebody is told that we wait: some 30 ms.
	quietTries = 5
)

// LockOptions tunes Lock. nil means the zero value, whose meaning each field states.
type LockOptions struct {
	// Create makes the folder if there is none. Without it a folder that is not there stays so: nothing is held then, Remove finds
	// no unit, and Install fails.
	Create bool
	// Wait hears what is waited for, and "" when it goes on; nil: nobody listens.
	Wait func(reason string)
}

// Locked is an Installer that nobody else changes units of, until Unlock.
type Locked struct {
	*Installer
	file *os.File // nil if there is no folder
}

// Lock waits until no other process, and nothing else in this one, changes the units of the folder. Hold it from before a unit's
// needs are looked at until they are met: between the two nobody can take them for unneeded. Reading takes no lock.
// The error wraps that of ctx if ctx ends the wait.
func (i *Installer) Lock(ctx context.Context, opts *LockOptions) (*Locked, error) {
	if opts == nil {
		opts = &LockOptions{}
	}
	if opts.Create {
		if err := os.MkdirAll(i.Dir, 0o755); err != nil {
			return nil, fmt.Errorf("making the folder of units: %w", err)
		}
	}
	// a lock that everyone may open is one that everyone may hold
	f, err := os.OpenFile(filepath.Join(i.Dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, fs.ErrNotExist) && !opts.Create {
		return &Locked{Installer: i}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening the lock of units: %w", err)
	}
	if err := acquire(ctx, f, i.Dir, opts.Wait); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	l := &Locked{Installer: i, file: f}
	if err := l.sweep(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

// Unlock lets others change units. Locked must not be used after it.
func (l *Locked) Unlock() error {
	if l.file == nil {
		return nil
	}
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("releasing the lock of units: %w", err)
	}
	return nil
}

// acquire polls: a blocking flock(2) knows no context.
func acquire(ctx context.Context, f *os.File, dir string, wait func(string)) error {
	told := false
	pause := firstPause
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("waiting for the lock of the units in %s: %w", dir, err)
		}
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			if told {
				wait("")
			}
			return nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("locking the units in %s: %w", dir, err)
		}
		if n >= quietTries && !told && wait != nil {
			wait("waiting for another paddock, which changes the units in " + dir)
			told = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, longPause)
	}
}
