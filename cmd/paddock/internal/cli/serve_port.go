package cli

import (
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
)

// hintPort explains a container that did not start, if another program has its port by now. Podman's 125 is about something else: a
// port that is taken is its 126. Docker says 125 of both.
func hintPort(ctx context.Context, err error, eng engine.Engine, spec *workload.Spec) error {
	var exit *engine.ExitError
	if !errors.As(err, &exit) || ctx.Err() != nil || spec.URL() == "" {
		return err
	}
	if _, podman := eng.(*engine.Podman); podman && exit.Code == exitEngineFirst {
		return err
	}
	host, port := spec.Address()
	at := net.JoinHostPort(host, strconv.Itoa(port))
	listener, listenErr := new(net.ListenConfig).Listen(ctx, "tcp", at)
	if listenErr == nil {
		_ = listener.Close() // it was only to see
		return err
	}
	if !errors.Is(listenErr, syscall.EADDRINUSE) {
		return err
	}
	return WithHint(err, at+" is taken by another program: choose another port with --port")
}
