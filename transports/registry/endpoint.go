package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/docker/config"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/transports/source"
)

// Docker Hub is named docker.io and answers at another host.
const (
	hubName = "docker.io"
	hubHost = "registry-1.docker.io"
)

// endpoint is one repository on one registry, or on a mirror: how to reach it, and with which credentials. Safe for
// concurrent use.
type endpoint struct {
	sys      *types.SystemContext
	repo     string // full name of the repository at this place
	path     string // the repository without the host
	name     string // host[:port] as configured: names certs.d folders and errors
	host     string // host[:port] to connect to
	proxyFor string // the "ns" parameter of a registry proxy; "" for none (distribution-spec, "Registry Proxying")
	insecure bool
	agent    string
	stall    time.Duration
	headers  time.Duration // how long the header of an answer may take, unless the request is bounded as a whole
	trust    *source.Trust
	tls      *tls.Config
	own      *http.Client
	auth     *authorizer
	probing  chan struct{} // holds one token: the right to probe

	mu     sync.Mutex
	others map[string]*http.Client // by host[:port]
	scheme string                  // "" until probed
	dead   error                   // why probing failed for good
}

// newEndpoint makes an endpoint of one of the places that registries.conf names for a reference. It reads credentials and
// certificates, and asks nothing of the network.
func newEndpoint(sys *types.SystemContext, logical reference.Named, place *sysregistriesv2.PullSource, stall time.Duration, u use) (*endpoint, error) {
	name := reference.Domain(place.Reference)
	if name != reference.Domain(logical) && sys.DockerAuthConfig != nil {
		// These credentials name no registry. They are meant for the one that was asked for, not for its mirrors.
		copied := *sys
		copied.DockerAuthConfig = nil
		sys = &copied
	}
	if err := refuseBlocked(sys, place.Reference); err != nil {
		return nil, err
	}
	credentials, err := config.GetCredentialsForRef(sys, place.Reference)
	if err != nil {
		return nil, fmt.Errorf("reading credentials for %s: %w", name, err)
	}
	insecure := place.Endpoint.Insecure
	if sys.DockerInsecureSkipTLSVerify != types.OptionalBoolUndefined {
		insecure = sys.DockerInsecureSkipTLSVerify == types.OptionalBoolTrue
	}
	trust := &source.Trust{Insecure: insecure, CertDir: sys.DockerCertPath, PerHostCertDir: sys.DockerPerHostCertDirPath}
	settings, err := trust.Own(name)
	if err != nil {
		return nil, err
	}
	headers := stall
	if u.push {
		headers = commitLimit // a registry may read all of a blob before it says that it has it
	}
	e := &endpoint{
		sys: sys, repo: place.Reference.Name(), path: reference.Path(place.Reference), name: name, host: name,
		proxyFor: place.Endpoint.NamespaceProxy, insecure: insecure, agent: sys.DockerRegistryUserAgent, stall: stall,
		headers: headers, trust: trust, tls: settings, own: source.NewClient(settings, headers), others: map[string]*http.Client{},
		probing: make(chan struct{}, 1),
	}
	if name == hubName {
		e.host = hubHost
	}
	e.probing <- struct{}{}
	e.auth = newAuthorizer(e, credentials, u)
	return e, nil
}

// close drops idle connections.
func (e *endpoint) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.own.CloseIdleConnections()
	for _, c := range e.others {
		c.CloseIdleConnections()
	}
}

// url makes the address of something in the registry. probe must have succeeded.
func (e *endpoint) url(path string) *url.URL {
	e.mu.Lock()
	defer e.mu.Unlock()
	u := &url.URL{Scheme: e.scheme, Host: e.host, Path: path}
	if e.proxyFor != "" {
		u.RawQuery = url.Values{"ns": {e.proxyFor}}.Encode()
	}
	return u
}

// elsewhere is a source.Sender for hosts that are not the registry.
func (e *endpoint) elsewhere(req *http.Request) (*http.Response, error) {
	client, err := e.client(req.URL)
	if err != nil {
		return nil, err
	}
	e.sign(req)
	return client.Do(req)
}

// client returns the client for a place: the registry's own, or one without its client certificates.
func (e *endpoint) client(u *url.URL) (*http.Client, error) {
	if strings.EqualFold(u.Host, e.host) {
		return e.own, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.others[u.Host]; c != nil {
		return c, nil
	}
	settings, err := e.trust.Other(e.tls, u.Host)
	if err != nil {
		return nil, err
	}
	c := source.NewClient(settings, e.headers)
	e.others[u.Host] = c
	return c, nil
}

// sign names the program.
func (e *endpoint) sign(req *http.Request) {
	req.Header.Set("User-Agent", e.agent)
}

// refusal makes an error of an answer of the registry, or of its token server: refused credentials are
// artifacts.ErrAuthentication. What any other host answers is not about credentials.
func (e *endpoint) refusal(err error) error {
	var status *source.StatusError
	if errors.As(err, &status) && (status.Code == http.StatusUnauthorized || status.Code == http.StatusForbidden) {
		return &AuthenticationError{Registry: e.name, Err: err}
	}
	return err
}

// timeout bounds a small exchange as a whole.
func (e *endpoint) timeout(ctx context.Context) (context.Context, context.CancelFunc) {
	stall := e.stall
	if stall == 0 {
		stall = source.DefaultStall
	}
	return context.WithTimeout(ctx, 2*stall)
}
