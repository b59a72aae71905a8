package cli

import (
	"errors"

	"github.com/paddock-dev/paddock/artifacts"
)

// The exit codes that scripts may rely on; 125 to 127 come from the engine.
const (
	exitOK             = 0
	exitError          = 1
	exitUsage          = 2
	exitNotFound       = 3
	exitAuthentication = 4
	exitRefused        = 5
	exitEngineFirst    = 125
	exitEngineLast     = 127
	exitInterrupted    = 130
)

// ExitCode maps what Run returned to the process's exit code. An engine's own failures (125: the engine, 126: the
// command cannot be run, 127: no such command) are passed on; what the program in the container exits with is 1.
func ExitCode(err error) int {
	var usage *usageError
	var engine interface{ ExitCode() int }
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, artifacts.ErrNotFound):
		return exitNotFound
	case errors.Is(err, artifacts.ErrAuthentication):
		return exitAuthentication
	case errors.Is(err, artifacts.ErrPolicy), errors.Is(err, artifacts.ErrVerification):
		return exitRefused
	case errors.As(err, &engine) && engine.ExitCode() >= exitEngineFirst && engine.ExitCode() <= exitEngineLast:
		return engine.ExitCode()
	default:
		return exitError
	}
}
