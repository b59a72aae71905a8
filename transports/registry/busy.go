package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

// patience bounds what is asked before any blob: go.podman.io/image itself waits for a silent registry for ever, and for one that
// is busy as long as that says.
func (r *Resolver) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := 2 * cmp.Or(r.stall, source.DefaultStall)
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("the registry did not answer within %s", limit))
}

// firstDoubt is the part of the time that a registry may be silent after which it is asked why there is no answer yet.
const firstDoubt = 6

// whileBusy runs what reads a manifest. go.podman.io/image waits for a registry that wants to be left alone, and says nothing of it:
// so when there is no answer for a while, the registry is asked once more, for the reason alone. The wait is told to people, and given
// up at once if there is no time for it.
func (r *Resolver) whileBusy(ctx context.Context, name artifacts.Name, read func(context.Context) error) error {
	short, cancel := r.patience(ctx)
	defer cancel()
	asked := make(chan error, 1)
	doubt, settled := context.WithCancel(short)
	go func() { asked <- r.doubt(doubt, cancel, name) }()
	err := read(short)
	settled()
	why := <-asked
	if err == nil || short.Err() == nil || ctx.Err() != nil || why == nil {
		return err
	}
	return fmt.Errorf("reading manifest of %s: %w", name, why)
}

// doubt waits for a while, and returns why there is no answer yet, if the registry wants to be left alone. It calls stop if that is for
// longer than ctx lasts.
func (r *Resolver) doubt(ctx context.Context, stop func(), name artifacts.Name) error {
	timer := time.NewTimer(cmp.Or(r.stall, source.DefaultStall) / firstDoubt)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil
	}
	host, wait, why := r.busy(ctx, name.Reference())
	if why == nil {
		return nil
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) < wait {
		stop()
		return why
	}
	if r.waiting != nil {
		asks := ""
		if wait > 0 {
			asks = fmt.Sprintf(" and asks to wait %s", wait)
		}
		r.waiting(fmt.Sprintf("%s answers 429 %s%s: waiting", host, http.StatusText(http.StatusTooManyRequests), asks))
	}
	return why
}

// busy asks the places of a reference, as far as go.podman.io/image gets, and returns which wants to be left alone, and for how long;
// a nil error if none does.
func (r *Resolver) busy(ctx context.Context, ref reference.Named) (host string, wait time.Duration, why error) {
	places, err := pullSources(r.sys, ref)
	if err != nil {
		return "", 0, nil // which is said by who reads the manifest
	}
	for i := range places {
		e, err := r.endpoint(ref, &places[i])
		if err == nil {
			_, err = e.head(ctx, places[i].Reference)
		}
		var temporary *artifacts.TemporaryError
		var status *source.StatusError
		switch {
		case err == nil || ctx.Err() != nil:
			return "", 0, nil
		case errors.As(err, &temporary) && errors.As(err, &status) && status.Code == http.StatusTooManyRequests:
			return e.name, temporary.RetryAfter, err
		}
	}
	return "", 0, nil
}
