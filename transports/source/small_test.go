package source

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestSameOrigin(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://h/a", "https://H:443/b?c", true},
		{"http://h:80/a", "http://h", true},
		{"https://h/a", "http://h/a", false},
		{"https://h:5000/a", "https://h/a", false},
		{"https://h/a", "https://h.evil/a", false},
		{"http://h:443/a", "https://h/a", false},
		{"https://[::1]/a", "https://[::1]:443/a", true},
	} {
		if SameOrigin(parse(t, c.a), parse(t, c.b)) != c.same || SameOrigin(parse(t, c.b), parse(t, c.a)) != c.same {
			t.Errorf("%+v", c)
		}
	}
}

func TestExpiry(t *testing.T) {
	for query, want := range map[string]string{
		"Expires=1700000000":                               "2023-11-14T22:13:20Z",
		"X-Amz-Date=20240102T030405Z&X-Amz-Expires=60":     "2024-01-02T03:05:05Z",
		"X-Goog-Date=20240102T030405Z&X-Goog-Expires=3600": "2024-01-02T04:04:05Z",
		"se=2024-01-02T03%3A04%3A05Z":                      "2024-01-02T03:04:05Z",
		"":                                                 "",
		"Expires=soon":                                     "",
		"X-Amz-Date=20240102T030405Z&X-Amz-Expires=nonsense": "",
		"X-Amz-Expires=60": "",
	} {
		got := expiry(parse(t, "https://h/b?"+query))
		if want == "" && !got.IsZero() || want != "" && got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q: %s", query, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, " 5 ": 5 * time.Second, "-5": 0, "x": 0, "2147483647": maxRetryAfter, "99999999999999999999": 0,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0,
		now.Add(48 * time.Hour).Format(http.TimeFormat): maxRetryAfter,
	} {
		if got := retryAfter(http.Header{"Retry-After": {header}}, now); got != want {
			t.Errorf("%q: %s", header, got)
		}
	}
}

func TestScrub(t *testing.T) {
	inner := errors.New("inner")
	for text, want := range map[string]string{
		`Get "https://u:pw@h/p?sig=secret&a=b#f": EOF`: `Get "https://h/p": EOF`,
		"asking https://h/p?sig=secret: no":            "asking https://h/p no",
		"two http://a?x=1 and https://b/c?y=2":         "two http://a and https://b/c",
		"https://h/p@sha256:abc":                       "https://h/p@sha256:abc",
		`no place "/%zz?sig=secret": bad escape`:       `no place "/%zz": bad escape`,
		"why? no url":                                  "why? no url",
	} {
		err := Scrub(fmt.Errorf("%s%.0w", text, inner))
		if err.Error() != want || !errors.Is(err, inner) {
			t.Errorf("%q: %q", text, err)
		}
	}
	if Scrub(nil) != nil {
		t.Error("nil is an error")
	}
	if got := Redact(parse(t, "https://u:pw@h:1/a%2Fb?q#f")); got != "https://h:1/a%2Fb" {
		t.Error(got)
	}
}

func TestErrorMessage(t *testing.T) {
	for body, want := range map[string]string{
		`{"errors":[{"code":"DENIED","message":"no"}]}`: "no",
		`{"errors":[{"code":"DENIED"}]}`:                "DENIED",
		`{"errors":[]}`:                                 "",
		"<html>":                                        "",
		strings.Repeat(" ", 2*maxErrorBody) + `{"errors":[{"code":"DENIED"}]}`: "",
	} {
		if got := errorMessage(strings.NewReader(body)); got != want {
			t.Errorf("%.40q: %q", body, got)
		}
	}
}
