package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

const (
	// defaultChunk is large enough that requests cost nothing, and small enough for the proxies that bound bodies.
	defaultChunk = 64 << 20
	// commitLimit bounds how long a registry may take to accept a blob of any size.
	commitLimit = time.Hour
	// maxUploadTries is how often in a row an upload may fail without a byte of progress.
	maxUploadTries = 5
	// firstPause and longestPause bound the wait between two tries.
	firstPause, longestPause = 200 * time.Millisecond, 30 * time.Second
)

var (
	errNoSession = errors.New("the registry does not know the upload any more")
	errNoChunks  = errors.New("the registry takes no chunks")
)

// upload sends one blob.
type upload struct {
	*pusher
	blob    *artifacts.Blob
	chunk   int64
	whole   bool // in one PUT, without chunks
	session *session
	resumed bool         // the session was begun by another process
	shown   atomic.Int64 // bytes that progress was told of
}

func newUpload(p *pusher, b *artifacts.Blob) *upload {
	return &upload{pusher: p, blob: b, chunk: cmp.Or(p.o.Chunk, defaultChunk), whole: wantsOnePut(p.at.name)}
}

func (u *upload) run(ctx context.Context) error {
	there, err := u.there(ctx)
	if err != nil {
		return err
	}
	if there || u.mount(ctx) {
		u.start(u.blob.Size)
		u.finish()
		return nil
	}
	defer func() { u.session.release() }()
	if !u.whole && u.session == nil {
		u.session = resumeSession(u.o.Sessions, u.at.repo, u.blob.Digest, u.r.log)
		u.resumed = u.session.location != nil
	}
	u.start(0)
	if err := u.tries(ctx); err != nil {
		return err
	}
	u.session.end()
	u.finish()
	return nil
}

// there asks whether the repository has the blob. A redirect says so, too: to where it is.
func (u *upload) there(ctx context.Context) (bool, error) {
	resp, err := u.at.ask(ctx, http.MethodHead, u.at.url("/v2/"+u.at.path+"/blobs/"+u.blob.Digest.String()))
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return false, nil
	case resp.StatusCode >= 400:
		return false, u.at.refusal(source.NewStatusError(resp))
	case resp.StatusCode == http.StatusOK && resp.ContentLength >= 0 && resp.ContentLength != u.blob.Size:
		return false, fmt.Errorf("%w: the registry has %d bytes of it, not %d", artifacts.ErrVerification, resp.ContentLength, u.blob.Size)
	}
	return true, nil
}

