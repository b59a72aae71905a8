//go:build e2e

package e2e

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// commandLimit ends a command that hangs, so that the test which ran it fails by name.
const commandLimit = 10 * time.Minute

// Result is what one command did. Code is its exit status, 128 and the number for one ended by a signal.
type Result struct {
	Stdout, Stderr string
	Code           int
}

// Lab runs commands in the lab as one user; the zero value as root, in the entered root. It is a value: User, Env and
// the others return a changed copy.
type Lab struct {
	user   string
	env    []string
	stdin  string
	net    string
	booted bool
	old    bool
}

// User is the lab as seen by an ordinary user; "ai" is there, with the lab's images.
func (l Lab) User(name string) Lab {
	l.user = name
	return l
}

// Env adds variables, as NAME=VALUE, to an environment that is otherwise that of a login.
func (l Lab) Env(pairs ...string) Lab {
	l.env = append(l.env[:len(l.env):len(l.env)], pairs...)
	return l
}

// Stdin feeds text to the command; without it, its input is empty.
func (l Lab) Stdin(text string) Lab {
	l.stdin = text
	return l
}

// HostNet is the entered root in the machine's network. The default is one of its own with nothing but a loopback.
func (l Lab) HostNet() Lab {
	l.net = "host"
	return l
}

// script is the lab's script that runs commands for this user, here, in this network.
func (l Lab) script() []string {
	switch {
	case l.booted && l.user != "":
		return []string{labScript("boot"), "user", l.user}
	case l.booted:
		return []string{labScript("boot"), "exec"}
	}
	c := []string{labScript("enter"), "--bind", binDir() + ":/usr/local/bin"}
	if l.user != "" {
		c = append(c, "--user", l.user)
	}
	if l.net != "" {
		c = append(c, "--net", l.net)
	}
	if l.old {
		c = append([]string{"env", "PADDOCK_LAB=" + oldLabDir()}, c...)
	}
	return c
}

// Run runs a command to its end, whatever its exit status. A command that cannot be run, hangs, or leaves a process
// behind which holds its output, fails the test.
func (l Lab) Run(t testing.TB, args ...string) Result {
	t.Helper()
	w := l.way(t)
	return execute(t, &call{argv: slices.Concat(w.words, l.env, args), stdin: l.stdin, group: w.group})
}

// MustRun is Run for a command that has to succeed; it returns its standard output.
func (l Lab) MustRun(t testing.TB, args ...string) string {
	t.Helper()
	r := l.Run(t, args...)
	if r.Code != 0 {
		t.Fatalf("%s: exit %d\n%s%s", strings.Join(args, " "), r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// Reset ends what runs in the entered root and undoes what was changed in it; the lab's images stay.
func (l Lab) Reset(t testing.TB) {
	t.Helper()
	mustScript(t, "enter", "--reset")
}

// mustScript runs one of the lab's scripts itself.
func mustScript(t testing.TB, name string, args ...string) string {
	t.Helper()
	r := execute(t, &call{argv: append([]string{labScript(name)}, args...)})
	if r.Code != 0 {
		t.Fatalf("tests/lab/%s %s: exit %d\n%s%s", name, strings.Join(args, " "), r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// call is a command of this machine.
type call struct {
	argv  []string
	stdin string
	group string // control group of version 2 to start in; "" is the caller's
}

func execute(t testing.TB, c *call) Result {
	t.Helper()
	// cleanups run commands too, when the test's own context has ended
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), commandLimit)
	defer cancel()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.stdin), &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second
	if c.group != "" {
		dir, err := os.Open(c.group)
		if err != nil {
			t.Fatalf("opening the control group of the lab: %v", err)
		}
		defer dir.Close()
		cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if ctx.Err() != nil || err != nil && !errors.As(err, &exit) {
		t.Fatalf("running %s: %v\n%s%s", strings.Join(c.argv, " "), errors.Join(err, ctx.Err()), stdout.String(), stderr.String())
	}
	return Result{Stdout: stdout.String(), Stderr: stderr.String(), Code: exitCode(cmd)}
}

func exitCode(cmd *exec.Cmd) int {
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return cmd.ProcessState.ExitCode()
}
