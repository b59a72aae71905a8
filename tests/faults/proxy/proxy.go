// Package proxy stands between a client and a registry. It counts what passes, slows it down, and breaks it on demand.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// bufferSize is what is passed on at once, in bytes.
const bufferSize = 128 << 10

// Options say where a proxy leads and how slow it is. Only Target must be set.
type Options struct {
	// Target is the host:port of the registry, which speaks plain HTTP.
	Target string
	// Listen is the address to listen on; "": a free port of 127.0.0.1.
	Listen string
	// Rate is how many bytes a second each connection carries to its client; 0: as many as it can.
	Rate int64
	// Latency is how long each answer is held back; 0: not at all.
	Latency time.Duration
}

// Proxy is a running proxy. It is safe for concurrent use.
type Proxy struct {
	opts   Options
	addr   string
	server *http.Server
	client *http.Client
	served chan error
	idle   chan []byte // buffers

	mu    sync.Mutex // guards the fields below
	spoil func(*Request) *Fault
	count Count
	seen  map[string]*spans // by path: what was sent of it, ever
	marks []mark
}

// mark is something to do when so many bytes of blobs have been sent.
type mark struct {
	at int64
	do func()
}

// Start returns a proxy that listens. It serves until Close, or the end of ctx.
func Start(ctx context.Context, o *Options) (*Proxy, error) {
	listen := o.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("starting a proxy of %s: %w", o.Target, err)
	}
	p := &Proxy{
		opts: *o, addr: l.Addr().String(), served: make(chan error, 1), idle: make(chan []byte, 64), seen: map[string]*spans{},
		client: &http.Client{
			Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64, ReadBufferSize: bufferSize},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	p.server = &http.Server{Handler: p, BaseContext: func(net.Listener) context.Context { return ctx }, ReadHeaderTimeout: time.Minute}
	if o.Rate > 0 {
		l = &slowListener{Listener: l, rate: o.Rate}
	}
	go func() { p.served <- p.server.Serve(l) }()
	return p, nil
}

// Addr is the host:port that clients are to use.
func (p *Proxy) Addr() string { return p.addr }

// Close breaks off all that is under way. The error is that of serving, if it ended before.
func (p *Proxy) Close() error {
	err := p.server.Close()
	if served := <-p.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	p.client.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("closing the proxy of %s: %w", p.opts.Target, err)
	}
	return nil
}

// Spoil asks f of every request from now on how to break it; its answer nil, and f nil, is: not at all. f is called by one
// goroutine at a time.
func (p *Proxy) Spoil(f func(*Request) *Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spoil = f
}

func (p *Proxy) buffer() []byte {
	select {
	case b := <-p.idle:
		return b
	default:
		return make([]byte, bufferSize)
	}
}

func (p *Proxy) reuse(b []byte) {
	select {
	case p.idle <- b:
	default:
	}
}
