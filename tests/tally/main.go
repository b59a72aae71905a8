// Tally runs go test, once or several times, prints one line per package and every failure in full, and closes with
// "N passed, N failed, N skipped". It fails if a test failed, if none ran, or if one was skipped that no -allow-skip names.
// A command given by -beside runs from the end of the first go test on, beside the others; it counts as one more test.
//
//	tally [-allow-skip REGEXP] [-beside COMMAND] -- ARGS-OF-GO-TEST... [-- ARGS-OF-GO-TEST...]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"syscall"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	flags := flag.NewFlagSet("tally", flag.ContinueOnError)
	allow := flags.String("allow-skip", "^$", "skips of tests that match `REGEXP` (package.Test) are no failure")
	command := flags.String("beside", "", "run the shell `COMMAND`, too, from the end of the first go test on")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return 2
	}
	allowed, err := regexp.Compile(*allow)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally: -allow-skip:", err)
		return 2
	}
	t := newTally(os.Stdout, allowed)
	var other *beside
	for i, args := range split(flags.Args()) {
		if i == 1 && *command != "" {
			other = startBeside(ctx, *command)
		}
		if err := goTest(ctx, args, t.read); err != nil {
			fmt.Fprintln(os.Stderr, "tally:", err)
			t.broken = true
		}
	}
	if other == nil && *command != "" {
		other = startBeside(ctx, *command)
	}
	if other != nil {
		t.beside(*command, other)
	}
	t.close()
	if !t.ok() {
		return 1
	}
	return 0
}

// split cuts the arguments at each "--" into those of one go test.
func split(args []string) [][]string {
	runs := [][]string{nil}
	for _, a := range args {
		if a == "--" {
			runs = append(runs, nil)
			continue
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], a)
	}
	return runs
}

// goTest feeds the events of one go test to read. That tests fail is told by the events, not by the error.
func goTest(ctx context.Context, args []string, read func(io.Reader) error) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("running go test: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("running go test: %w", err)
	}
	readErr := read(out)
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("running go test: interrupted: %w", ctx.Err())
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return readErr
	case err != nil:
		return fmt.Errorf("running go test: %w", err)
	}
	return readErr
}
