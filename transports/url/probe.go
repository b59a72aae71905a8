package url

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports/source"
)

// magicSize is how many bytes are asked for to see what a file is.
const magicSize = 4

// remoteFile is what a server says of a file.
type remoteFile struct {
	url  *url.URL
	name string // without a folder
	size int64  // -1 if it is not said
	// validator goes into If-Range: a strong ETag or a certain Last-Modified; "" if there is none.
	validator string
	ranges    bool
	delimited bool // the end of the file is told from the end of the connection
}

// probe asks for the first bytes of a file: that tells its size, and whether the server serves ranges, in one request that
// also a signed URL for GET answers.
func probe(ctx context.Context, web *source.Web, at *url.URL) (f *remoteFile, err error) {
	err = web.Retry(ctx, func(ctx context.Context) error {
		f, err = probeOnce(ctx, web, at)
		return err
	})
	return f, err
}

func probeOnce(ctx context.Context, web *source.Web, at *url.URL) (*remoteFile, error) {
	resp, err := web.Open(ctx, at, http.Header{"Range": {fmt.Sprintf("bytes=0-%d", magicSize-1)}})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, fmt.Errorf("%s sends the file in the encoding %q, unasked", source.Redact(at), enc)
	}
	magic, err := io.ReadAll(io.LimitReader(resp.Body, magicSize))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", source.Redact(at), err)
	}
	f := &remoteFile{url: at, size: resp.ContentLength, validator: validator(resp.Header)}
	f.delimited = f.size >= 0 || len(resp.TransferEncoding) > 0
	if resp.StatusCode == http.StatusPartialContent {
		_, total, _ := strings.Cut(resp.Header.Get("Content-Range"), "/")
		if n, err := strconv.ParseUint(total, 10, 63); err == nil {
			f.size, f.ranges = int64(n), true
		} else {
			f.size, f.delimited = -1, true
		}
	}
	return f, f.identify(resp, string(magic))
}

// identify names the file: by the URL, by what the server proposes (RFC 6266), or by where it led. What is neither named
// like a model's file nor GGUF is refused.
func (f *remoteFile) identify(resp *http.Response, magic string) error {
	_, disposition, _ := mime.ParseMediaType(resp.Header.Get("Content-Disposition")) // one that is odd proposes nothing
	for _, proposed := range []string{f.url.Path, disposition["filename"], resp.Request.URL.Path} {
		name := path.Base(proposed)
		if clean, err := packaging.CleanPath(name); err == nil && clean == name && isModel(name) {
			f.name = name
			break
		}
	}
	if magic != "GGUF" && strings.HasSuffix(strings.ToLower(f.name), ".gguf") || f.name == "" && magic != "GGUF" {
		what := "it is neither GGUF nor named like the file of a model"
		if strings.HasPrefix(strings.ToLower(resp.Header.Get("Content-Type")), "text/html") {
			what = "it is a web page"
		} else if f.name != "" {
			what = "it is not GGUF"
		}
		return fmt.Errorf("%s is no model: %s", source.Redact(f.url), what)
	}
	if f.name == "" {
		f.name = "model.gguf"
	}
	return nil
}

func isModel(name string) bool {
	role := packaging.RoleByName(name)
	return role == packaging.Weights || role == packaging.Projector || role == packaging.Adapter
}

// validator returns what names one state of the file to If-Range (RFC 9110, sections 13.1.5 and 8.8.2.2): a time of
// modification only if it is a minute or more before the answer, or the file may have changed twice in it.
func validator(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	date, err2 := http.ParseTime(h.Get("Date"))
	if err == nil && err2 == nil && date.Sub(modified) >= time.Minute {
		return h.Get("Last-Modified")
	}
	return ""
}

// same says whether an answer is about the state that was probed. Not every server repeats the validator.
func (f *remoteFile) same(resp *http.Response) error {
	now := validator(resp.Header)
	if f.validator == "" || now == "" || now == f.validator {
		return nil
	}
	return fmt.Errorf("%s changed at the origin while it was read", source.Redact(f.url))
}

// opener reads the file. checked says that its digest is known, so that ranges need no validator.
func (f *remoteFile) opener(web *source.Web, checked bool) artifacts.Opener {
	if f.size < 0 {
		return f.stream(web)
	}
	remote := web.Remote(f.url, f.size, func(req *http.Request) {
		if req.Header.Get("Range") != "" && f.validator != "" {
			req.Header.Set("If-Range", f.validator)
		}
	}, f.same)
	return func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		part := offset != 0 || length != -1
		if part && (!f.ranges || f.validator == "" && !checked) {
			return nil, fmt.Errorf("reading a part of %s: %w", source.Redact(f.url), artifacts.ErrNoRange)
		}
		return remote.Open(ctx, offset, length)
	}
}

// stream reads a file of unknown size.
func (f *remoteFile) stream(web *source.Web) artifacts.Opener {
	return func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		if offset != 0 || length != -1 {
			return nil, fmt.Errorf("reading a part of %s: %w", source.Redact(f.url), artifacts.ErrNoRange)
		}
		resp, err := web.Open(ctx, f.url, nil)
		if err != nil {
			return nil, err
		}
		if err := f.same(resp); err != nil {
			resp.Body.Close()
			return nil, err
		}
		return resp.Body, nil
	}
}
