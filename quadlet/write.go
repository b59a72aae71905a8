package quadlet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// unit is a unit file that is being written, up to the first error.
type unit struct {
	buf bytes.Buffer
	err error
}

func (u *unit) section(name string) {
	if u.buf.Len() > 0 {
		u.buf.WriteByte('\n')
	}
	fmt.Fprintf(&u.buf, "[%s]\n", name)
}

func (u *unit) put(key, value string, err error) {
	if err != nil && u.err == nil {
		u.err = fmt.Errorf("setting %s: %w", key, err)
	}
	fmt.Fprintf(&u.buf, "%s=%s\n", key, value)
}

// fixed writes a value of our own that needs no care.
func (u *unit) fixed(key, value string) { u.put(key, value, nil) }

// text writes a value that is nobody's command line.
func (u *unit) text(key, value string) {
	v, err := line(value)
	u.put(key, specifiers(v), err)
}

// arg writes a value that becomes one argument of ExecStart=.
func (u *unit) arg(key, value string) {
	v, err := line(value)
	u.put(key, expansions(v), err)
}

// list writes words for ourselves, as JSON: nothing if there are none.
func (u *unit) list(key string, words []string) {
	if words == nil {
		return
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(words)
	if err != nil {
		u.put(key, "", err)
		return
	}
	u.text(key, strings.TrimSpace(b.String()))
}

// words writes words that become arguments of a command line.
func (u *unit) words(key string, words ...string) {
	quoted := make([]string, len(words))
	for i, w := range words {
		v, err := word(w)
		if err != nil {
			u.put(key, "", err)
			return
		}
		quoted[i] = expansions(v)
	}
	u.put(key, strings.Join(quoted, " "), nil)
}
