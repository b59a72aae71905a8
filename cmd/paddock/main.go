// Paddock brings AI models to Podman. This file knows the process: signals, environment, and exit code.
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"os/user"
	"runtime/debug"
	"syscall"

	"github.com/sirupsen/logrus"
	"go.podman.io/storage/pkg/homedir"
	"go.podman.io/storage/pkg/reexec"
	"go.podman.io/storage/pkg/unshare"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/cli"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

func main() {
	if reexec.Init() { // the storage library starts this program to unpack a layer of an image
		return
	}
	ownRuntimeDir()
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	var out io.Writer = os.Stdout
	if stdoutClosed() {
		out = cli.NoOutput{}
	}
	err := cli.Run(ctx, &cli.Env{
		In: os.Stdin, Out: out, Err: os.Stderr,
		Getenv: os.Getenv, Environ: os.Environ, Home: home,
		BuildInfo: debug.ReadBuildInfo, LibraryLog: libraryLog,
	}, os.Args[1:])
	if err != nil {
		hints := cli.Hints(err)
		for i := range hints {
			hints[i] = cli.Conceal(hints[i], os.Args)
		}
		ui.Failure(os.Stderr, cli.Conceal(err.Error(), os.Args), hints)
	}
	return cli.ExitCode(err)
}

// ownRuntimeDir sets XDG_RUNTIME_DIR of the process where su, sudo or cron left it unset, as Podman does for itself: the
// container libraries look for credentials in it, and without it in a folder that root's Podman closes to others. Root has
// none. If no folder is fit, the variable stays unset, and what needs it says so.
func ownRuntimeDir() {
	if os.Getenv("XDG_RUNTIME_DIR") != "" || !unshare.IsRootless() {
		return
	}
	if dir, err := homedir.GetRuntimeDir(); err == nil {
		_ = os.Setenv("XDG_RUNTIME_DIR", dir) // fails for names that are none
	}
}

// home asks the user database when $HOME is not set, as in a system service.
func home() (string, error) {
	if dir, err := os.UserHomeDir(); err == nil {
		return dir, nil
	}
	u, err := user.Current()
	if err != nil {
		return "", err
	}
	return u.HomeDir, nil
}

// libraryLog sets the level of the log that the container libraries share.
func libraryLog(level slog.Level) {
	switch {
	case level <= slog.LevelDebug:
		logrus.SetLevel(logrus.DebugLevel)
	case level <= slog.LevelInfo:
		logrus.SetLevel(logrus.InfoLevel)
	case level <= slog.LevelWarn:
		logrus.SetLevel(logrus.WarnLevel)
	default:
		logrus.SetLevel(logrus.ErrorLevel)
	}
}
