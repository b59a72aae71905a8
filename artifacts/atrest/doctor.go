package atrest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// Doctor is what the artifacts.Doctor of one store on disk has in common with that of another: given-up downloads, and models
// that are to be unpacked again.
type Doctor struct {
	Store  artifacts.Store
	Reader artifacts.Reader // the same store
	Root   string           // its folder
	Area   *staging.Area
	Stale  time.Duration // see Options.Stale of the stores
}

// Diagnose returns what examine finds in the store, and then the downloads that were given up.
func (d *Doctor) Diagnose(examine func() ([]artifacts.Finding, error)) ([]artifacts.Finding, error) {
	findings, err := examine()
	if err != nil {
		return nil, fmt.Errorf("examining %s: %w", d.Root, err)
	}
	stale, err := StaleDownloads(d.Area, d.Stale)
	if err != nil {
		return nil, fmt.Errorf("examining the downloads of %s: %w", d.Root, err)
	}
	return append(findings, stale...), nil
}

// Mend has mend do what the findings propose, if there is a store, and does itself what takes longer than the store's lock may be
// held: it unpacks models again, and deletes downloads. wait is as in artifacts.DoctorOptions.
func (d *Doctor) Mend(
	ctx context.Context, findings []artifacts.Finding, wait func(string), mend func() ([]artifacts.Finding, error),
) (mended []artifacts.Finding, err error) {
	if _, err := os.Stat(d.Root); err == nil {
		if mended, err = mend(); err != nil {
			return mended, fmt.Errorf("mending %s: %w", d.Root, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("mending %s: %w", d.Root, err)
	}
	for i := range findings {
		if f := &findings[i]; f.Kind == artifacts.FindingNotUnpacked && f.Mendable {
			done, again := d.unpackAgain(ctx, f, wait)
			if again != nil {
				err = errors.Join(err, fmt.Errorf("unpacking %s again: %w", f.Name, again))
			} else if done {
				mended = append(mended, *f)
			}
		}
	}
	stale, downloads := MendDownloads(d.Area, d.Stale, findings)
	if downloads != nil {
		err = errors.Join(err, fmt.Errorf("mending the downloads of %s: %w", d.Root, downloads))
	}
	return append(mended, stale...), err
}

// unpackAgain unpacks a model from what the store has of it. One whose name is another model's by now is left alone.
func (d *Doctor) unpackAgain(ctx context.Context, f *artifacts.Finding, wait func(string)) (bool, error) {
	m, err := d.Store.Find(ctx, f.Name)
	switch {
	case errors.Is(err, artifacts.ErrNotFound) || err == nil && m.Digest != f.Digest:
		return false, nil
	case err != nil:
		return false, err
	}
	plan, err := StoredPlan(m, m.Manifest, d.Reader)
	if err != nil {
		return false, err
	}
	_, err = d.Store.Land(ctx, plan, &artifacts.LandOptions{Progress: waiter(wait)})
	return err == nil, err
}

// NotUnpacked is the finding that the files which a model of a store was unpacked into are not there, or not whole, though
// the model itself is.
func NotUnpacked(m *artifacts.Model, detail string) artifacts.Finding {
	f := artifacts.Finding{
		Kind: artifacts.FindingNotUnpacked, Name: m.Name, Digest: m.Digest, Detail: detail,
		Action: "unpack its files again; that takes no network", Mendable: true,
	}
	if m.Packaging.Base != "" { // whose files are in no blob of the store
		f.Action, f.Mendable = "pull the model again, as files of it are in "+m.Packaging.Base, false
	}
	return f
}

// waiter is a Progress that passes on what is waited for, and nothing else.
type waiter func(reason string)

// Start implements artifacts.Progress.
func (waiter) Start(digest.Digest, int64, int64) {}

// Advance implements artifacts.Progress.
func (waiter) Advance(digest.Digest, int64) {}

// Finish implements artifacts.Progress.
func (waiter) Finish(digest.Digest) {}

// Wait implements artifacts.Progress.
func (w waiter) Wait(reason string) {
	if w != nil {
		w(reason)
	}
}
