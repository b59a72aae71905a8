package main

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ev writes one event.
func ev(action, pkg, test string, output ...string) string {
	e := `{"Action":"` + action + `","Package":"` + pkg + `"`
	if test != "" {
		e += `,"Test":"` + test + `"`
	}
	if len(output) > 0 {
		e += `,"Output":"` + output[0] + `\n"`
	}
	return e + "}\n"
}

func TestTally(t *testing.T) {
	for _, c := range []struct {
		name, events string
		allow        string
		sum          string
		ok           bool
		shows        []string
	}{
		{"all pass", ev("run", "a", "T1") + ev("pass", "a", "T1") + ev("run", "a", "T2") + ev("pass", "a", "T2") + ev("pass", "a", ""),
			"^$", "2 passed, 0 failed, 0 skipped", true, []string{"pass a (2 tests"}},
		{"sub-tests count, parents do not", ev("run", "a", "T") + ev("run", "a", "T/x") + ev("pass", "a", "T/x") + ev("run", "a", "T/y") + ev("pass", "a", "T/y") + ev("pass", "a", "T") + ev("pass", "a", ""),
			"^$", "2 passed, 0 failed, 0 skipped", true, nil},
		{"a failed sub-test counts once", ev("run", "a", "T") + ev("run", "a", "T/x") + ev("output", "a", "T/x", "why") + ev("fail", "a", "T/x") + ev("fail", "a", "T") + ev("fail", "a", ""),
			"^$", "0 passed, 1 failed, 0 skipped", false, []string{"--- FAIL a T/x\nwhy\n"}},
		{"a parent that fails by itself counts", ev("run", "a", "T") + ev("run", "a", "T/x") + ev("pass", "a", "T/x") + ev("fail", "a", "T") + ev("fail", "a", ""),
			"^$", "1 passed, 1 failed, 0 skipped", false, nil},
		{"a skip fails", ev("pass", "a", "T") + ev("skip", "a", "S") + ev("pass", "a", ""),
			"^$", "1 passed, 0 failed, 1 skipped", false, []string{"not allowed: a.S"}},
		{"a skip that is allowed", ev("pass", "a", "T") + ev("skip", "a", "S") + ev("pass", "a", ""),
			`^a\.S$`, "1 passed, 0 failed, 1 skipped", true, nil},
		{"a package without tests is no skip", ev("pass", "a", "T") + ev("pass", "a", "") + ev("skip", "b", ""),
			"^$", "1 passed, 0 failed, 0 skipped", true, nil},
		{"no build", `{"Action":"build-output","ImportPath":"a","Output":"syntax error\n"}` + "\n" + ev("output", "a", "", "FAIL a [build failed]") + ev("fail", "a", ""),
			"^$", "0 passed, 1 failed, 0 skipped", false, []string{"syntax error\n", "[build failed]"}},
		{"a panic", ev("run", "a", "T") + ev("output", "a", "T", "panic: x") + ev("fail", "a", ""),
			"^$", "0 passed, 1 failed, 0 skipped", false, []string{"panic: x"}},
		{"a failure outside tests", ev("run", "a", "T") + ev("pass", "a", "T") + ev("output", "a", "", "exit status 3") + ev("fail", "a", ""),
			"^$", "1 passed, 1 failed, 0 skipped", false, []string{"exit status 3"}},
		{"killed", ev("run", "a", "T") + ev("pass", "a", "T") + ev("run", "a", "U"),
			"^$", "1 passed, 1 failed, 0 skipped", false, nil},
		{"nothing ran", "warning: no packages\n", "^$", "0 passed, 0 failed, 0 skipped", false, []string{"warning: no packages\n"}},
	} {
		var out bytes.Buffer
		sums := newTally(&out, regexp.MustCompile(c.allow))
		feed(t, sums, c.events)
		sums.close()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if lines[len(lines)-1] != c.sum || sums.ok() != c.ok {
			t.Errorf("%s: ok %v, got\n%s", c.name, sums.ok(), out.String())
		}
		for _, want := range c.shows {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, out.String())
			}
		}
	}
}

// feed has a tally read the events of one job.
func feed(t *testing.T, sums *tally, events string) {
	t.Helper()
	r := sums.newReader()
	if err := r.read(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	r.close()
}

func TestSeveralRunsAreSummed(t *testing.T) {
	var out bytes.Buffer
	sums := newTally(&out, regexp.MustCompile("^$"))
	for range 2 {
		feed(t, sums, ev("pass", "a", "T")+ev("pass", "a", ""))
	}
	sums.close()
	if sums.passed != 2 || !sums.ok() {
		t.Errorf("got %d", sums.passed)
	}
	sums.breaks(errors.New("killed"))
	if sums.ok() {
		t.Error("a run that broke is ok")
	}
}

// TestJobsOfOnePackage: events of two jobs that test one package do not mix.
func TestJobsOfOnePackage(t *testing.T) {
	var out bytes.Buffer
	sums := newTally(&out, regexp.MustCompile("^$"))
	a, b := sums.newReader(), sums.newReader()
	for _, step := range []struct {
		r      *reader
		events string
	}{
		{a, ev("run", "p", "A")}, {b, ev("run", "p", "B")}, {b, ev("fail", "p", "B")}, {b, ev("fail", "p", "")}, {a, ev("pass", "p", "A")}, {a, ev("pass", "p", "")},
	} {
		if err := step.r.read(strings.NewReader(step.events)); err != nil {
			t.Fatal(err)
		}
	}
	a.close()
	b.close()
	if sums.passed != 1 || sums.failed != 1 {
		t.Errorf("%d passed, %d failed\n%s", sums.passed, sums.failed, &out)
	}
}

func TestParseStages(t *testing.T) {
	got := parseStages([]string{"-race", "./...", "++", "sh", "make lint", "--", "A=1", "-tags=e2e", "./tests/e2e", "++", "A=2", "B=c d", "sh", "echo x"})
	want := [][]job{
		{{args: []string{"-race", "./..."}}, {shell: "make lint"}},
		{{env: []string{"A=1"}, args: []string{"-tags=e2e", "./tests/e2e"}}, {env: []string{"A=2", "B=c d"}, shell: "echo x"}},
	}
	if len(got) != 2 || !slices.EqualFunc(got, want, func(a, b []job) bool {
		return slices.EqualFunc(a, b, func(x, y job) bool {
			return x.shell == y.shell && slices.Equal(x.env, y.env) && slices.Equal(x.args, y.args)
		})
	}) {
		t.Errorf("got %q", got)
	}
}

// TestCommand: a shell command is shown, and counts.
func TestCommand(t *testing.T) {
	for _, c := range []struct {
		command, sum string
		ok           bool
	}{
		{"echo all is $WELL", "2 passed, 0 failed, 0 skipped", true},
		{"echo all is $WELL >&2; exit 3", "1 passed, 1 failed, 0 skipped", false},
	} {
		var out bytes.Buffer
		sums := newTally(&out, regexp.MustCompile("^$"))
		feed(t, sums, ev("run", "a", "T")+ev("pass", "a", "T")+ev("pass", "a", ""))
		sums.run(t.Context(), &job{shell: c.command, env: []string{"WELL=fine"}})
		sums.close()
		if !strings.HasSuffix(out.String(), c.sum+"\n") || sums.ok() != c.ok || !strings.Contains(out.String(), "\nall is fine\n") {
			t.Errorf("%s: %v\n%s", c.command, sums.ok(), &out)
		}
	}
}
