package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

// maxStrikes is after how many temporary failures in a row a mirror is no longer asked for a blob.
const maxStrikes = 3

// blob is one blob at all the places that have it, in the order of registries.conf. Its open is an artifacts.Opener.
type blob struct {
	digest digest.Digest
	size   int64
	at     []*endpoint
	log    *slog.Logger

	mu      sync.Mutex
	strikes []int            // by place; maxStrikes: given up
	remotes []*source.Remote // by place; nil until asked
	given   delivery
}

func newBlob(d digest.Digest, size int64, at []*endpoint, log *slog.Logger) *blob {
	return &blob{digest: d, size: size, at: at, log: log, strikes: make([]int, len(at)), remotes: make([]*source.Remote, len(at))}
}

// open reads a part from the first place that gives it. A mirror that fails is passed over: for this part if the failure
// is temporary, for good if it is not, and for good if all of the blob was read and is asked for once more: then it was
// wrong. The failure of the last place, the registry itself, is the answer.
func (b *blob) open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	if _, err := source.NewPart(offset, length, b.size); err != nil {
		return nil, fmt.Errorf("reading blob %s: %w", b.digest, err) // no mirror's fault
	}
	b.distrust(ctx)
	var passed []error
	for i := b.first(); ; i++ {
		body, err := b.openAt(ctx, i, offset, length)
		if err == nil {
			b.praise(i)
			return &judged{ReadCloser: body, fail: func(err error) { b.strike(i, err) }, gave: func(n int64) { b.note(i, span{offset, offset + n}) }}, nil
		}
		if ctx.Err() != nil || errors.Is(err, artifacts.ErrNoRange) || i == len(b.at)-1 {
			return nil, b.failure(err, passed)
		}
		b.strike(i, err)
		b.log.DebugContext(ctx, "mirror failed", "blob", b.digest, "mirror", b.at[i].repo, "error", err)
		passed = append(passed, err)
	}
}

// failure joins the final error with those of the mirrors. As long as one of them may pass, so may the whole.
func (b *blob) failure(err error, passed []error) error {
	err = fmt.Errorf("reading blob %s: %w", b.digest, err)
	for _, p := range passed {
		var temporary *artifacts.TemporaryError
		if errors.As(p, &temporary) {
			err = fmt.Errorf("%w (mirror: %w)", err, p)
		} else {
			err = fmt.Errorf("%w (mirror: %v)", err, p) // its kind is not the answer's
		}
	}
	return err
}

// openAt reads a part from one place.
func (b *blob) openAt(ctx context.Context, i int, offset, length int64) (io.ReadCloser, error) {
	e := b.at[i]
	if err := e.probe(ctx); err != nil {
		return nil, err
	}
	remote := b.remote(i)
	body, err := remote.Open(ctx, offset, length)
	if err != nil {
		return nil, e.ownRefusal(err)
	}
	return body, nil
}

// ownRefusal is refusal for an error that may also come from a host that the registry led to.
func (e *endpoint) ownRefusal(err error) error {
	var status *source.StatusError
	if errors.As(err, &status) && !strings.HasPrefix(status.URL, source.Redact(e.url("/"))) {
		return err
	}
	return e.refusal(err)
}

// remote returns the blob at a place that has been probed.
func (b *blob) remote(i int) *source.Remote {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.remotes[i] == nil {
		e := b.at[i]
		b.remotes[i] = source.NewRemote(&source.Place{
			URL: e.url("/v2/" + e.path + "/blobs/" + b.digest.String()), Size: b.size,
			Origin: e.send, Elsewhere: e.elsewhere, Stall: e.stall,
		})
	}
	return b.remotes[i]
}

// first returns the first place that is not given up; the last one never is.
func (b *blob) first() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, n := range b.strikes {
		if n < maxStrikes {
			return i
		}
	}
	return len(b.at) - 1
}

// praise forgets the failures of a place that answers.
func (b *blob) praise(i int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.strikes[i] = 0
}

// strike counts a failure of a place. A lasting one is enough.
func (b *blob) strike(i int, err error) {
	var temporary *artifacts.TemporaryError
	b.mu.Lock()
	defer b.mu.Unlock()
	if !errors.As(err, &temporary) {
		b.strikes[i] = maxStrikes
		return
	}
	b.strikes[i]++
}

// note takes down what a place gave.
func (b *blob) note(i int, s span) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.given.add(i, s)
}

// distrust gives up the mirrors that had a part in a blob which was read to its end and is asked for again.
func (b *blob) distrust(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.given.whole(b.size) {
		return
	}
	for i := range len(b.at) - 1 {
		if b.given.by[i] && b.strikes[i] < maxStrikes {
			b.strikes[i] = maxStrikes
			b.log.WarnContext(ctx, "a mirror gave a blob that is not accepted: it is asked for it no more", "blob", b.digest, "mirror", b.at[i].repo)
		}
	}
	b.given = delivery{}
}

// judged tells the blob what a place gave, and when one that answered did not hold out.
type judged struct {
	io.ReadCloser
	fail func(error)
	gave func(int64)
	read int64
}

func (j *judged) Read(p []byte) (int, error) {
	n, err := j.ReadCloser.Read(p)
	j.read += int64(n)
	var temporary *artifacts.TemporaryError
	if errors.As(err, &temporary) || errors.Is(err, artifacts.ErrVerification) {
		j.fail(err)
		j.fail = func(error) {}
	}
	return n, err
}

func (j *judged) Close() error {
	j.gave(j.read)
	j.read = 0
	return j.ReadCloser.Close()
}
