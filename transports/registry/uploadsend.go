package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

// commitSpeed is the slowest that a registry may read a blob which it has received, in bytes per second.
const commitSpeed = 10 << 20

// patch sends a chunk, and returns how much the registry then has.
func (u *upload) patch(ctx context.Context, offset, n int64) (int64, error) {
	header := http.Header{
		"Content-Type": {"application/octet-stream"}, "Content-Range": {fmt.Sprintf("%d-%d", offset, offset+n-1)},
	}
	resp, err := u.send(ctx, http.MethodPatch, u.session.location, header, offset, n)
	if err != nil {
		return offset, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusAccepted, http.StatusNoContent, http.StatusCreated:
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return offset, fmt.Errorf("%w: %w", errNoChunks, source.NewStatusError(resp))
	case http.StatusRequestedRangeNotSatisfiable: // it has another part than was thought
		return offset, &artifacts.TemporaryError{Err: source.NewStatusError(resp)}
	default:
		return offset, u.failure(resp)
	}
	u.moved(resp)
	now, err := arrived(resp.Header)
	switch {
	case err != nil, offset+n == 1: // it need not say, and "0-0" is said of nothing, too
		now = offset + n
	case now == offset:
		return offset, &artifacts.TemporaryError{Err: fmt.Errorf("the registry took nothing of %d bytes", n)}
	case now > offset+n || now < offset:
		return offset, fmt.Errorf("%w: it says %q after %d bytes", errNoSession, resp.Header.Get("Range"), offset+n)
	}
	u.session.save()
	return now, nil
}

// put completes the upload, with what is left of the blob.
func (u *upload) put(ctx context.Context, at *url.URL, offset, n int64) error {
	resp, err := u.send(ctx, http.MethodPut, u.withDigest(at), http.Header{"Content-Type": {"application/octet-stream"}}, offset, n)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusCreated, http.StatusNoContent, http.StatusOK, http.StatusAccepted:
		return nil // a Location is not needed
	}
	return u.failure(resp)
}

// failure is the error of a refused piece of a blob.
func (u *upload) failure(resp *http.Response) error {
	err := u.at.refusal(source.NewStatusError(resp))
	var status *source.StatusError
	switch {
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		return fmt.Errorf("%w: %w", errNoSession, err)
	case resp.StatusCode == http.StatusBadRequest && errors.As(err, &status) && strings.Contains(strings.ToLower(status.Message), "digest"):
		return fmt.Errorf("%w: %w", artifacts.ErrVerification, err)
	}
	return err
}

// send sends bytes of the blob to a place that the registry named. Another host than the registry's gets no credentials.
func (u *upload) send(ctx context.Context, method string, to *url.URL, header http.Header, offset, n int64) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	out := &outgoing{upload: u, ctx: ctx, cancel: cancel}
	body, err := out.open(offset, n)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, to.String(), body)
	if err != nil {
		body.Close()
		cancel(nil)
		return nil, fmt.Errorf("sending to %s: not a usable address", source.Redact(to))
	}
	req.Header, req.ContentLength = header, n
	if n == 0 {
		req.Body = http.NoBody
	}
	req.GetBody = func() (io.ReadCloser, error) {
		u.showAt(offset)
		return out.open(offset, n)
	}
	send := u.at.elsewhere
	if source.SameOrigin(to, u.at.url("/")) {
		send = u.at.send
	}
	resp, err := send(req)
	if err != nil {
		defer cancel(nil)
		if failed := out.failed(); failed != nil {
			return nil, fmt.Errorf("reading it: %w", failed)
		}
		return nil, fmt.Errorf("sending to %s: %w", source.Redact(to), source.NetError(ctx, err))
	}
	resp.Body = &ending{resp.Body, func() { out.stop(); cancel(nil) }}
	return resp, nil
}

// read opens a part of the blob. An origin without ranges is read from its start.
func (u *upload) read(ctx context.Context, offset, n int64) (io.ReadCloser, error) {
	b := u.blob
	if n == 0 {
		return http.NoBody, nil
	}
	if b.Data != nil {
		return io.NopCloser(bytes.NewReader(b.Data[offset : offset+n])), nil
	}
	if offset+n == b.Size {
		n = -1
	}
	body, err := b.Open(ctx, offset, n)
	if !errors.Is(err, artifacts.ErrNoRange) || n != -1 {
		return body, err
	}
	if body, err = b.Open(ctx, 0, -1); err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, body, offset); err != nil {
		return nil, errors.Join(err, body.Close())
	}
	return body, nil
}

// ask sends a request without a body, as a whole bounded in time, and follows no redirect.
func (e *endpoint) ask(ctx context.Context, method string, to *url.URL) (*http.Response, error) {
	short, cancel := e.timeout(ctx)
	req, err := http.NewRequestWithContext(short, method, to.String(), nil)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("asking %s: not a usable address", source.Redact(to))
	}
	send := e.elsewhere
	if source.SameOrigin(to, e.url("/")) {
		send = e.send
	}
	resp, err := send(req)
	if err != nil {
		defer cancel()
		return nil, source.NetError(ctx, err)
	}
	resp.Body = &ending{resp.Body, cancel}
	return resp, nil
}

// uploadLocation reads where an upload goes on. A registry behind a proxy that speaks TLS for it may name itself with
// http: its own host is not asked without TLS because of that.
func uploadLocation(resp *http.Response) (*url.URL, error) {
	where, err := resp.Location()
	if err != nil || where.Host == "" || where.Scheme != "http" && where.Scheme != "https" {
		return nil, fmt.Errorf("%s begins an upload, but does not say where it goes on", source.Redact(resp.Request.URL))
	}
	if asked := resp.Request.URL; where.Scheme != asked.Scheme && strings.EqualFold(where.Hostname(), asked.Hostname()) {
		where.Scheme, where.Host = asked.Scheme, asked.Host
	}
	return where, nil
}

// arrived reads "0-N" or "bytes=0-N". A registry with nothing yet says "0-0" or, as it should, no range or "0--1"; of one
// byte it says "0-0" as well: that is taken for nothing.
func arrived(h http.Header) (int64, error) {
	text := h.Get("Range")
	first, last, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	n, err := strconv.ParseInt(last, 10, 64)
	if !ok || first != "0" || err != nil || n < -1 || n == math.MaxInt64 {
		return 0, fmt.Errorf("reading the range %q", text)
	}
	if n <= 0 {
		return 0, nil
	}
	return n + 1, nil
}

// minChunk is the least that a registry takes in a chunk (distribution-spec, OCI-Chunk-Min-Length); 0 if it does not say.
func minChunk(h http.Header) int64 {
	n, err := strconv.ParseInt(h.Get("OCI-Chunk-Min-Length"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// commitTime is how long to wait for the answer to n bytes: a registry may read all that it has of the blob.
func (u *upload) commitTime() time.Duration {
	stall := u.at.stall
	if stall == 0 {
		stall = source.DefaultStall
	}
	return min(2*stall+time.Duration(u.blob.Size/commitSpeed)*time.Second, commitLimit)
}
