package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"syscall"
)

// beside is a command that runs beside the tests. Its output is kept until it is waited for, so that lines do not mix.
type beside struct {
	out  bytes.Buffer
	done chan error
}

// startBeside starts a shell command in a process group of its own, which ends as a whole when ctx is done.
func startBeside(ctx context.Context, command string) *beside {
	b := &beside{done: make(chan error, 1)}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Stdout, cmd.Stderr = &b.out, &b.out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	go func() { b.done <- cmd.Run() }()
	return b
}

// beside waits for the command, and takes it for a test.
func (t *tally) beside(command string, b *beside) {
	err := <-b.done
	_, _ = b.out.WriteTo(t.out)
	result := "pass"
	if err != nil {
		fmt.Fprintf(t.out, "--- FAIL %s: %v\n", command, err)
		result = "fail"
	}
	t.count(command, result)
}
