package registry

import (
	"net/http"
	"strings"
)

// challenge is one way to authenticate that a server offers, RFC 9110, section 11.6.1.
type challenge struct {
	scheme string            // lower case: "basic", "bearer"
	params map[string]string // names in lower case
}

// parseChallenges reads all WWW-Authenticate headers; several challenges in one header are understood. What cannot be read
// ends its header: the challenges before it count.
func parseChallenges(h http.Header) []challenge {
	var all []challenge
	for _, line := range h.Values("WWW-Authenticate") {
		s := &scanner{rest: line}
		for {
			scheme := s.token()
			if scheme == "" {
				break
			}
			all = append(all, challenge{scheme: strings.ToLower(scheme), params: s.params()})
		}
	}
	return all
}

// scanner reads a header from the left.
type scanner struct{ rest string }

// skip drops blanks and commas.
func (s *scanner) skip() { s.rest = strings.TrimLeft(s.rest, " \t,") }

// token reads a word, RFC 9110, section 5.6.2; "" if there is none.
func (s *scanner) token() string {
	s.skip()
	end := strings.IndexFunc(s.rest, func(r rune) bool {
		return r <= ' ' || r >= 127 || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
	if end < 0 {
		end = len(s.rest)
	}
	word := s.rest[:end]
	s.rest = s.rest[end:]
	return word
}

// params reads name=value pairs until the next scheme.
func (s *scanner) params() map[string]string {
	params := map[string]string{}
	for {
		before := s.rest
		name := s.token()
		after := strings.TrimLeft(s.rest, " \t")
		if name == "" || !strings.HasPrefix(after, "=") {
			s.rest = before // the next scheme, or the end
			return params
		}
		s.rest = strings.TrimLeft(after[1:], " \t")
		value, ok := s.value()
		if !ok {
			s.rest = ""
			return params
		}
		params[strings.ToLower(name)] = value
	}
}

// value reads a word or a quoted string.
func (s *scanner) value() (string, bool) {
	if !strings.HasPrefix(s.rest, `"`) {
		if strings.HasPrefix(s.rest, ",") {
			return "", true
		}
		return s.token(), true
	}
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return b.String(), true
		case c == '\\' && i+1 < len(s.rest):
			i++
			b.WriteByte(s.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}
