package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// askTime is how long an engine may take to answer a question about itself: the first podman of a user on a busy machine was seen to take
// more than 10 s.
const askTime = 30 * time.Second

// ask runs a process that answers a question, and returns its standard output. What it says on standard error is part of
// the error. limit is how long it may take; 0 is askTime. env is its environment; nil is this process's.
func ask(ctx context.Context, argv, env []string, limit time.Duration) ([]byte, error) {
	if limit <= 0 {
		limit = askTime
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it did not answer in %s", limit))
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &errs
	cmd.WaitDelay = time.Second // a grandchild may hold the pipes open
	err := cmd.Run()
	if err == nil {
		return out.Bytes(), nil
	}
	if ctx.Err() != nil {
		err = ended(ctx)
	}
	if said := strings.TrimSpace(errs.String()); said != "" {
		err = errors.Join(err, errors.New(said))
	}
	return nil, fmt.Errorf("asking %s: %w", strings.Join(argv, " "), err)
}

// Running says whether the container of that name runs, by asking the engine; state is its own word for it ("exited 137").
// An engine that knows no such container makes an error.
func Running(ctx context.Context, e Engine, name string) (running bool, state string, err error) {
	out, err := ask(ctx, e.State(name), nil, 0)
	if err != nil {
		return false, "", fmt.Errorf("finding out whether the container %s runs: %w", name, err)
	}
	state = strings.TrimSpace(string(out))
	return strings.HasPrefix(state, "running "), state, nil
}
