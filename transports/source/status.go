package source

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
)

// maxErrorBody bounds how much of an error answer is read, in bytes.
const maxErrorBody = 16 << 10

// maxRetryAfter bounds what a server may ask to wait.
const maxRetryAfter = 24 * time.Hour

// StatusError is an answer with a status that is no success.
type StatusError struct {
	// Code is the HTTP status.
	Code int
	// URL is what was asked, without its query.
	URL string
	// Message is what a registry says in its own words (OCI distribution-spec, "Error codes"); "" if it says nothing.
	Message string
}

// Error names the place and the status.
func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s answers %s", e.URL, strings.TrimSpace(fmt.Sprintf("%d %s", e.Code, http.StatusText(e.Code))))
	if e.Message != "" {
		s += fmt.Sprintf(": %q", e.Message)
	}
	return s
}

// NewStatusError makes an error that wraps a StatusError of an answer: an artifacts.TemporaryError for 408, 425, 429 and 5xx. It reads a bounded
// part of the body; the caller closes it.
func NewStatusError(resp *http.Response) error {
	err := &StatusError{Code: resp.StatusCode, URL: Redact(resp.Request.URL), Message: errorMessage(resp.Body)}
	switch {
	case resp.StatusCode == http.StatusRequestTimeout, resp.StatusCode == http.StatusTooEarly,
		resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode >= 500:
		return &artifacts.TemporaryError{Err: err, RetryAfter: retryAfter(resp.Header, time.Now())}
	}
	return err
}

// errorMessage finds the first message of a registry's error document. Anything else, such as a proxy's page, says
// nothing that helps; nor does a body that cannot be read, as the status is known.
func errorMessage(body io.Reader) string {
	raw, _ := io.ReadAll(io.LimitReader(body, maxErrorBody))
	var doc struct {
		Errors []struct{ Code, Message string }
	}
	if json.Unmarshal(raw, &doc) != nil || len(doc.Errors) == 0 {
		return ""
	}
	if doc.Errors[0].Message == "" {
		return doc.Errors[0].Code
	}
	return doc.Errors[0].Message
}

// retryAfter reads Retry-After in both its forms, RFC 9110, section 10.2.3; 0 if it is missing, unreadable or past.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}
