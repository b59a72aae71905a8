package staging

import (
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
)

// Prune removes the entries that nobody uses and to which nothing was written for age (0: all that nobody uses), and
// returns them; with dryRun it returns what it would remove. What it removed before an error is returned with it. What the area remembers of
// identities stays, up to maxKnown of them.
func (a *Area) Prune(age time.Duration, dryRun bool) ([]Entry, error) {
	entries, err := a.Entries()
	if err != nil {
		return nil, err
	}
	var out []Entry
	for _, e := range entries {
		p := a.place(e.Digest)
		removed := dryRun && e.prunable(age)
		if !dryRun {
			if removed, err = p.prune(e.Digest, age); err != nil {
				return out, fmt.Errorf("removing staged %s: %w", e.Digest, err)
			}
		}
		if removed {
			out = append(out, e)
		}
	}
	if dryRun {
		return out, nil
	}
	return out, errors.Join(a.dropLocks(), a.forgetOldest(maxKnown))
}

func (e *Entry) prunable(age time.Duration) bool { return !e.InUse && e.isOld(age) }

// isOld counts what the clock has not reached yet, as after it was set back, as old: else it could never go.
func (e *Entry) isOld(age time.Duration) bool {
	since := time.Since(e.Modified)
	return since >= age || since < 0
}

// prune removes a blob that nobody holds, if it is still old enough once everybody is locked out.
func (p place) prune(d digest.Digest, age time.Duration) (removed bool, err error) {
	e, _, err := p.entry(d)
	if err != nil || !e.prunable(age) {
		return false, err // before the lock: a moment's lock could keep another from removing the blob
	}
	h, err := tryAlone(p.lock())
	if h == nil {
		return false, err
	}
	if e, removed, err = p.entry(d); err == nil && e.isOld(age) {
		err = p.drop()
	} else {
		removed = false
	}
	err = errors.Join(err, p.dropLock(), h.release())
	return removed && err == nil, err
}

// dropLocks removes lock files that were left without a blob, by a process that was killed.
func (a *Area) dropLocks() error {
	places, err := a.places()
	if err != nil {
		return err
	}
	for d, p := range places {
		if err := p.tidyLock(); err != nil {
			return fmt.Errorf("removing lock of %s: %w", d, err)
		}
	}
	return nil
}
