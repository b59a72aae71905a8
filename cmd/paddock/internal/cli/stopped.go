package cli

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
)

// stopped says why a container is not running; nil if it is.
func stopped(ctx context.Context, env *Env, eng engine.Engine, name string) error {
	var out, errs bytes.Buffer
	if err := env.Services.Run(ctx, eng.State(name), &engine.Streams{Out: &out, Err: &errs}); err != nil {
		return fmt.Errorf("asking %s for the state of %s: %w: %s", eng.Name(), name, err, strings.TrimSpace(errs.String()))
	}
	state := strings.TrimSpace(out.String())
	status, code, _ := strings.Cut(state, " ")
	switch status {
	case "exited", "stopped", "dead", "removing":
		return fmt.Errorf("the container %s has ended with status %s", name, code)
	}
	return nil
}
