//go:build faults

package faults

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// hangs is when a program that should have ended is said to hang.
const hangs = 2 * time.Minute

// process is a program that runs.
type process struct {
	cmd       *exec.Cmd
	name      string
	out, errs output
	ended     chan struct{}
	ctx       context.Context
}

// output is what a program writes; changed is closed, and made anew, with each write.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.text.Write(p)
}

func (o *output) read() (text string, changed chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.changed
}

func (o *output) String() string {
	text, _ := o.read()
	return text
}

// start runs a program with an environment of its own beside the usual one.
func start(t *testing.T, env []string, argv ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), hangs)
	p := &process{cmd: exec.CommandContext(ctx, argv[0], argv[1:]...), name: strings.Join(argv, " "), ended: make(chan struct{}), ctx: ctx}
	p.out.changed, p.errs.changed = make(chan struct{}), make(chan struct{})
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.errs
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.WaitDelay = 10 * time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer cancel()
		defer close(p.ended)
		p.cmd.Wait() // the state says it all
	}()
	t.Cleanup(func() {
		p.signal(t, syscall.SIGKILL)
		<-p.ended
	})
	return p
}

// signal sends a signal, if the program still runs.
func (p *process) signal(t *testing.T, s syscall.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("sending %s to %s: %v", s, p.name, err)
	}
}

// code waits for the end and returns the exit status, 128 and its number for a signal.
func (p *process) code(t *testing.T) int {
	t.Helper()
	<-p.ended
	if p.ctx.Err() == context.DeadlineExceeded {
		t.Fatalf("%s hangs\n%s", p.name, p.errs.String())
	}
	if ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return p.cmd.ProcessState.ExitCode()
}

// running says whether it has not ended yet.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// says waits until the program has written text to its standard error.
func (p *process) says(t *testing.T, text string) {
	t.Helper()
	for {
		said, changed := p.errs.read()
		if strings.Contains(said, text) {
			return
		}
		select {
		case <-changed:
		case <-p.ended:
			if said = p.errs.String(); !strings.Contains(said, text) {
				t.Fatalf("%s ended with %d and did not say %q:\n%s", p.name, p.code(t), text, said)
			}
			return
		}
	}
}

// must runs a program that has to succeed and returns what it printed.
func must(t *testing.T, env []string, argv ...string) string {
	t.Helper()
	p := start(t, env, argv...)
	if code := p.code(t); code != 0 {
		t.Fatalf("%s: exit %d\n%s%s", p.name, code, p.out.String(), p.errs.String())
	}
	return p.out.String()
}

var _ io.Writer = (*output)(nil)
