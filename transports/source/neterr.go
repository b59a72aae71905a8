package source

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"syscall"

	"github.com/paddock-dev/paddock/artifacts"
)

// NetError makes an error of a failed exchange presentable: an end of ctx becomes that end's cause; a broken connection, a
// timeout or a stall becomes an artifacts.TemporaryError; and no URL keeps its query. A refused connection, an unknown
// host and a bad certificate stay permanent: waiting mends none of them. nil stays nil.
func NetError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		var temporary *artifacts.TemporaryError
		if errors.As(cause, &temporary) {
			return cause
		}
		return redactError(cause)
	}
	var temporary *artifacts.TemporaryError
	if !errors.As(err, &temporary) && transient(err) {
		return &artifacts.TemporaryError{Err: redactError(err)}
	}
	return redactError(err)
}

// transient says whether a network error may go away by itself.
func transient(err error) bool {
	for _, passing := range []error{
		io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT,
		syscall.ENETUNREACH, syscall.EHOSTUNREACH, context.DeadlineExceeded,
	} {
		if errors.Is(err, passing) {
			return true
		}
	}
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// redactError hides the query of the URL that net/http puts in front of its errors.
func redactError(err error) error {
	var at *url.Error
	if !errors.As(err, &at) {
		return err
	}
	return Scrub(err)
}
