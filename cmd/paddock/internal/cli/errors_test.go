package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
)

type engineExit int

func (e engineExit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }
func (e engineExit) ExitCode() int { return int(e) }

func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("x"), 1},
		{context.Canceled, 1}, // no signal, so a fault of ours
		{usagef("x"), 2},
		{WithHint(fmt.Errorf("a: %w", asUsage(artifacts.ErrNotFound)), "h"), 2},
		{fmt.Errorf("a: %w", artifacts.ErrNotFound), 3},
		{errors.Join(errors.New("x"), artifacts.ErrAuthentication), 4},
		{artifacts.ErrPolicy, 5},
		{fmt.Errorf("a: %w", artifacts.ErrVerification), 5},
		{fmt.Errorf("running: %w", engineExit(125)), 125},
		{engineExit(126), 126},
		{engineExit(127), 127},
		{engineExit(1), 1},
		{engineExit(124), 1},
		{engineExit(137), 1},
		{fmt.Errorf("%w: %w", errInterrupted, artifacts.ErrNotFound), 130},
	} {
		if got := ExitCode(c.err); got != c.want {
			t.Errorf("%v: got %d, want %d", c.err, got, c.want)
		}
	}
}

func TestHints(t *testing.T) {
	inner := WithHint(artifacts.ErrAuthentication, "run podman login")
	err := WithHint(errors.Join(fmt.Errorf("pulling m: %w", inner), WithHint(inner, "second")), "first")
	if got := Hints(err); !slices.Equal(got, []string{"first", "run podman login", "second"}) {
		t.Errorf("got %q", got)
	}
	if !errors.Is(err, artifacts.ErrAuthentication) || WithHint(nil, "x") != nil || Hints(nil) != nil {
		t.Error("a hint changed the error")
	}
	if plain := errors.New("x"); WithHint(plain, "") != plain {
		t.Error("an empty hint was kept")
	}
}
