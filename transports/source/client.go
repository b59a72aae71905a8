package source

import (
	"crypto/tls"
	"net/http"
	"time"

	"go.podman.io/image/v5/pkg/tlsclientconfig"
)

// idlePerHost is how many connections to one host stay open between two parts: more than any landing uses at once.
const idlePerHost = 32

// NewClient makes a client for parts of blobs: HTTP/1.1, because HTTP/2 would put all parts of one host on one
// connection; no redirects of its own; no transparent compression. stall bounds the wait for an answer's headers
// (0: DefaultStall). config may be nil.
func NewClient(config *tls.Config, stall time.Duration) *http.Client {
	if stall == 0 {
		stall = DefaultStall
	}
	tr := tlsclientconfig.NewTransport() // the dialer, proxy and timeouts of Podman
	tr.TLSClientConfig = config
	tr.Protocols = new(http.Protocols)
	tr.Protocols.SetHTTP1(true)
	tr.MaxIdleConnsPerHost = idlePerHost
	tr.DisableCompression = true
	tr.ResponseHeaderTimeout = stall
	return &http.Client{
		Transport:     tr,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
