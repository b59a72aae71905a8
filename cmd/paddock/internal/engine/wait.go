package engine

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// WaitOptions tune WaitHealthy. nil means the zero value.
type WaitOptions struct {
	// Client asks the server; nil is one that uses no proxy, follows no redirect, and gives each request 5 s.
	Client *http.Client
	// Interval is the time between two requests, and between two calls of Exited; 0 is 500 ms. The first requests follow each
	// other more quickly, as a small model is loaded in less.
	Interval time.Duration
	// Exited says why the server will never answer, if that is so: it ends the waiting. nil: nobody can say. It is not called
	// before the first Interval has passed.
	Exited func(ctx context.Context) error
}

// WaitHealthy asks url until it answers 200, as llama-server does once its model is loaded. It ends with the error of
// Exited, or when ctx is done: the error then wraps the cause of ctx and says what the last answer was.
func WaitHealthy(ctx context.Context, url string, opts *WaitOptions) error {
	if opts == nil {
		opts = &WaitOptions{}
	}
	client, interval := opts.Client, opts.Interval
	if client == nil {
		client = healthClient()
	}
	if interval <= 0 {
		interval = 500 * time.Millisecond
	}
	asked := time.Now() // Exited, or nobody yet
	for pause := interval / 16; ; pause = min(2*pause, interval) {
		last, err := getHealth(ctx, client, url)
		if err != nil {
			return err
		}
		if last == "" {
			return nil
		}
		if opts.Exited != nil && time.Since(asked) >= interval {
			if err := opts.Exited(ctx); err != nil {
				return fmt.Errorf("waiting for %s: %w", url, err)
			}
			asked = time.Now()
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		if ctx.Err() != nil { // before it is asked once more, which would be its last answer then
			return fmt.Errorf("waiting for %s, which said %s: %w", url, last, ended(ctx))
		}
	}
}

// getHealth returns "" if the answer is 200, and otherwise what it was.
func getHealth(ctx context.Context, client *http.Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", fmt.Errorf("waiting for %q: %w", url, err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err.Error(), nil
	}
	if err := resp.Body.Close(); err != nil {
		return err.Error(), nil
	}
	if resp.StatusCode != http.StatusOK {
		return resp.Status, nil
	}
	return "", nil
}

// healthClient asks a server on this machine: a proxy is for others.
func healthClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: nil, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       5 * time.Second,
	}
}
