package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// job is one go test, or a shell command.
type job struct {
	env   []string // NAME=VALUE, on top of the caller's
	shell string   // "" for go test
	args  []string // of go test
}

// parseStages cuts arguments at each "--" into stages, and those at each "++" into jobs.
func parseStages(args []string) [][]job {
	stages := [][]job{{{}}}
	for _, a := range args {
		last := len(stages) - 1
		switch a {
		case "--":
			stages = append(stages, []job{{}})
		case "++":
			stages[last] = append(stages[last], job{})
		default:
			j := &stages[last][len(stages[last])-1]
			j.args = append(j.args, a)
		}
	}
	variable := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
	for _, stage := range stages {
		for i := range stage {
			j := &stage[i]
			for len(j.args) > 0 && variable.MatchString(j.args[0]) {
				j.env, j.args = append(j.env, j.args[0]), j.args[1:]
			}
			if len(j.args) == 2 && j.args[0] == "sh" {
				j.shell, j.args = j.args[1], nil
			}
		}
	}
	return stages
}

// run runs a job to its end, and counts what it did.
func (t *tally) run(ctx context.Context, j *job) {
	if j.shell != "" {
		t.command(ctx, j)
		return
	}
	r := t.newReader()
	cpu, err := goTest(ctx, j, r.read)
	if err != nil {
		t.breaks(err)
	}
	r.close()
	t.spent(strings.Join(append(j.env, j.args...), " "), cpu)
}

// goTest feeds the events of one go test to read, and returns the time of processors that it and its children took. That tests fail
// is told by the events, not by the error.
func goTest(ctx context.Context, j *job, read func(io.Reader) error) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, j.args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.Env, cmd.Stderr = append(os.Environ(), j.env...), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, fmt.Errorf("running go test: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("running go test: %w", err)
	}
	readErr := read(out)
	err = cmd.Wait()
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return cpu, fmt.Errorf("running go test: interrupted: %w", ctx.Err())
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return cpu, readErr
	case err != nil:
		return cpu, fmt.Errorf("running go test: %w", err)
	}
	return cpu, readErr
}

// command runs a shell command in a process group of its own, which ends as a whole when ctx is done. Its output is kept until
// it has ended, so that lines do not mix.
func (t *tally) command(ctx context.Context, j *job) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", j.shell)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), j.env...), &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	started := time.Now()
	err := cmd.Run()
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = out.WriteTo(t.out)
	result := "pass"
	if err != nil {
		fmt.Fprintf(t.out, "--- FAIL %s: %v\n", j.shell, err)
		result = "fail"
	}
	t.count(j.shell, result)
	t.timed(j.shell, time.Since(started).Seconds())
	if cmd.ProcessState != nil {
		t.costs = append(t.costs, timing{j.shell, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()})
	}
}
