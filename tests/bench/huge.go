package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/tests/fixtures"
)

// hugeSize is more than the page cache of most machines holds.
const hugeSize = 20 << 30

// huge is a pull of a blob that lies nowhere: the registry makes it up as it goes.
type huge struct {
	Size int64 `json:"size"`
	usage
	Lock time.Duration `json:"lock"`
}

func pullHuge(ctx context.Context, w *world) (h *huge, err error) {
	if err := w.clean(); err != nil {
		return nil, err
	}
	server, addr, err := serveHuge(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Close(), w.clean()) }()
	u, err := measure(ctx, "paddock", "--log-level=debug", "pull", "-q", "--tls-verify=false", addr+"/m/huge:1")
	if err != nil {
		return nil, err
	}
	h = &huge{Size: hugeSize, usage: *u}
	h.Lock, err = lockHeld(u.Stderr)
	return h, err
}

// serveHuge is a registry of one model.
func serveHuge(ctx context.Context) (*http.Server, string, error) {
	blob := fixtures.NewBlob(hugeSize, 2)
	hex, err := blob.SHA256()
	if err != nil {
		return nil, "", err
	}
	config := []byte("{}")
	layer := ocispec.Descriptor{
		MediaType: "application/vnd.cncf.model.weight.v1.raw", Digest: digest.NewDigestFromEncoded(digest.SHA256, hex),
		Size: hugeSize, Annotations: map[string]string{"org.cncf.model.filepath": "model.gguf"},
	}
	raw, err := json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		ArtifactType: "application/vnd.cncf.model.manifest.v1+json",
		Config:       descriptor("application/vnd.cncf.model.config.v1+json", config, nil), Layers: []ocispec.Descriptor{layer},
	})
	if err != nil {
		return nil, "", fmt.Errorf("making the huge model: %w", err)
	}
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("serving the huge model: %w", err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v2/":
		case strings.Contains(r.URL.Path, "/manifests/"):
			w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(raw)))
		case strings.HasSuffix(r.URL.Path, hex):
			http.ServeContent(w, r, "", time.Time{}, blob.Reader())
		default:
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(config)))
		}
	})}
	go server.Serve(l) //nolint:errcheck // it ends with Close; a failure before is the pull's
	return server, l.Addr().String(), nil
}
