package cli

import (
	"slices"
	"strings"
	"testing"
)

// TestDoctorServices: a service whose model is gone is named, with what brings that back.
func TestDoctorServices(t *testing.T) {
	d := newDisk(t)
	d.publish(t, tiny)
	d.must(t, "quadlet", "install", "--name", "svc", tiny)
	if out := d.must(t, "doctor"); out != "no problems found\n" {
		t.Errorf("got %q", out)
	}
	d.must(t, "rm", "--all", "--force")
	for _, args := range [][]string{{"doctor"}, {"doctor", "--fix"}} {
		code, out, err := d.run(t, args...)
		if code != exitError || !strings.Contains(out, "service") || !strings.Contains(out, "the service svc needs it, and it is gone") {
			t.Errorf("%q: exit %d, %q, %v", args, code, out, err)
		}
		if hints := Hints(err); len(hints) != 1 || !strings.HasPrefix(hints[0], "paddock ensure quay.io/org/") {
			t.Errorf("%q: hints %q", args, hints)
		}
	}
	_, _, err := d.run(t, "doctor")
	d.must(t, slices.Concat(strings.Fields(Hints(err)[0])[1:], []string{"-q"})...)
	if out := d.must(t, "doctor"); out != "no problems found\n" {
		t.Errorf("got %q", out)
	}
}
