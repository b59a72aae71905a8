package quadlet

import (
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
)

func TestUnitRefuses(t *testing.T) {
	for want, change := range map[string]func(*workload.Spec, *UnitOptions){
		"not known": func(_ *workload.Spec, o *UnitOptions) { o.PodmanVersion = podmanargs.Version{} },
		"podman 5.5.2": func(_ *workload.Spec, o *UnitOptions) {
			o.PodmanVersion = podmanargs.Version{Major: 5, Minor: 5, Patch: 2}
		},
		`"paddock"`:                            func(_ *workload.Spec, o *UnitOptions) { o.Paddock = "paddock" },
		`"/opt/$x/paddock"`:                    func(_ *workload.Spec, o *UnitOptions) { o.Paddock = "/opt/$x/paddock" },
		"not pinned":                           func(s *workload.Spec, _ *UnitOptions) { s.Model = "quay.io/org/smollm:135m" },
		"invalid name":                         func(s *workload.Spec, _ *UnitOptions) { s.Model = "smollm" },
		"setting Exec":                         func(s *workload.Spec, _ *UnitOptions) { s.Args = []string{"a", "", "b"} },
		`";"`:                                  func(s *workload.Spec, _ *UnitOptions) { s.Args = []string{"a", ";", "b"} },
		`argument ";"`:                         func(_ *workload.Spec, o *UnitOptions) { o.EnsureArgs = []string{";"} },
		"setting ExecStartPre":                 func(_ *workload.Spec, o *UnitOptions) { o.EnsureArgs = []string{"a\nb"} },
		"add its tag":                          func(s *workload.Spec, _ *UnitOptions) { s.Image = "localhost/x.image" },
		"setting HealthCmd":                    func(s *workload.Spec, _ *UnitOptions) { s.Health.Command = `"a b"` },
		"backslash":                            func(s *workload.Spec, _ *UnitOptions) { s.Health.Command = `a \` },
		"white space":                          func(s *workload.Spec, _ *UnitOptions) { s.Network = "a\u2003" },
		"setting Description":                  func(_ *workload.Spec, o *UnitOptions) { o.Model = `m\` },
		"setting Model":                        func(_ *workload.Spec, o *UnitOptions) { o.Model = `"m` },
		"by a name with its registry in front": func(s *workload.Spec, o *UnitOptions) { s.Image, o.AutoUpdate = "llama:server", true },
		`"localhost/llama:1"`:                  func(s *workload.Spec, o *UnitOptions) { s.Image, o.AutoUpdate = "localhost/llama:1", true },
		"a digest never moves":                 func(s *workload.Spec, o *UnitOptions) { s.Image, o.AutoUpdate = "quay.io/x/y@"+blob, true },
		"LLAMA_API_KEY is set already": func(s *workload.Spec, _ *UnitOptions) {
			s.Env, s.Secrets = []workload.EnvVar{{Name: "LLAMA_API_KEY"}}, []workload.Secret{{Name: "k", Env: "LLAMA_API_KEY"}}
		},
		"port 0": func(s *workload.Spec, _ *UnitOptions) { s.Port = 0 },
	} {
		spec, opts := testSpec(), testOptions()
		change(spec, opts)
		if data, err := unitText(spec, opts); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), spec.Name) {
			t.Errorf("want %s, got %v\n%s", want, err, data)
		}
	}
	if _, err := unitText(testSpec(), nil); err == nil {
		t.Error("no options were taken")
	}
}

// FuzzUnit: whatever is not refused is read back as it was given.
func FuzzUnit(f *testing.F) {
	f.Add(`a b  "c" 100% $HOME \d 'e'`, "--x", "sub dir/a,b", "curl x")
	f.Add("", ";", "a/../b", `x "y" z`)
	f.Add("\u0085", "\u00a0", "é\"", "\\")
	f.Fuzz(func(t *testing.T, env, arg, path, health string) {
		change := func(s *workload.Spec, o *UnitOptions) {
			s.Env = []workload.EnvVar{{Name: "A", Value: env}}
			s.Args = []string{"first", arg, "last"}
			s.Mounts[0].Destination = "/models/" + path
			s.Health.Command = health
			o.EnsureArgs = []string{arg}
		}
		spec, opts := testSpec(), testOptions()
		change(spec, opts)
		if _, err := unitText(spec, opts); err != nil {
			return
		}
		roundTrip(t, change)
	})
}

func TestParse(t *testing.T) {
	got, err := parse("# c\n; c\n\n[A]\n  K = a b \nL=x\\\n# not a comment here\n  y\n[B]\nK=1\nK=2\\")
	if err != nil {
		t.Fatal(err)
	}
	want := []setting{{"A", "K", "a b"}, {"A", "L", "xy"}, {"B", "K", "1"}, {"B", "K", `2\`}}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
	if last(got, "B", "K") != `2\` || last(got, "B", "L") != "" {
		t.Errorf("got %q, %q", last(got, "B", "K"), last(got, "B", "L"))
	}
	for _, bad := range []string{"K=1", "[A]\nK", "[A]\n=1", "["} {
		if got, err := parse(bad); err == nil {
			t.Errorf("%q: got %q", bad, got)
		}
	}
}
