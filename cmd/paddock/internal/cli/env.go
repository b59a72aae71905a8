package cli

import (
	"errors"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/config"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
)

// Env is everything that the commands get from outside. main fills it from the process; tests from what they please.
// All fields but LibraryLog and Services must be set.
type Env struct {
	In  io.Reader
	Out io.Writer // results only
	Err io.Writer // progress, hints, logs and errors
	// Getenv and Environ read the environment, as in package os.
	Getenv  func(string) string
	Environ func() []string
	// Home returns the user's home directory; an error if there is none, as for a system service.
	Home func() (string, error)
	// Root is put before the paths of the system's configuration files; "" for the real ones.
	Root string
	// BuildInfo is debug.ReadBuildInfo.
	BuildInfo func() (*debug.BuildInfo, bool)
	// LibraryLog sets the level of the log that the container libraries keep; nil: leave it alone.
	LibraryLog func(slog.Level)
	// Services are what commands work with; nil: those of this machine.
	Services *Services

	globals *globals
	log     *slog.Logger
	loaded  func() (*config.Config, error)
	chosen  *chosenEngine
}

// chosenEngine is the engine, once it is known: to ask one takes longer than most of what is done with the answer.
type chosenEngine struct {
	mu     sync.Mutex
	choice *engine.Choice
}

// Log is the run's logger; it writes to Err at the level of --log-level.
func (e *Env) Log() *slog.Logger { return e.log }

// Config returns the settings: flags that every command has, environment, files, defaults. They are read at the first
// call, so that commands which need none work with a broken file.
func (e *Env) Config() (*config.Config, error) { return e.loaded() }

// NoOutput is the Out of a process that was started without a standard output: no result can be written.
type NoOutput struct{}

// Write fails.
func (NoOutput) Write([]byte) (int, error) { return 0, errors.New("standard output is closed") }
