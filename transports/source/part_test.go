package source

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
)

func TestNewPart(t *testing.T) {
	for _, c := range []struct {
		offset, length, size int64
		header               string // Range; "-" for none, "" for an error
	}{
		{0, -1, 10, "-"}, {0, 10, 10, "bytes=0-9"}, {3, 4, 10, "bytes=3-6"}, {3, -1, 10, "bytes=3-9"}, {0, -1, 0, "-"},
		{-1, 1, 10, ""}, {0, 11, 10, ""}, {11, -1, 10, ""}, {0, -2, 10, ""}, {1, 1<<63 - 1, 10, ""}, {0, -1, -1, ""},
	} {
		p, err := NewPart(c.offset, c.length, c.size)
		if (err != nil) != (c.header == "") {
			t.Errorf("%+v: %v", c, err)
		}
		if err != nil {
			continue
		}
		h := http.Header{}
		p.SetHeader(h)
		if got := h.Get("Range"); got != strings.TrimPrefix(c.header, "-") || h.Get("Accept-Encoding") != "identity" {
			t.Errorf("%+v: %v", c, h)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		status         int
		contentRange   string
		encoding       string
		length         int64 // -1: not said
		offset, wanted int64
		want           error // errNone: accepted
	}{
		{206, "bytes 2-5/10", "", 4, 2, 4, errNone},
		{206, "Bytes 2-5/10", "identity", -1, 2, 4, errNone},
		{200, "", "", 10, 0, -1, errNone},
		{200, "", "", -1, 0, -1, errNone},
		{200, "", "", 4, 2, 4, artifacts.ErrNoRange},
		{206, "", "", 4, 2, 4, artifacts.ErrNoRange},
		{206, "bytes 2-6/10", "", 4, 2, 4, artifacts.ErrNoRange},
		{206, "bytes 1-5/10", "", 4, 2, 4, artifacts.ErrNoRange},
		{206, "bytes 2-4/10", "", 3, 2, 4, artifacts.ErrNoRange},
		{206, "bytes 2-5/*", "", 4, 2, 4, artifacts.ErrNoRange},
		{206, "bytes +2-5/10", "", 4, 2, 4, artifacts.ErrNoRange},
		{206, "items 2-5/10", "", 4, 2, 4, artifacts.ErrNoRange},
		{206, "bytes 2-5/99999999999999999999", "", 4, 2, 4, artifacts.ErrNoRange},
		{206, "bytes 2-5/11", "", 4, 2, 4, artifacts.ErrVerification},
		{206, "bytes 2-5/10", "", 5, 2, 4, artifacts.ErrVerification},
		{206, "bytes 2-5/10", "gzip", 4, 2, 4, artifacts.ErrVerification},
		{206, "bytes 0-9/10", "", 10, 0, -1, artifacts.ErrVerification},
		{200, "", "", 11, 0, -1, artifacts.ErrVerification},
		{200, "", "br", -1, 0, -1, artifacts.ErrVerification},
		{204, "", "", 0, 0, -1, nil},
		{416, "bytes */10", "", 0, 2, 4, nil},
	} {
		p, err := NewPart(c.offset, c.wanted, 10)
		if err != nil {
			t.Fatal(err)
		}
		resp := &http.Response{
			StatusCode: c.status, ContentLength: c.length, Body: http.NoBody,
			Header:  http.Header{"Content-Range": {c.contentRange}, "Content-Encoding": {c.encoding}},
			Request: httptest.NewRequest("GET", "https://h/b?sig=secret", nil),
		}
		err = p.Check(resp)
		if (c.want == errNone) != (err == nil) || (err != nil && c.want != nil && !errors.Is(err, c.want)) {
			t.Errorf("%+v: %v", c, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// errNone stands for an answer that is accepted.
var errNone = errors.New("none")
