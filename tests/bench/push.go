package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/paddock-dev/paddock/tests/fixtures"
)

// pushing is the name of the measurement of uploads.
const pushing = "push"

// pushers are the ways to send the blob, from Podman's store or, where that cannot be read, from the file.
func pushers() map[string]func(name string) []string {
	return map[string]func(string) []string{
		paddock: func(name string) []string { return []string{"paddock", "push", "-q", "--tls-verify=false", name} },
		podman: func(name string) []string {
			return []string{"podman", "artifact", "push", "-q", "--tls-verify=false", name}
		},
		"oras": func(name string) []string {
			return []string{"env", "-C", workDir, "oras", "push", "--no-tty", "--plain-http", name, "pushed.gguf"}
		},
		"skopeo oci:": func(name string) []string {
			return []string{"skopeo", "copy", "-q", "--dest-tls-verify=false", "oci:" + storeDir + ":" + name, "docker://" + name}
		},
	}
}

// pushAll lets the peers take turns. Each push goes to a repository of its own, which has nothing yet.
func pushAll(ctx context.Context, w *world, o *options) (rows []row, err error) {
	path := filepath.Join(workDir, "pushed.gguf")
	if err := writeFile(path, fixtures.NewBlob(w.size, 2).Reader()); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(path)) }()
	bin := filepath.Join(workDir, "pushed.bin") // the content is random: it is no GGUF
	if err := os.Link(path, bin); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(bin)) }()
	taken := map[string][]row{}
	for round := range o.rounds {
		for _, peer := range []string{paddock, podman, "skopeo oci:", "oras"} {
			if peer != paddock && !listed(o.peers, peer) {
				continue
			}
			if err := w.clean(); err != nil {
				return nil, err
			}
			name := fmt.Sprintf("%s/bench/push-%d-%d:1", registryAddr, round, time.Now().UnixNano())
			if _, err := must(ctx, "paddock", "pack", "-q", "-t", name, bin); err != nil {
				return nil, err
			}
			before, err := registryCPU()
			if err != nil {
				return nil, err
			}
			u, err := measure(ctx, pushers()[peer](name)...)
			if err != nil {
				return nil, err
			}
			after, err := registryCPU()
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(os.Stderr, "%-8s round %d  %-11s %6.2f s\n", pushing, round+1, peer, u.Wall.Seconds())
			taken[peer] = append(taken[peer], row{Scenario: pushing, Peer: peer, usage: *u, RegistryCPU: after - before})
		}
	}
	for _, peer := range []string{paddock, podman, "skopeo oci:", "oras"} {
		if all := taken[peer]; all != nil {
			rows = append(rows, median(all))
		}
	}
	return rows, w.clean()
}
