package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

const (
	// maxTagPage is the largest page of tags in bytes, and maxTags how many tags are listed at most.
	maxTagPage, maxTags = 8 << 20, 100_000
	// tagsPerPage is what is asked for; registries may give fewer.
	tagsPerPage = 1000
)

// List implements transports.Lister: every tag of the repository, in the registry's order. Mirrors are not asked, since they
// need not have all.
func (r *Resolver) List(ctx context.Context, input string) ([]string, error) {
	var found []string
	err := r.each(ctx, input, func(name artifacts.Name) (err error) {
		found, err = r.tags(ctx, name)
		return err
	})
	return found, err
}

func (r *Resolver) tags(ctx context.Context, name artifacts.Name) ([]string, error) {
	place, err := home(r, name.Reference())
	if err != nil {
		return nil, err
	}
	e, err := r.endpoint(name.Reference(), place)
	if err == nil {
		err = e.probe(ctx)
	}
	var tags []string
	if err == nil {
		tags, err = e.tags(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("listing the tags of %s: %w", name.Repository(), err)
	}
	full := make([]string, 0, len(tags))
	for _, tag := range tags {
		tagged, err := reference.WithTag(reference.TrimNamed(name.Reference()), tag)
		if err != nil {
			return nil, fmt.Errorf("listing the tags of %s: the registry has the tag %q: %w", name.Repository(), tag, err)
		}
		full = append(full, tagged.String())
	}
	return full, nil
}

// tags reads page after page (distribution-spec, "Listing tags").
func (e *endpoint) tags(ctx context.Context) ([]string, error) {
	var all []string
	at := e.url("/v2/" + e.path + "/tags/list")
	query := at.Query()
	query.Set("n", fmt.Sprint(tagsPerPage))
	at.RawQuery = query.Encode()
	for at != nil && len(all) < maxTags {
		page, next, err := e.tagPage(ctx, at)
		if err != nil {
			return nil, err
		}
		if next != nil && (len(page) == 0 || len(all) > 0 && slices.Contains(all, page[0])) {
			return nil, errors.New("its pages go round in circles")
		}
		all, at = append(all, page...), next
	}
	return all, nil
}

// tagPage reads a page, and finds the next one; nil if it is the last.
func (e *endpoint) tagPage(ctx context.Context, at *url.URL) (tags []string, next *url.URL, err error) {
	resp, err := e.ask(ctx, http.MethodGet, at)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, nil, fmt.Errorf("%w: %w", artifacts.ErrNotFound, source.NewStatusError(resp))
	default:
		return nil, nil, e.refusal(source.NewStatusError(resp))
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxTagPage+1))
	if err != nil {
		return nil, nil, source.NetError(ctx, err)
	}
	if len(raw) > maxTagPage {
		return nil, nil, fmt.Errorf("the answer is longer than %d bytes", maxTagPage)
	}
	var page struct{ Tags []string }
	if err := json.Unmarshal(raw, &page); err != nil {
		return nil, nil, fmt.Errorf("reading the answer: %w", err)
	}
	next, err = nextPage(resp)
	return page.Tags, next, err
}

// nextPage reads Link, RFC 8288: <address>; rel="next". Another host would be sent no credentials, and has no tags.
func nextPage(resp *http.Response) (*url.URL, error) {
	for _, link := range resp.Header.Values("Link") {
		address, parameters, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(link), "<"), ">")
		if !ok || !strings.Contains(strings.ReplaceAll(parameters, " ", ""), "rel=\"next\"") && !strings.Contains(parameters, "rel=next") {
			continue
		}
		next, err := resp.Request.URL.Parse(address)
		if err != nil {
			return nil, errors.New("the address of the next page cannot be read")
		}
		next.Scheme, next.Host = resp.Request.URL.Scheme, resp.Request.URL.Host
		return next, nil
	}
	return nil, nil
}
