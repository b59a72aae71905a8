package source

import (
	"net/url"
	"regexp"
	"strings"
)

// Redact writes a URL without what may be secret: its query (signed URLs), its user and password, its fragment.
func Redact(u *url.URL) string {
	clean := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, Opaque: u.Opaque}
	return clean.String()
}

// Scrub hides the same parts of every URL in the text of an error. errors.Is and errors.As still find what it wraps.
// For errors that others wrote; nil stays nil.
func Scrub(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if !strings.ContainsAny(text, "?@") {
		return err
	}
	clean := scrubText(text)
	if clean == text {
		return err
	}
	return &scrubbed{text: clean, err: err}
}

// scrubbed is an error with a cleaned text.
type scrubbed struct {
	text string
	err  error
}

func (e *scrubbed) Error() string { return e.text }
func (e *scrubbed) Unwrap() error { return e.err }

// scrubText drops user, password and query of each URL, and the query of what may be a relative one. A URL ends at a
// blank or a quote, as Go's errors print it.
func scrubText(text string) string {
	user := regexp.MustCompile(`(\w://)[^\s"'/?#@]+@`)
	query := regexp.MustCompile(`(\w://[^\s"'?]*)\?[^\s"']*|\?[^\s"'?]*=[^\s"']*`)
	return query.ReplaceAllString(user.ReplaceAllString(text, "$1"), "$1")
}
