package transports

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxReference is the longest reference in bytes; the longest URLs in use are below it.
const maxReference = 8 << 10

// Reference is a reference, taken apart.
type Reference struct {
	// Transport is the row of the table.
	Transport *Transport
	// Scheme is the one that was typed, in lower case; "" if there was none.
	Scheme string
	// Prefix says that the scheme was followed by ":" and not by "://".
	Prefix bool
	// Argument is what to ask the transport for; never empty.
	Argument string
}

// String returns the reference; parsing it again gives the same one.
func (r Reference) String() string {
	switch {
	case r.Scheme == "" || r.Transport.WholeURL:
		return r.Argument
	case r.Prefix:
		return r.Scheme + ":" + r.Argument
	}
	return r.Scheme + "://" + r.Argument
}

// checkText refuses what no reference of any transport contains; only paths have blanks.
func checkText(input string, path bool) error {
	switch {
	case input == "":
		return errors.New("it is empty")
	case len(input) > maxReference:
		return fmt.Errorf("it is longer than %d bytes", maxReference)
	case !utf8.ValidString(input):
		return errors.New("it is not UTF-8")
	}
	for _, r := range input {
		if !unicode.IsPrint(r) || r == ' ' && !path {
			return fmt.Errorf("it contains the character %U", r)
		}
	}
	return nil
}

// isScheme follows RFC 3986, section 3.1.
func isScheme(s string) bool {
	for i, r := range s {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", r)) {
			return false
		}
	}
	return s != ""
}

// isPath says whether a person who types this means a file: no name of a registry begins so.
func isPath(s string) bool {
	for _, prefix := range []string{"/", "./", "../"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return s == "." || s == ".." || isForeignPath(s)
}

// isForeignPath says whether a path is one of a shell or of Windows.
func isForeignPath(s string) bool {
	for _, prefix := range []string{"~", `\`, `.\`, `..\`} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return len(s) > 2 && s[1] == ':' && s[2] == '\\'
}