// mount asks the registry to take the blob from another repository of its own. One that does not may begin an upload instead,
// which is then used. Nothing is lost if it fails.
func (u *upload) mount(ctx context.Context) bool {
	at, from := u.mountFrom(u.blob.Digest)
	if at == nil || at.probe(ctx) != nil {
		return false
	}
	to := at.url("/v2/" + at.path + "/blobs/uploads/")
	query := to.Query()
	query.Set("mount", u.blob.Digest.String())
	query.Set("from", from)
	to.RawQuery = query.Encode()
	resp, err := at.ask(ctx, http.MethodPost, to)
	if err != nil {
		u.r.log.DebugContext(ctx, "mounting failed", "blob", u.blob.Digest, "from", from, "error", err)
		return false
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusAccepted {
		if where, err := uploadLocation(resp); err == nil {
			u.session = newSession(u.o.Sessions, u.at.repo, u.blob.Digest, u.r.log)
			u.session.move(where)
		}
	}
	return resp.StatusCode == http.StatusCreated
}

// tries uploads until the registry has the blob, or nothing helps.
func (u *upload) tries(ctx context.Context) error {
	best := int64(0)
	for failures := 1; ; failures++ {
		offset, err := u.attempt(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if offset > best {
			best, failures = offset, 1
		}
		if lasting := u.recover(err); lasting != nil {
			return lasting
		}
		if failures >= maxUploadTries {
			return fmt.Errorf("%d tries without progress: %w", failures, err)
		}
		if err := pauseBefore(ctx, failures); err != nil {
			return err
		}
	}
}

// recover prepares the next try after an error; it returns the error if there is no use in one.
func (u *upload) recover(err error) error {
	var temporary *artifacts.TemporaryError
	switch {
	case errors.Is(err, errNoChunks) && !u.whole:
		u.whole = true
		u.session.forget()
	case errors.Is(err, errNoSession):
		u.session.forget()
	case errors.Is(err, artifacts.ErrVerification) && u.resumed: // what the other process sent may be wrong
		u.session.forget()
	case errors.Is(err, artifacts.ErrNoRange) && u.chunk < u.blob.Size:
		u.chunk = u.blob.Size
	case errors.As(err, &temporary):
	default:
		return err
	}
	u.r.log.Info("uploading again", "blob", u.blob.Digest, "error", err)
	u.resumed = false
	return nil
}

func pauseBefore(ctx context.Context, failures int) error {
	timer := time.NewTimer(min(firstPause<<(failures-1), longestPause))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// attempt uploads what the registry lacks, and returns how far that has come.
func (u *upload) attempt(ctx context.Context) (int64, error) {
	offset, err := u.open(ctx)
	if err != nil {
		return offset, err
	}
	u.showAt(offset)
	if u.whole {
		return offset, u.put(ctx, u.session.location, 0, u.blob.Size)
	}
	for offset < u.blob.Size {
		n := min(u.chunk, u.blob.Size-offset)
		if offset, err = u.patch(ctx, offset, n); err != nil {
			return offset, err
		}
		u.showAt(offset)
	}
	return offset, u.put(ctx, u.session.location, u.blob.Size, 0)
}

// open begins an upload, or finds out how far one has come.
func (u *upload) open(ctx context.Context) (int64, error) {
	if u.session != nil && u.session.location != nil {
		return u.status(ctx)
	}
	resp, err := u.at.ask(ctx, http.MethodPost, u.at.url("/v2/"+u.at.path+"/blobs/uploads/"))
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return 0, u.at.refusal(source.NewStatusError(resp))
	}
	where, err := uploadLocation(resp)
	if err != nil {
		return 0, err
	}
	if u.session == nil {
		u.session = newSession("", "", "", u.r.log) // one PUT cannot be gone on with
	}
	u.session.move(where)
	u.chunk = max(u.chunk, minChunk(resp.Header))
	return 0, nil
}

// status asks how many bytes of an upload have arrived (distribution-spec, "Pushing a blob in chunks").
func (u *upload) status(ctx context.Context) (int64, error) {
	if u.whole {
		u.session.forget() // one PUT begins at the first byte
		return u.open(ctx)
	}
	resp, err := u.at.ask(ctx, http.MethodGet, u.session.location)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusOK:
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden || resp.StatusCode >= 500:
		return 0, u.at.refusal(source.NewStatusError(resp))
	default:
		return 0, fmt.Errorf("%w: %w", errNoSession, source.NewStatusError(resp))
	}
	offset, err := arrived(resp.Header)
	if err != nil || offset > u.blob.Size {
		return 0, fmt.Errorf("%w: it says %q", errNoSession, resp.Header.Get("Range"))
	}
	u.moved(resp)
	return offset, nil
}

// moved notes a new place of the upload, if an answer names one.
func (u *upload) moved(resp *http.Response) {
	if where, err := uploadLocation(resp); err == nil {
		u.session.move(where)
	}
}

// withDigest is the place to say that the blob is complete.
func (u *upload) withDigest(at *url.URL) *url.URL {
	to := *at
	query := to.Query()
	query.Set("digest", u.blob.Digest.String())
	to.RawQuery = query.Encode()
	return &to
}

func (u *upload) start(done int64) {
	u.shown.Store(done)
	if u.o.Progress != nil {
		u.o.Progress.Start(u.blob.Digest, u.blob.Size, done)
	}
}

// showAt corrects the progress to what the registry has.
func (u *upload) showAt(offset int64) { u.advance(offset - u.shown.Load()) }

func (u *upload) advance(n int64) {
	if n == 0 {
		return
	}
	u.shown.Add(n)
	if u.o.Progress != nil {
		u.o.Progress.Advance(u.blob.Digest, n)
	}
}

func (u *upload) finish() {
	if u.o.Progress != nil {
		u.o.Progress.Finish(u.blob.Digest)
	}
}
