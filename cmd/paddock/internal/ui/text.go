package ui

import (
	"io"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/opencontainers/go-digest"
)

// shortDigest is how many hex digits stand for a digest, as in Podman's tables.
const shortDigest = 12

// Text prints text as it is, cleaned, with a newline at its end.
func Text(w io.Writer, text string) error {
	return write(w, strings.TrimSuffix(Clean(text), "\n")+"\n")
}

// Bytes prints data as they are, byte for byte: for files and pipes, where a digest must stay what it is.
func Bytes(w io.Writer, data []byte) error { return write(w, string(data)) }

// Size says a number of bytes as Podman's image list does, in powers of 1000 with four digits: "519.9 kB".
func Size(bytes int64) string {
	return units.CustomSize("%.4g %s", float64(bytes), 1000, sizeUnits())
}

func sizeUnits() []string { return []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"} }

// ShortDigest returns the first 12 hex digits of a digest, as Podman shows them; "" for "", and what is no digest whole.
func ShortDigest(d digest.Digest) string {
	_, hex, ok := strings.Cut(string(d), ":")
	if !ok || len(hex) < shortDigest {
		return string(d)
	}
	return hex[:shortDigest]
}

// Age says how long ago t was: "3 days ago"; "" for the zero Time, whose age nobody knows.
func Age(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return units.HumanDuration(now.Sub(t)) + " ago"
}
