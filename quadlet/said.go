package quadlet

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// StartError says that a service did not start.
type StartError struct {
	// Err is what systemctl says, and Said the end of what the service said meanwhile; "" if that cannot be read.
	Err  error
	Said string
}

// Error is that of Err, without what systemctl says of where to look for more.
func (e *StartError) Error() string { return withoutSee(e.Err) }

// Unwrap returns Err.
func (e *StartError) Unwrap() error { return e.Err }

// withoutSee is what systemctl says, up to where it says to look for more.
func withoutSee(err error) string {
	why, _, _ := strings.Cut(err.Error(), "\nSee \"systemctl ")
	return strings.TrimSuffix(why, ".")
}

// StartHeard is Start, and its error a *StartError.
func (i *Installer) StartHeard(ctx context.Context, in *Installed) error {
	began := time.Now()
	err := i.Start(ctx, in)
	if err == nil {
		return nil
	}
	failed := &StartError{Err: err}
	if ctx.Err() == nil {
		failed.Said = i.Systemctl.journal(ctx, in.Service, began)
	}
	return failed
}

// journalEntry is one of journalctl --output=json.
type journalEntry struct {
	Message any `json:"MESSAGE"` // a text, or the bytes of one that is none
	// Event is Podman's word for what it did, if the entry is about that.
	Event      any    `json:"PODMAN_EVENT"`
	Invocation string `json:"_SYSTEMD_INVOCATION_ID"`
}

// noise is what podman run prints, and what conmon warns of.
const noise = `^([0-9a-f]{64}|conmon [0-9a-f]+ <n(warn|info|debug|trace)>: .*)$`

// journal returns the end of what the processes of a service have said since, at the last attempt to start it, and neither what systemd
// says of it nor what Podman notes of events; "" if that cannot be read.
func (s *Systemctl) journal(ctx context.Context, service string, since time.Time) string {
	argv := []string{"journalctl", "_SYSTEMD_UNIT=" + service}
	if s.User {
		argv = []string{"journalctl", "--user", "_SYSTEMD_USER_UNIT=" + service}
	}
	out, err := s.Run.Call(ctx, append(argv, "--since=@"+strconv.FormatInt(since.Unix(), 10), "--lines=500", "--output=json", "--all", "--quiet", "--no-pager")...)
	if err != nil {
		return ""
	}
	return lastAttempt(out)
}

// lastAttempt takes from the entries of a journal what was said last under one invocation of a service.
func lastAttempt(entries string) string {
	dull := regexp.MustCompile(noise)
	var invocation string
	var said []string
	for line := range strings.Lines(entries) {
		var e journalEntry
		if json.Unmarshal([]byte(line), &e) != nil || e.Event != nil {
			continue
		}
		text := strings.TrimSpace(e.text())
		if text == "" || dull.MatchString(text) {
			continue
		}
		if e.Invocation != invocation {
			invocation, said = e.Invocation, nil
		}
		said = append(said, text+"\n")
	}
	return strings.Join(said, "")
}

// text is the message.
func (e *journalEntry) text() string {
	switch m := e.Message.(type) {
	case string:
		return m
	case []any:
		var b []byte
		for _, v := range m {
			if n, ok := v.(float64); ok {
				b = append(b, byte(n))
			}
		}
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return ""
}
