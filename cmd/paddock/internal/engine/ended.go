package engine

import (
	"context"
	"fmt"
)

// ended returns why ctx is done: an error that is context.Canceled or context.DeadlineExceeded to errors.Is, and the cause,
// which may be neither (since Go 1.26 signal.NotifyContext names the signal there).
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == err {
		return err
	}
	return fmt.Errorf("%w (%w)", err, cause)
}
