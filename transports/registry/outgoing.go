package registry

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

// outgoing watches the bodies of one request: between two reads of a body it is the registry's turn to take bytes, and after
// the last one to answer.
type outgoing struct {
	upload *upload
	ctx    context.Context //nolint:containedctx // of the one request
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer
	err   error // of the source
}

// open opens a body of n bytes.
func (o *outgoing) open(offset, n int64) (io.ReadCloser, error) {
	body, err := o.upload.read(o.ctx, offset, n)
	if err != nil {
		return nil, err
	}
	o.wait(o.upload.commitTime()) // a connection has to be made
	return &outgoingBody{ReadCloser: body, of: o, left: n}, nil
}

// wait gives the registry so much time from now on.
func (o *outgoing) wait(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer != nil {
		o.timer.Stop()
	}
	o.timer = time.AfterFunc(d, func() {
		o.cancel(&artifacts.TemporaryError{Err: fmt.Errorf("the registry neither takes a byte nor answers for %s", d)})
	})
}

// stop ends the watch.
func (o *outgoing) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer != nil {
		o.timer.Stop()
	}
}

// failed returns the error of the source, if that is what ended the request.
func (o *outgoing) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

func (o *outgoing) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
}

// outgoingBody is one body.
type outgoingBody struct {
	io.ReadCloser
	of   *outgoing
	left int64
}

func (b *outgoingBody) Read(p []byte) (int, error) {
	b.of.stop()
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	b.of.upload.advance(int64(n))
	switch {
	case b.left == 0:
		b.of.wait(b.of.upload.commitTime())
		return n, nil
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		b.of.fail(err)
		return n, err
	}
	stall := b.of.upload.at.stall
	if stall == 0 {
		stall = source.DefaultStall
	}
	b.of.wait(stall)
	return n, nil
}

// ending ends an exchange with its body.
type ending struct {
	io.ReadCloser
	end func()
}

func (e *ending) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}
