package quadlet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// asJournal is a text as journalctl prints what a service said at one attempt.
func asJournal(text string) []byte {
	var b strings.Builder
	for line := range strings.Lines(text) {
		message, _ := json.Marshal(strings.TrimSuffix(line, "\n"))
		fmt.Fprintf(&b, "{\"MESSAGE\":%s,\"_SYSTEMD_INVOCATION_ID\":\"a\"}\n", message)
	}
	return []byte(b.String())
}

// TestStartHeard: of a start that fails it is told what the service said at the last attempt, and nothing that others said of it.
func TestStartHeard(t *testing.T) {
	entries := strings.Join([]string{
		`{"MESSAGE":"an earlier attempt","_SYSTEMD_INVOCATION_ID":"a"}`,
		`{"MESSAGE":"2026-01-01 container create 12ab (image=x)","PODMAN_EVENT":"create","PODMAN_TYPE":"container","_SYSTEMD_INVOCATION_ID":"b"}`,
		`{"MESSAGE":"` + strings.Repeat("0a", 32) + `","_SYSTEMD_INVOCATION_ID":"b"}`,
		`{"MESSAGE":"conmon 12ab <nwarn>: Failed to open cgroups file","_SYSTEMD_INVOCATION_ID":"b"}`,
		`{"MESSAGE":"  one","_SYSTEMD_INVOCATION_ID":"b"}`, `{"MESSAGE":[116,119,111,255],"_SYSTEMD_INVOCATION_ID":"b"}`, `{"MESSAGE":null,"_SYSTEMD_INVOCATION_ID":"b"}`,
		`{"MESSAGE":"container remove 12ab","PODMAN_EVENT":"remove","_SYSTEMD_INVOCATION_ID":"c"}`, `{"MES`,
	}, "\n")
	fails := true
	var asked []string
	i := newSystemd(t).installer()
	i.Systemctl.Run = func(_ context.Context, argv []string) ([]byte, []byte, error) {
		switch {
		case argv[0] == "journalctl":
			asked = argv
			return []byte(entries), nil, nil
		case fails:
			return nil, []byte("Job for m.service failed.\nSee \"systemctl status m.service\" for details.\n"), errors.New("exit status 1")
		}
		return nil, nil, nil
	}
	in := &Installed{Name: "m", Service: "m.service"}
	var failed *StartError
	if err := i.StartHeard(t.Context(), in); !errors.As(err, &failed) || failed.Said != "one\ntwo\ufffd\n" || !strings.HasSuffix(err.Error(), "Job for m.service failed") {
		t.Errorf("%v, %+v", err, failed)
	}
	if line := strings.Join(asked, " "); !strings.Contains(line, "_SYSTEMD_USER_UNIT=m.service --since=@") || !strings.Contains(line, "--output=json") {
		t.Errorf("asked %s", line)
	}
	fails = false
	if err := i.StartHeard(t.Context(), in); err != nil {
		t.Error(err)
	}
}
