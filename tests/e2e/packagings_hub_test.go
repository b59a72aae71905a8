//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/tests/fixtures/packers"
)

// hub is a real registry that this process publishes to by its API, which keeps the bytes of any manifest.
type hub struct {
	registry
	client *http.Client
	// builder is the podman that builds images for it: one, which builds equal layers once.
	builder func() podmanIn
}

func startHub(t *testing.T, in Lab) *hub {
	t.Helper()
	network, err := in.network(t)
	if err != nil {
		t.Fatalf("entering the network of the lab: %v", err)
	}
	t.Cleanup(func() { network.Close() })
	dial := func(_ context.Context, _, address string) (net.Conn, error) { return dialIn(network, address) }
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	h := &hub{registry: registryIn(t, in, nil), client: &http.Client{Transport: transport}}
	h.builder = sync.OnceValue(func() podmanIn {
		podman := newPodman(t, h)
		podman(t, "import", "-q", "/var/lib/paddock-lab/busybox.tar", builderBase)
		return podman
	})
	return h
}

// dialIn connects in another network; see listenIn.
func dialIn(network *os.File, address string) (net.Conn, error) {
	var conn net.Conn
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if err = unix.Setns(int(network.Fd()), unix.CLONE_NEWNET); err == nil {
			conn, err = net.Dial("tcp", address)
		}
	}()
	<-done
	return conn, err
}

// publish pushes a model, and those that it is an index of, under a path with a tag.
func (h *hub) publish(t *testing.T, path string, p packers.Packed) {
	t.Helper()
	repo, tag, _ := strings.Cut(path, ":")
	h.push(t, repo, tag, &p)
}

func (h *hub) push(t *testing.T, repo, reference string, p *packers.Packed) {
	t.Helper()
	for i := range p.Children {
		h.push(t, repo, p.Children[i].Digest().String(), &p.Children[i])
	}
	for _, data := range p.Blobs {
		h.upload(t, repo, data)
	}
	h.ask(t, http.MethodPut, "/v2/"+repo+"/manifests/"+reference, p.Type, p.Manifest, http.StatusCreated)
}

func (h *hub) upload(t *testing.T, repo string, data []byte) {
	t.Helper()
	started := h.ask(t, http.MethodPost, "/v2/"+repo+"/blobs/uploads/", "", nil, http.StatusAccepted)
	where, err := url.Parse(started.header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	query := where.Query()
	query.Set("digest", digest.FromBytes(data).String())
	where.RawQuery = query.Encode()
	h.ask(t, http.MethodPut, where.RequestURI(), "application/octet-stream", data, http.StatusCreated)
}

// fetch returns what a path stands for, as it was pushed.
func (h *hub) fetch(t *testing.T, path string) packers.Packed {
	t.Helper()
	repo, tag, _ := strings.Cut(path, ":")
	return h.pull(t, repo, tag)
}

func (h *hub) pull(t *testing.T, repo, reference string) packers.Packed {
	t.Helper()
	got := h.ask(t, http.MethodGet, "/v2/"+repo+"/manifests/"+reference, "", nil, http.StatusOK)
	p := packers.Packed{Type: got.header.Get("Content-Type"), Manifest: got.body}
	var named struct {
		Config            ocispec.Descriptor
		Layers, Manifests []ocispec.Descriptor
	}
	if err := json.Unmarshal(got.body, &named); err != nil {
		t.Fatal(err)
	}
	for _, d := range named.Manifests {
		p.Children = append(p.Children, h.pull(t, repo, d.Digest.String()))
	}
	if len(named.Manifests) > 0 {
		return p
	}
	for _, d := range append(named.Layers, named.Config) {
		p.Blobs = append(p.Blobs, h.ask(t, http.MethodGet, "/v2/"+repo+"/blobs/"+d.Digest.String(), "", nil, http.StatusOK).body)
	}
	return p
}

type reply struct {
	header http.Header
	body   []byte
}

func (h *hub) ask(t *testing.T, method, path, contentType string, body []byte, want int) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+h.Addr+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for _, accepted := range []string{"application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
		"application/vnd.docker.distribution.manifest.v2+json"} {
		req.Header.Add("Accept", accepted)
	}
	resp, err := h.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != want {
		t.Fatalf("%s %s: %s\n%s", method, path, resp.Status, data)
	}
	return reply{resp.Header, data}
}
