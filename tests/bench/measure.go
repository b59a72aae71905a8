package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// usage is what one run of a program took.
type usage struct {
	Wall   time.Duration `json:"wall"`
	CPU    time.Duration `json:"cpu"`    // user and system
	Memory int64         `json:"memory"` // peak resident set, bytes
	Stdout string        `json:"-"`
	Stderr string        `json:"-"`
}

// childArg makes this program the parent of what is measured, and nothing else. The kernel counts as a program's peak
// memory also that of the process which started it, up to that moment, so it must be a small one.
const childArg = "-child"

// childReport is what the small parent prints.
type childReport struct {
	Usage          usage
	Stdout, Stderr string
	Failed         string // "" if the program succeeded
}

// child runs a program and reports on it.
func child(ctx context.Context, argv []string) int {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	err := cmd.Run()
	r := childReport{Usage: usage{Wall: time.Since(start)}}
	if err != nil {
		r.Failed = err.Error()
	}
	if cmd.ProcessState != nil {
		r.Usage.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			r.Usage.Memory = ru.Maxrss << 10
		}
	}
	r.Stdout, r.Stderr = out.String(), errs.String()
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// measure runs a program that has to succeed.
func measure(ctx context.Context, argv ...string) (*usage, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("measuring %s: %w", argv[0], err)
	}
	cmd := exec.CommandContext(ctx, self, append([]string{childArg}, argv...)...)
	cmd.Stderr = os.Stderr
	raw, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("measuring %s: %w", argv[0], errors.Join(err, ctx.Err()))
	}
	var r childReport
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("measuring %s: %w", argv[0], err)
	}
	if r.Failed != "" {
		return nil, fmt.Errorf("running %s: %s\n%s%s", strings.Join(argv, " "), r.Failed, r.Stdout, r.Stderr)
	}
	r.Usage.Stdout, r.Usage.Stderr = r.Stdout, r.Stderr
	return &r.Usage, nil
}

// must runs a program whose cost does not matter and returns what it printed.
func must(ctx context.Context, argv ...string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("running %s: %w\n%s", strings.Join(argv, " "), err, errs.String())
	}
	return string(out), nil
}
