package quadlet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Runner runs a program to its end and returns what it wrote. A program that fails makes an error, and what it wrote is
// returned all the same.
type Runner func(ctx context.Context, argv []string) (stdout, stderr []byte, err error)

// run is the Runner that really runs.
func run(ctx context.Context, argv []string) (stdout, stderr []byte, err error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = 5 * time.Second
	err = cmd.Run()
	return out.Bytes(), errs.Bytes(), err
}

// Call runs a program, and makes one error of its failure and of what it said. A nil Runner really runs it.
func (r Runner) Call(ctx context.Context, argv ...string) (string, error) {
	if r == nil {
		r = run
	}
	out, errs, err := r(ctx, argv)
	if err != nil {
		if said := strings.TrimSpace(string(errs)); said != "" {
			err = errors.Join(err, errors.New(said))
		}
		return "", fmt.Errorf("running %s: %w", strings.Join(argv, " "), err)
	}
	return string(out), nil
}
