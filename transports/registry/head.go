package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/manifest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports/source"
)

// head asks each place in turn which digest a name stands for.
func (r *Resolver) head(ctx context.Context, name artifacts.Name) (digest.Digest, error) {
	places, err := pullSources(r.sys, name.Reference())
	if err != nil {
		return "", err
	}
	var d digest.Digest
	for i := range places {
		var e *endpoint
		if e, err = r.endpoint(name.Reference(), &places[i]); err == nil {
			d, err = e.head(ctx, places[i].Reference)
		}
		if err == nil || ctx.Err() != nil {
			break
		}
		r.log.DebugContext(ctx, "asking for a digest failed", "at", places[i].Reference.String(), "error", err)
	}
	if err != nil {
		return "", fmt.Errorf("asking for the digest of %s: %w", name, err)
	}
	return d, nil
}

// head asks for the digest of a manifest. A registry that does not say it in the headers (it only SHOULD, distribution-spec,
// "Pulling manifests") is asked for the manifest.
func (e *endpoint) head(ctx context.Context, ref reference.Named) (digest.Digest, error) {
	if err := e.probe(ctx); err != nil {
		return "", err
	}
	resp, done, err := e.manifest(ctx, http.MethodHead, ref)
	if err != nil {
		return "", err
	}
	done()
	if said := resp.Header.Get("Docker-Content-Digest"); said != "" {
		d, err := digest.Parse(said)
		if err != nil {
			return "", fmt.Errorf("reading the digest %q that %s sends: %w", said, e.name, err)
		}
		return d, nil
	}
	if resp, done, err = e.manifest(ctx, http.MethodGet, ref); err != nil {
		return "", err
	}
	defer done()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, packaging.MaxManifestSize+1))
	if err != nil {
		return "", fmt.Errorf("reading manifest of %s: %w", ref, source.NetError(ctx, err))
	}
	if len(raw) > packaging.MaxManifestSize {
		return "", fmt.Errorf("reading manifest of %s: it is larger than %d bytes", ref, packaging.MaxManifestSize)
	}
	return digest.FromBytes(raw), nil
}

// manifest asks for a manifest; only an answer of 200 is no error. done ends the exchange.
func (e *endpoint) manifest(ctx context.Context, method string, ref reference.Named) (*http.Response, func(), error) {
	short, cancel := e.timeout(ctx)
	u := e.url("/v2/" + e.path + "/manifests/" + tagOrDigest(ref))
	resp, _, err := source.Follow(u, func(to *url.URL, away bool) (*http.Response, error) {
		req, err := http.NewRequestWithContext(short, method, to.String(), nil)
		if err != nil {
			return nil, fmt.Errorf("asking %s: not a usable address", source.Redact(to))
		}
		req.Header["Accept"] = manifest.DefaultRequestedManifestMIMETypes
		if away {
			return e.elsewhere(req)
		}
		return e.send(req)
	})
	if err != nil {
		cancel()
		return nil, nil, source.NetError(ctx, err)
	}
	done := func() {
		resp.Body.Close()
		cancel()
	}
	if resp.StatusCode == http.StatusOK {
		return resp, done, nil
	}
	defer done()
	if resp.StatusCode == http.StatusNotFound {
		return nil, nil, fmt.Errorf("%s: %w: %w", ref, artifacts.ErrNotFound, source.NewStatusError(resp))
	}
	return nil, nil, e.refusal(source.NewStatusError(resp))
}

// tagOrDigest returns the last part of a reference, which has one.
func tagOrDigest(ref reference.Named) string {
	if c, ok := ref.(reference.Canonical); ok {
		return c.Digest().String()
	}
	if t, ok := ref.(reference.Tagged); ok {
		return t.Tag()
	}
	return ""
}
