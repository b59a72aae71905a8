// Tally runs go test, several times if need be, prints one line per package and every failure in full, and closes with the slowest
// tests and "N passed, N failed, N skipped". It fails if a test failed, if none ran, or if one was skipped that no -allow-skip
// names. Stages run one after the other, the jobs of a stage at the same time; a shell command counts as one test.
//
//	tally [-allow-skip REGEXP] -- STAGE [-- STAGE]...
//	STAGE: JOB [++ JOB]...
//	JOB:   [NAME=VALUE]... sh COMMAND | [NAME=VALUE]... ARGS-OF-GO-TEST...
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"sync"
	"syscall"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	flags := flag.NewFlagSet("tally", flag.ContinueOnError)
	allow := flags.String("allow-skip", "^$", "skips of tests that match `REGEXP` (package.Test) are no failure")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return 2
	}
	allowed, err := regexp.Compile(*allow)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally: -allow-skip:", err)
		return 2
	}
	t := newTally(os.Stdout, allowed)
	for _, stage := range parseStages(flags.Args()) {
		var all sync.WaitGroup
		for _, j := range stage {
			all.Go(func() { t.run(ctx, &j) })
		}
		all.Wait()
	}
	t.close()
	if !t.ok() {
		return 1
	}
	return 0
}
