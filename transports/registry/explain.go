package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/docker/distribution/registry/api/errcode"
	v2 "github.com/docker/distribution/registry/api/v2"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

// explain gives an error of go.podman.io/image about a manifest its place among ours, and hides what is secret in its text. Some
// of the library's errors have no public type: then the registry is asked again, for the status alone.
func (r *Resolver) explain(ctx context.Context, name artifacts.Name, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("reading manifest of %s: %w", name, context.Cause(ctx))
	}
	clean := source.NetError(ctx, source.Scrub(err))
	if errors.Is(clean, artifacts.ErrVerification) || onTheWay(clean) {
		return clean
	}
	kind := kindOf(err)
	if kind == nil {
		_, kind = r.head(ctx, name)
	}
	var temporary *artifacts.TemporaryError
	switch {
	case errors.Is(kind, artifacts.ErrNotFound):
		return fmt.Errorf("%s: %w: %w", name, artifacts.ErrNotFound, clean)
	case errors.Is(kind, artifacts.ErrAuthentication):
		return &AuthenticationError{Registry: r.lastPlace(name), Err: clean}
	case errors.Is(kind, artifacts.ErrPolicy):
		return kind
	case errors.As(kind, &temporary):
		return &artifacts.TemporaryError{Err: clean, RetryAfter: temporary.RetryAfter}
	}
	return clean
}

// lastPlace returns the host of the place whose answer counts when all places fail.
func (r *Resolver) lastPlace(name artifacts.Name) string {
	places, err := pullSources(r.sys, name.Reference())
	if err != nil || len(places) == 0 {
		return name.Registry()
	}
	return reference.Domain(places[len(places)-1].Reference)
}

// onTheWay says that the registry gave no answer at all.
func onTheWay(err error) bool {
	var temporary *artifacts.TemporaryError
	var failed interface {
		error
		Timeout() bool
	} // *url.Error, *net.OpError and their like
	return errors.As(err, &temporary) || errors.As(err, &failed)
}

// kindOf finds our word for an error of a public type; nil if it has none.
func kindOf(err error) error {
	var unauthorized docker.ErrUnauthorizedForCredentials
	if errors.As(err, &unauthorized) {
		return artifacts.ErrAuthentication
	}
	if errors.Is(err, docker.ErrTooManyRequests) {
		return &artifacts.TemporaryError{Err: err}
	}
	var status docker.UnexpectedHTTPStatusError
	if errors.As(err, &status) {
		switch {
		case status.StatusCode == http.StatusUnauthorized, status.StatusCode == http.StatusForbidden:
			return artifacts.ErrAuthentication
		case status.StatusCode >= 500:
			return &artifacts.TemporaryError{Err: err}
		}
	}
	var coded errcode.ErrorCoder
	if errors.As(err, &coded) {
		switch coded.ErrorCode() {
		case errcode.ErrorCodeUnauthorized, errcode.ErrorCodeDenied:
			return artifacts.ErrAuthentication
		case v2.ErrorCodeManifestUnknown, v2.ErrorCodeNameUnknown:
			return artifacts.ErrNotFound
		case errcode.ErrorCodeTooManyRequests, errcode.ErrorCodeUnavailable:
			return &artifacts.TemporaryError{Err: err}
		}
	}
	return nil
}
