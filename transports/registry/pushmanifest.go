package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports/source"
)

// maxReadBacks is how often a registry that does not show a manifest at once is asked for it.
const maxReadBacks = 4

// manifest writes the manifest under a tag or its digest, and reads it back.
func (p *pusher) manifest(ctx context.Context, ref reference.Named, plan *artifacts.Plan) error {
	if err := p.putManifest(ctx, ref, plan); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	for failures := 1; ; failures++ {
		err := p.readBack(ctx, ref, plan.Manifest)
		var temporary *artifacts.TemporaryError
		if err == nil {
			return nil
		}
		if failures >= maxReadBacks || !errors.As(err, &temporary) && !errors.Is(err, artifacts.ErrNotFound) {
			return fmt.Errorf("reading the manifest back: %w", err)
		}
		if err := pauseBefore(ctx, failures); err != nil {
			return err
		}
	}
}

func (p *pusher) putManifest(ctx context.Context, ref reference.Named, plan *artifacts.Plan) error {
	short, cancel := p.at.timeout(ctx)
	defer cancel()
	to := p.at.url("/v2/" + p.at.path + "/manifests/" + tagOrDigest(ref))
	for failures := 1; ; failures++ {
		resp, err := p.putOnce(short, to, plan)
		if err == nil {
			resp.Body.Close()
			return nil
		}
		var temporary *artifacts.TemporaryError
		if err = source.NetError(ctx, err); failures >= maxUploadTries || !errors.As(err, &temporary) {
			return err
		}
		if err := pauseBefore(ctx, failures); err != nil {
			return err
		}
	}
}

func (p *pusher) putOnce(ctx context.Context, to *url.URL, plan *artifacts.Plan) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, to.String(), bytes.NewReader(plan.Manifest)) // sets GetBody
	if err != nil {
		return nil, fmt.Errorf("asking %s: not a usable address", source.Redact(to))
	}
	req.Header.Set("Content-Type", plan.MediaType)
	resp, err := p.at.send(req)
	if err != nil {
		return nil, source.NetError(ctx, err)
	}
	switch resp.StatusCode {
	case http.StatusCreated, http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, p.at.refusal(source.NewStatusError(resp))
}

// readBack compares what the registry gives with what it was given.
func (p *pusher) readBack(ctx context.Context, ref reference.Named, want []byte) error {
	resp, done, err := p.at.manifest(ctx, http.MethodGet, ref)
	if err != nil {
		return err
	}
	defer done()
	got, err := io.ReadAll(io.LimitReader(resp.Body, packaging.MaxManifestSize+1))
	if err != nil {
		return source.NetError(ctx, err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%w: the registry has another one", artifacts.ErrVerification)
	}
	return nil
}
