//go:build e2e

package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Listener returns a function that opens ports on the loopback of the lab's own network, for servers in this process. They
// last until the end of the test.
func (l Lab) Listener(t testing.TB) func() net.Listener {
	t.Helper()
	network, err := l.network()
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

// network opens the network namespace of the lab, by way of a process that is in it.
func (l Lab) network() (*os.File, error) {
	argv := l.command([]string{"sh", "-c", "echo ready; exec cat"})
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	stdin, inErr := cmd.StdinPipe()
	stdout, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		return nil, err
	}
	_, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(err, stdin.Close(), cmd.Wait())
	}
	file, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", cmd.Process.Pid))
	return file, errors.Join(err, stdin.Close(), cmd.Wait())
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
