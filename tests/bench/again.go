package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/paddock-dev/paddock/tests/faults/proxy"
)

// again is a pull of what is there already.
type again struct {
	Wall      time.Duration `json:"wall"`
	Requests  int           `json:"requests"`
	BlobBytes int64         `json:"blobBytes"`
	// Lock is the longest that the first pull held the store's lock.
	Lock time.Duration `json:"lock"`
}

// pullAgain pulls twice through a proxy that counts.
func pullAgain(ctx context.Context, w *world) (a *again, err error) {
	if err := w.clean(); err != nil {
		return nil, err
	}
	p, err := proxy.Start(ctx, &proxy.Options{Target: registryAddr})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	pull := []string{"paddock", "--log-level=debug", "pull", "-q", "--tls-verify=false", p.Addr() + "/" + repository + ":1"}
	first, err := measure(ctx, pull...)
	if err != nil {
		return nil, err
	}
	a = &again{}
	if a.Lock, err = lockHeld(first.Stderr); err != nil {
		return nil, err
	}
	p.Reset()
	second, err := measure(ctx, pull...)
	if err != nil {
		return nil, err
	}
	c := p.Count()
	a.Wall, a.Requests, a.BlobBytes = second.Wall, c.Requests, c.BlobBytes
	return a, nil
}

var heldPattern = regexp.MustCompile(`msg="lock released".* held=(\S+)`)

// lockHeld finds the longest hold of the store's lock in a debug log.
func lockHeld(log string) (time.Duration, error) {
	longest := time.Duration(-1)
	for _, m := range heldPattern.FindAllStringSubmatch(log, -1) {
		d, err := time.ParseDuration(m[1])
		if err != nil {
			return 0, fmt.Errorf("reading how long the lock was held: %w", err)
		}
		longest = max(longest, d)
	}
	if longest < 0 {
		return 0, errors.New("reading how long the lock was held: the log does not say")
	}
	return longest, nil
}
