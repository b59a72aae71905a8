package source

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
)

// Check says whether an answer carries exactly the part, from its status and headers; it reads the body only of an error
// answer. It wraps artifacts.ErrNoRange if the server sends something else than the part, artifacts.ErrVerification if
// it has a blob of another size. The caller closes the body.
func (p Part) Check(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusOK:
		if !p.Whole {
			return p.odd(resp, artifacts.ErrNoRange, "the whole content")
		}
	case http.StatusPartialContent:
		if p.Whole {
			return p.odd(resp, artifacts.ErrVerification, "a part")
		}
		if err := p.checkRange(resp); err != nil {
			return err
		}
	default:
		return NewStatusError(resp)
	}
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return p.odd(resp, artifacts.ErrVerification, fmt.Sprintf("content in the encoding %q", enc))
	}
	if resp.ContentLength >= 0 && resp.ContentLength != p.Length {
		return p.odd(resp, artifacts.ErrVerification, fmt.Sprintf("%d bytes", resp.ContentLength))
	}
	return nil
}

// odd is the error for an answer with other content than the part.
func (p Part) odd(resp *http.Response, kind error, got string) error {
	return fmt.Errorf("%w: asked for %s, %s sends %s", kind, p, Redact(resp.Request.URL), got)
}

// checkRange compares Content-Range, RFC 9110, section 14.4. A size that differs from the blob's is final; any other
// oddity only means that this server cannot be trusted with ranges.
func (p Part) checkRange(resp *http.Response) error {
	header := resp.Header.Get("Content-Range")
	first, last, size, ok := parseContentRange(header)
	switch {
	case !ok:
		return p.odd(resp, artifacts.ErrNoRange, fmt.Sprintf("Content-Range %q", header))
	case size != p.Size:
		return p.odd(resp, artifacts.ErrVerification, fmt.Sprintf("a part of %d bytes in all", size))
	case first != p.Offset || last != p.Offset+p.Length-1:
		return p.odd(resp, artifacts.ErrNoRange, fmt.Sprintf("Content-Range %q", header))
	}
	return nil
}

// parseContentRange reads "bytes 0-9/100". An unknown size ("*") is not ok: nothing would then tie the part to the blob.
func parseContentRange(header string) (first, last, size int64, ok bool) {
	unit, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	span, total, found := strings.Cut(strings.TrimSpace(rest), "/")
	from, to, dash := strings.Cut(span, "-")
	if !strings.EqualFold(unit, "bytes") || !found || !dash {
		return 0, 0, 0, false
	}
	var numbers [3]int64
	for i, text := range []string{from, to, total} {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return 0, 0, 0, false
		}
		numbers[i] = int64(n)
	}
	return numbers[0], numbers[1], numbers[2], true
}
