package quadlet

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// plainAt is a service that is published at an address.
func plainAt(t *testing.T, name, host string, port int) *Set {
	t.Helper()
	spec := testSpec()
	spec.Name, spec.Host, spec.Port = name, host, port
	set, err := Units(spec, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestPorts: two services that could not run both are not installed, but those that are there are replaced and updated.
func TestPorts(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	if err := errors.Join(installSet(t, i, plainAt(t, "ax", "", 8080), false), installSet(t, i, plainAt(t, "v6", "::1", 9090), false)); err != nil {
		t.Fatal(err)
	}
	before := s.files()
	for _, c := range []struct {
		host  string
		port  int
		taken string
	}{
		{"", 8080, "ax"}, {"127.0.0.1", 8080, "ax"}, {"0.0.0.0", 8080, "ax"}, {"::", 8080, "ax"}, {"127.0.0.2", 8080, ""}, {"::1", 8080, ""}, {"", 8081, ""},
		{"0:0:0:0:0:0:0:1", 9090, "v6"}, {"::", 9090, "v6"}, {"127.0.0.1", 9090, ""},
	} {
		set := plainAt(t, "bx", c.host, c.port)
		err := i.Check(t.Context(), set, false)
		if c.taken == "" && err != nil || c.taken != "" && (err == nil || !strings.Contains(err.Error(), " is that of "+c.taken+"; choose another port")) {
			t.Errorf("%+v: %v", c, err)
		}
		if err := installSet(t, i, set, false); (err == nil) != (c.taken == "") {
			t.Errorf("%+v: installed: %v", c, err)
		}
		if c.taken != "" && s.files() != before {
			t.Errorf("%+v: there are %s", c, s.files())
		}
		if _, err := remove(t, i, "bx"); (err == nil) != (c.taken == "") {
			t.Errorf("%+v: removed: %v", c, err)
		}
	}
	if err := installSet(t, i, plainAt(t, "ax", "", 8080), true); err != nil {
		t.Errorf("replaced by itself: %v", err)
	}
	if err := installSet(t, i, plainAt(t, "bx", "", 8081), false); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(i.path("bx.container")) // of a paddock that did not look
	if err == nil {
		err = os.WriteFile(i.path("bx.container"), []byte(strings.ReplaceAll(string(data), ":8081:", ":8080:")), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	l, err := i.Lock(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(second(l.Switch(t.Context(), &Change{Set: plainAt(t, "bx", "", 8080)})), l.Unlock()); err != nil {
		t.Errorf("updated: %v", err)
	}
	if err := installSet(t, i, plainAt(t, "bx", "::1", 9090), true); err == nil || !strings.Contains(err.Error(), "port 9090 is that of v6") {
		t.Errorf("replaced by one at another's address: %v", err)
	}
}
