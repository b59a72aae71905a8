package quadlet

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInUse: what another service needs stays, and nothing is stopped on the way to finding that out.
func TestInUse(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	spec := testSpec()
	spec.Name, spec.Port, spec.Network = "other", 9000, "m.network"
	user, err := Units(spec, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(installSet(t, i, besideUnit(t, ""), false), installSet(t, i, user, false)); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(s.dir, "sub", "web.kube")
	if err := errors.Join(os.Mkdir(filepath.Dir(foreign), 0o755), os.WriteFile(foreign, []byte("[Kube]\nNetwork=m.network:ip=10.0.0.2\nYaml=x\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	before := s.files()
	for _, by := range []string{"other.container, sub/web.kube", "sub/web.kube"} {
		s.did = nil
		_, removed := remove(t, i, "m")
		for what, err := range map[string]error{"rm": removed, "install": installSet(t, i, &Set{Name: "m", Unit: testUnit(t)}, true)} {
			if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "m.network is in use by "+by+";") {
				t.Errorf("%s: %v", what, err)
			}
		}
		if len(s.did) > 0 || s.files() != before {
			t.Errorf("did %q, there are %s", s.did, s.files())
		}
		if err := installSet(t, i, besideUnit(t, "Internal=true"), true); err != nil {
			t.Errorf("a network that stays: %v", err)
		}
		if by == "sub/web.kube" {
			break
		}
		if _, err := remove(t, i, "other"); err != nil {
			t.Fatal(err)
		}
		before = s.files()
	}
	if err := os.WriteFile(foreign, []byte("[Kube]\nYaml=m.network\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := remove(t, i, "m"); err != nil {
		t.Error(err)
	}
}
