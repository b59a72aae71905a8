// Bench measures paddock beside podman, skopeo, oras and curl: the same blob from the same registry, one after another, in one
// run. It prints a table, and what the project promises beside what was measured.
//
//	go run -exec tests/inlab ./tests/bench [-json] [-strict] [-size BYTES] [-rounds N] [-only SCENARIO,...] [-peers NAME,...] [-huge]
//
// It runs in the lab, as root. The scenarios are direct (from the registry), counted (through a proxy that counts), capped (a
// proxy gives each connection 40 MiB/s) and late (a proxy holds each answer back for 30 ms). push is about
// uploads, from Podman's store to the registry.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 && os.Args[1] == childArg {
		return child(ctx, os.Args[2:])
	}
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	r, err := bench(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	if err := r.print(os.Stdout, o.json); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	if o.strict && r.missed() > 0 {
		return 1
	}
	return 0
}

// options are the flags.
type options struct {
	json, strict, huge bool
	size               int64
	rounds, slowRounds int
	only, peers        string
	models             int
}

// parse reads the flags. flag prints what is wrong with them by itself.
func parse(args []string) (*options, error) {
	o := &options{}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.BoolVar(&o.json, "json", false, "print JSON")
	fs.BoolVar(&o.strict, "strict", false, "exit with 1 if a target is missed")
	fs.BoolVar(&o.huge, "huge", false, "pull 20 GiB too, for the peak memory; takes as much disk")
	fs.Int64Var(&o.size, "size", 2<<30, "`bytes` of the blob")
	fs.IntVar(&o.rounds, "rounds", 3, "rounds of direct and late; the median counts")
	fs.IntVar(&o.slowRounds, "slow-rounds", 1, "rounds of capped, which takes a minute for each peer")
	fs.StringVar(&o.only, "only", "", "only these `scenarios`, by comma")
	fs.StringVar(&o.peers, "peers", "", "only these `programs`, by comma; paddock is always there")
	fs.IntVar(&o.models, "models", 1000, "how many models ls lists")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 || o.size < 1<<20 || o.rounds < 1 || o.slowRounds < 1 || o.models < 1 {
		fs.Usage()
		return nil, errors.New("bad arguments")
	}
	return o, nil
}

// wants says whether a scenario is to be run.
func (o *options) wants(scenario string) bool { return listed(o.only, scenario) }

// listed says whether a list names something. An empty list names everything.
func listed(list, name string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), name)
}
