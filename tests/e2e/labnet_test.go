//go:build e2e

package e2e

import (
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Listener returns a function that opens ports on the loopback of the lab's own network, for servers in this process. They
// last until the end of the test.
func (l Lab) Listener(t testing.TB) func() net.Listener {
	t.Helper()
	network, err := l.network(t)
	if err != nil {
		t.Fatalf("entering the network of the lab: %v", err)
	}
	t.Cleanup(func() { network.Close() })
	return func() net.Listener {
		ln, err := listenIn(network)
		if err != nil {
			t.Fatalf("listening in the network of the lab: %v", err)
		}
		t.Cleanup(func() { ln.Close() }) // the server that takes it may close it first
		return ln
	}
}

// network opens the network namespace of the lab.
func (l Lab) network(t testing.TB) (*os.File, error) {
	t.Helper()
	for _, word := range l.way(t).words {
		if path, ok := strings.CutPrefix(word, "--net="); ok {
			return os.Open(path)
		}
	}
	return nil, errors.New("it has none of its own")
}

// listenIn opens a port in a network. A socket stays in the network that its thread was in when it was made.
func listenIn(network *os.File) (net.Listener, error) {
	var ln net.Listener
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if err = unix.Setns(int(network.Fd()), unix.CLONE_NEWNET); err == nil {
			ln, err = net.Listen("tcp", "127.0.0.1:0")
		}
	}()
	<-done
	return ln, err
}
