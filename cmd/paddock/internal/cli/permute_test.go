package cli

import (
	"slices"
	"strings"
	"testing"
)

// testGrammar is paddock --log-level V; pull -q --jobs/-j V --tls-verify; serve -d -p/--port V -e/--env V; quadlet
// install --now | ls -q.
func testGrammar() *grammar {
	leaf := func(path string, forms ...string) *grammar {
		g := &grammar{path: path, flags: map[string]flagForm{}, subs: map[string]*grammar{}}
		for _, f := range forms {
			spellings, alone := strings.CutSuffix(f, "!")
			names := strings.Split(spellings, "/")
			for _, n := range names {
				g.flags[n] = flagForm{name: names[0], alone: alone}
			}
		}
		return g
	}
	root := leaf("paddock", "log-level", "engine", "version/v!")
	root.subs["pull"] = leaf("paddock pull", "quiet/q!", "jobs/j", "tls-verify!")
	root.subs["serve"] = leaf("paddock serve", "detach/d!", "port/p", "env/e")
	quadlet := leaf("paddock quadlet")
	quadlet.subs["install"] = leaf("paddock quadlet install", "now!")
	quadlet.subs["ls"] = leaf("paddock quadlet ls", "quiet/q!")
	quadlet.subs["list"] = quadlet.subs["ls"]
	root.subs["quadlet"] = quadlet
	return root
}

func TestPermute(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"pull m", "pull m"},
		{"pull m --quiet", "pull --quiet m"},
		{"pull m -q --jobs 4", "pull --quiet --jobs=4 m"},
		{"pull -j4 m -q", "pull --jobs=4 --quiet m"},
		{"pull -j=4 m", "pull --jobs=4 m"},
		{"pull -qj 4 m", "pull --quiet --jobs=4 m"},
		{"pull -jobs 4 m", "pull --jobs=4 m"},
		{"pull m --tls-verify=false", "pull --tls-verify=false m"},
		{"pull m --tls-verify false", "pull --tls-verify m false"},
		{"pull -q=false m", "pull --quiet=false m"},
		{"pull m --jobs --quiet", "pull --jobs=--quiet m"},
		{"pull m --jobs=", "pull --jobs= m"},
		{"pull m --log-level debug", "--log-level=debug pull m"},
		{"--log-level=debug pull m", "--log-level=debug pull m"},
		{"serve m -p 80 -e A=1 -e B=2,3 -d", "serve --port=80 --env=A=1 --env=B=2,3 --detach m"},
		{"serve m -dp80", "serve --detach --port=80 m"},
		{"serve m -- --ngl 3 -p 4", "serve m -- --ngl 3 -p 4"},
		{"serve m -d -- -d -- -p", "serve --detach m -- -d -- -p"},
		{"serve -- m -d", "serve -- m -d"},
		{"serve -", "serve -"},
		{"quadlet install m --now", "quadlet install --now m"},
		{"quadlet list -q", "quadlet list --quiet"},
		{"pull m -h --quiet", "pull --quiet --help m"},
		{"quadlet --help", "quadlet --help"},
		{"-help", "--help"},
		{"-v", "--version"},
	} {
		got, _, err := permute(testGrammar(), strings.Fields(c.in))
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.in, strings.Join(got, " "), err, c.want)
		}
	}
}

func TestPermuteRefuses(t *testing.T) {
	for _, c := range []struct{ in, message, hint string }{
		{"plul m", `unknown command "plul" for "paddock"`, `did you mean "paddock pull"?`},
		{"xyzzy", `unknown command "xyzzy" for "paddock"`, ""},
		{"quadlet instal", `unknown command "instal" for "paddock quadlet"`, `did you mean "paddock quadlet install"?`},
		{"pull m --jbos 4", `unknown flag --jbos for "paddock pull"`, "did you mean --jobs?"},
		{"pull m --hlep", `unknown flag --hlep for "paddock pull"`, "did you mean --help?"},
		{"pull m --log-lvel x", `unknown flag --log-lvel for "paddock pull"`, "did you mean --log-level?"},
		{"pull m -x", `unknown flag -x for "paddock pull"`, ""},
		{"pull m -qx", `unknown flag -qx for "paddock pull"`, ""},
		{"pull m ---jobs", `unknown flag ---jobs for "paddock pull"`, "did you mean --jobs?"},
		{"pull m --jobs", "flag --jobs wants a value", ""},
		{"pull m -qj", "flag -j wants a value", ""},
		{"--jobs 4 pull m", `unknown flag --jobs for "paddock"`, "--jobs belongs after the command: paddock pull"},
		{"-- pull m", `"--" stands before the command; it ends the flags of a command`, ""},
		{"serve m --ngl 3", `unknown flag --ngl for "paddock serve"`, ""},
		{"pull --help=yes", `unknown flag --help for "paddock pull"`, "did you mean --help?"},
	} {
		_, _, err := permute(testGrammar(), strings.Fields(c.in))
		if err == nil || err.Error() != c.message || strings.Join(Hints(err), "") != c.hint || ExitCode(err) != exitUsage {
			t.Errorf("%s: got %v (exit %d), hints %q", c.in, err, ExitCode(err), Hints(err))
		}
	}
}

func FuzzPermute(f *testing.F) {
	for _, s := range []string{"pull\nm\n-q", "serve\nm\n-dp80\n--\n-x", "quadlet\nls\n--help\n", "--\n", "-=\n", "pull\n-j\n--\n--"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := strings.Split(s, "\n")
		once, l, err := permute(testGrammar(), in)
		if err != nil {
			if ExitCode(err) != exitUsage {
				t.Errorf("%q: no usage error: %v", in, err)
			}
			return
		}
		twice, again, err := permute(testGrammar(), once)
		if err != nil || !slices.Equal(once, twice) {
			t.Errorf("%q: %q, then %q, %v", in, once, twice, err)
		}
		if !slices.Equal(l.before, again.before) || !slices.Equal(l.after, again.after) || !slices.Equal(l.path, again.path) {
			t.Errorf("%q: arguments changed: %q %q, then %q %q", in, l.before, l.after, again.before, again.after)
		}
		if n := slices.Index(in, "--"); l.dashes && !slices.Equal(l.after, in[len(in)-len(l.after):]) || l.dashes && n < 0 {
			t.Errorf("%q: what follows -- became %q", in, l.after)
		}
	})
}
