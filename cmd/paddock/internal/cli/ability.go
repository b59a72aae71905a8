package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// able opens the store as one that can do what T says; act is what is to be done, for the error.
func able[T any](ctx context.Context, env *Env, act string) (T, error) {
	var none T
	store, err := env.Store(ctx)
	if err != nil {
		return none, err
	}
	t, ok := store.(T)
	if !ok {
		return none, fmt.Errorf("%s: %w by this kind of store", act, errors.ErrUnsupported)
	}
	return t, nil
}

// tellWait says on stderr what a command without progress waits for.
func (e *Env) tellWait(reason string) {
	if reason != "" {
		ui.Note(e.Err, reason)
	}
}
