package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/paddock-dev/paddock/tests/faults/proxy"
)

// The slow networks.
const (
	cappedRate  = 40 << 20
	lateLatency = 30 * time.Millisecond
)

// The names of the scenarios.
const (
	direct  = "direct"
	counted = "counted"
	capped  = "capped"
	late    = "late"
)

// scenario is a way to reach the registry.
type scenario struct {
	name   string
	proxy  *proxy.Options // nil: none
	rounds int
	skip   []string // peers that would only take time
	peers  string   // those that were asked for; "": all
}

func scenarios(o *options) []scenario {
	return []scenario{
		{direct, nil, o.rounds, nil, o.peers},
		{counted, &proxy.Options{Target: registryAddr}, 1, nil, o.peers},
		{capped, &proxy.Options{Target: registryAddr, Rate: cappedRate}, o.slowRounds, []string{"skopeo dir:"}, o.peers},
		{late, &proxy.Options{Target: registryAddr, Latency: lateLatency}, o.rounds, []string{"skopeo dir:"}, o.peers},
	}
}

// row is what one peer took in one scenario: the median of its rounds, and the largest memory.
type row struct {
	Scenario string `json:"scenario"`
	Peer     string `json:"peer"`
	Rounds   int    `json:"rounds"`
	usage
	RegistryCPU time.Duration `json:"registryCPU"`
	// Bytes and Requests are those of the last round; 0 if nothing counted them.
	Bytes    int64 `json:"bytes,omitempty"`
	Requests int   `json:"requests,omitempty"`
}

// run lets the peers take turns: what disturbs the machine for a while disturbs all of them.
func (s *scenario) run(ctx context.Context, w *world) (rows []row, err error) {
	addr := registryAddr
	var p *proxy.Proxy
	if s.proxy != nil {
		if p, err = proxy.Start(ctx, s.proxy); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, p.Close()) }()
		addr = p.Addr()
	}
	taken := map[string][]row{}
	for round := range s.rounds {
		for _, peer := range peers() {
			if slices.Contains(s.skip, peer.name) || peer.name != paddock && !listed(s.peers, peer.name) {
				continue
			}
			r, err := s.once(ctx, w, &peer, p, addr)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(os.Stderr, "%-8s round %d  %-11s %6.2f s\n", s.name, round+1, peer.name, r.Wall.Seconds())
			taken[peer.name] = append(taken[peer.name], *r)
		}
	}
	for _, peer := range peers() {
		if all := taken[peer.name]; all != nil {
			rows = append(rows, median(all))
		}
	}
	return rows, nil
}

// once is one peer's turn.
func (s *scenario) once(ctx context.Context, w *world, peer *peer, p *proxy.Proxy, addr string) (*row, error) {
	if err := w.clean(); err != nil {
		return nil, err
	}
	if p != nil {
		p.Reset()
	}
	before, err := registryCPU()
	if err != nil {
		return nil, err
	}
	u, err := measure(ctx, peer.argv(w, addr)...)
	if err != nil {
		return nil, err
	}
	after, err := registryCPU()
	if err != nil {
		return nil, err
	}
	r := &row{Scenario: s.name, Peer: peer.name, usage: *u, RegistryCPU: after - before}
	if p != nil {
		c := p.Count()
		r.Bytes, r.Requests = c.Bytes, c.Requests
	}
	return r, peer.whole(w)
}

// median takes each number from the round where it was in the middle, but for memory, where the worst counts.
func median(all []row) row {
	r := all[len(all)-1]
	r.Rounds = len(all)
	for _, one := range all {
		r.Memory = max(r.Memory, one.Memory)
	}
	r.Wall = middle(all, func(r row) time.Duration { return r.Wall })
	r.CPU = middle(all, func(r row) time.Duration { return r.CPU })
	r.RegistryCPU = middle(all, func(r row) time.Duration { return r.RegistryCPU })
	return r
}

func middle[T any](all []T, of func(T) time.Duration) time.Duration {
	var list []time.Duration
	for _, one := range all {
		list = append(list, of(one))
	}
	slices.Sort(list)
	return list[len(list)/2]
}
