package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Streams are what a process is connected to. nil means the zero value.
type Streams struct {
	// In is its standard input; nil is an empty one.
	In io.Reader
	// Out and Err are its standard output and error; nil discards.
	Out, Err io.Writer
	// Grace is how long it may take to end after SIGTERM, before SIGKILL; 0 is 15 s, a little more than the
	// 10 s that an engine itself gives a container.
	Grace time.Duration
}

// ExitError says that a process ran and did not succeed.
type ExitError struct {
	// Name is the program's base name.
	Name string
	// Code is its exit status; 128 and the signal's number if a signal ended it, as a shell counts.
	Code int
	// Err is what os/exec says.
	Err error
}

// Error says which program ended with which status.
func (e *ExitError) Error() string { return fmt.Sprintf("%s ended with status %d", e.Name, e.Code) }

// ExitCode returns Code: 125 to 127 are the engine's own words for what went wrong before the server ran.
func (e *ExitError) ExitCode() int { return e.Code }

// Unwrap returns Err.
func (e *ExitError) Unwrap() error { return e.Err }

// Run runs a process to its end. A process that fails makes an *ExitError. When ctx is done it gets SIGTERM, then SIGKILL
// after the grace, and the error wraps the cause of ctx.
func Run(ctx context.Context, argv []string, streams *Streams) error {
	if len(argv) == 0 {
		return errors.New("running a process: there are no arguments")
	}
	if streams == nil {
		streams = &Streams{}
	}
	name := filepath.Base(argv[0])
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = streams.In, streams.Out, streams.Err
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = streams.Grace
	if cmd.WaitDelay <= 0 {
		cmd.WaitDelay = 15 * time.Second
	}
	err := cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("running %s: %w", name, ended(ctx))
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return &ExitError{Name: name, Code: exitCode(exit), Err: err}
	default:
		return fmt.Errorf("running %s: %w", name, err)
	}
}

func exitCode(e *exec.ExitError) int {
	if status, ok := e.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return e.ExitCode()
}
