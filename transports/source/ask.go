package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
)

// What is small is tried so often, with waits of 1, 2 and 4 s between, or longer ones that the origin asks for. An origin that asks
// for more than maxWait is not waited for; nor is one that has taken twice as long as it may be silent.
const (
	maxTries  = 4
	firstWait = time.Second
	maxWait   = time.Minute
)

// Get reads a document of at most limit bytes; header may be nil. It follows redirects, and tries again what may pass. More bytes
// are an error that wraps artifacts.ErrVerification.
func (w *Web) Get(ctx context.Context, at *url.URL, header http.Header, limit int64) (body []byte, answer http.Header, err error) {
	err = w.Retry(ctx, func(ctx context.Context) error {
		body, answer, err = w.get(ctx, at, header, limit)
		return err
	})
	return body, answer, err
}

func (w *Web) get(ctx context.Context, at *url.URL, header http.Header, limit int64) ([]byte, http.Header, error) {
	resp, err := w.Open(ctx, at, header)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("reading %s: %w", Redact(at), err)
	case int64(len(body)) > limit:
		return nil, nil, fmt.Errorf("reading %s: %w: it has more than %d bytes", Redact(at), artifacts.ErrVerification, limit)
	}
	return body, resp.Header, nil
}

// Open asks the origin once, and follows where it leads; header may be nil. An answer that is no success is an error. The caller
// closes the body, of which the errors are those of NetError; a server that falls silent ends the exchange.
func (w *Web) Open(ctx context.Context, at *url.URL, header http.Header) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	resp, _, err := Follow(at, func(to *url.URL, away bool) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
		if err != nil {
			return nil, fmt.Errorf("asking %s: not a usable address", Redact(to))
		}
		req.Header.Set("Accept-Encoding", "identity") // sizes and hashes are those of the bytes as they are
		for name, values := range header {
			req.Header[name] = values
		}
		if away {
			return w.Elsewhere(req)
		}
		return w.Origin(req)
	})
	if err == nil && resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent {
		err = NewStatusError(resp)
		resp.Body.Close()
	}
	if err != nil {
		defer cancel(nil)
		return nil, netErrorAt(ctx, at, err)
	}
	resp.Body = &ending{Watch(resp.Body, w.o.Stall, cancel), ctx, cancel}
	return resp, nil
}

// netErrorAt is NetError with the place in it, which the end of a context does not name.
func netErrorAt(ctx context.Context, at *url.URL, err error) error {
	if context.Cause(ctx) == nil {
		return NetError(ctx, err)
	}
	return fmt.Errorf("asking %s: %w", Redact(at), NetError(ctx, err))
}

// ending is a body whose Close ends its exchange.
type ending struct {
	body   io.ReadCloser
	ctx    context.Context //nolint:containedctx // of the exchange: tells a stall and a cancel from a broken connection
	cancel context.CancelCauseFunc
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = NetError(e.ctx, err)
	}
	return n, err
}

func (e *ending) Close() error {
	defer e.cancel(nil)
	return e.body.Close()
}

// Probe asks whether a file may be read, and nothing more. That the origin leads elsewhere is a yes.
func (w *Web) Probe(ctx context.Context, at *url.URL) error {
	return w.Retry(ctx, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodHead, at.String(), nil)
		if err != nil {
			return fmt.Errorf("asking %s: not a usable address", Redact(at))
		}
		resp, err := w.Origin(req)
		if err != nil {
			return netErrorAt(ctx, at, err)
		}
		return resp.Body.Close()
	})
}

// Retry tries again what may pass, after as long as the origin asks for. try has a small exchange, which its ctx bounds as a whole.
func (w *Web) Retry(ctx context.Context, try func(context.Context) error) error {
	pause, limit, begun := firstWait, 2*w.o.Stall, time.Now()
	for n := 1; ; n++ {
		short, cancel := context.WithTimeoutCause(ctx, limit, &artifacts.TemporaryError{Err: fmt.Errorf("there is no answer within %s", limit)})
		err := try(short)
		cancel()
		var temporary *artifacts.TemporaryError
		if err == nil || ctx.Err() != nil || !errors.As(err, &temporary) || temporary.RetryAfter > maxWait || n == maxTries || time.Since(begun) >= limit {
			return err
		}
		pause = max(pause, temporary.RetryAfter)
		w.o.Logger.WarnContext(ctx, "asking again", "after", pause, "error", err)
		if w.o.Wait(ctx, pause) != nil {
			return context.Cause(ctx)
		}
		pause *= 2
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
