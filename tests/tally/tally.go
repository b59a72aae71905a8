package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// event is a line of go test -json (go doc test2json; FailedBuild and ImportPath are those of cmd/go's build events).
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
	Elapsed    float64
}

// slowest is how many tests close names.
const slowest = 12

// tally counts tests, of several jobs at a time. A test with sub-tests counts by them, unless it failed and none of them did.
type tally struct {
	allowed *regexp.Regexp

	mu  sync.Mutex
	out io.Writer

	passed, failed, skipped int
	forbidden               []string // skips that nothing allows
	broken                  bool     // a run that could not be read to its end
	times                   []timing // of tests that stand in no other, and of commands
	costs                   []timing // of jobs, in time of processors; daemons that they leave do not count
}

type timing struct {
	name    string
	seconds float64
}

// reader takes the events of one job: two of them may test one package.
type reader struct {
	*tally
	packages map[string]*pkg
}

// pkg is a package that is being tested.
type pkg struct {
	output  map[string][]string // by test; "" is the package's own
	results map[string]string   // by test: pass, fail, skip
}

func newTally(out io.Writer, allowed *regexp.Regexp) *tally {
	return &tally{out: out, allowed: allowed}
}

func (t *tally) newReader() *reader { return &reader{t, map[string]*pkg{}} }

// breaks notes that a job could not be run to its end.
func (t *tally) breaks(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintln(t.out, "tally:", err)
	t.broken = true
}

// read takes the events of one run. Lines that are no events are shown as they are.
func (t *reader) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			t.mu.Lock()
			if json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
				t.take(&e)
			} else {
				fmt.Fprint(t.out, line)
			}
			t.mu.Unlock()
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading test events: %w", err)
		}
	}
}

func (t *reader) take(e *event) {
	if strings.HasPrefix(e.Action, "build-") {
		fmt.Fprint(t.out, e.Output)
		return
	}
	p := t.packages[e.Package]
	if p == nil {
		p = &pkg{output: map[string][]string{}, results: map[string]string{}}
		t.packages[e.Package] = p
	}
	switch e.Action {
	case "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output)
	case "run":
		p.results[e.Test] = "run"
	case "pass", "fail", "skip":
		if e.Test != "" {
			p.results[e.Test] = e.Action
			if e.Action == "fail" { // at once; what it printed follows with its package
				fmt.Fprintf(t.out, "fail %s %s\n", e.Package, e.Test)
			}
			if !strings.Contains(e.Test, "/") {
				t.timed(e.Package+"."+e.Test, e.Elapsed)
			}
			return
		}
		t.finish(e, p)
		delete(t.packages, e.Package)
	}
}

// finish counts a package whose last event is e, and prints its line.
func (t *reader) finish(e *event, p *pkg) {
	before := t.failed
	tests := 0
	for _, name := range p.names() {
		result := p.results[name]
		if result == "run" { // it never ended: a panic, or a deadline
			result = "fail"
		}
		if p.hasSubtests(name) && (result != "fail" || p.hasFailedSubtest(name)) {
			continue
		}
		tests++
		t.count(e.Package+"."+name, result)
		if result == "fail" {
			fmt.Fprintf(t.out, "--- FAIL %s %s\n%s", e.Package, name, strings.Join(p.related(name), ""))
		}
	}
	if e.Action == "fail" && t.failed == before { // it did not build, or broke outside any test
		t.failed++
	}
	if e.Action == "fail" {
		fmt.Fprint(t.out, strings.Join(p.output[""], ""))
	}
	fmt.Fprintf(t.out, "%-4s %s (%d tests, %.1fs)\n", e.Action, e.Package, tests, e.Elapsed)
}

func (t *tally) count(name, result string) {
	switch result {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
		if !t.allowed.MatchString(name) {
			t.forbidden = append(t.forbidden, name)
		}
	default:
		t.failed++
	}
}

// names returns the tests, sorted.
func (p *pkg) names() []string {
	var names []string
	for name := range p.results {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (p *pkg) hasSubtests(name string) bool {
	return slices.ContainsFunc(p.names(), func(n string) bool { return strings.HasPrefix(n, name+"/") })
}

func (p *pkg) hasFailedSubtest(name string) bool {
	return slices.ContainsFunc(p.names(), func(n string) bool {
		return strings.HasPrefix(n, name+"/") && p.results[n] != "pass" && p.results[n] != "skip"
	})
}

// related returns what a test printed, after what the tests that it stands in printed.
func (p *pkg) related(name string) []string {
	var lines []string
	for i := range name {
		if name[i] == '/' {
			lines = append(lines, p.output[name[:i]]...)
		}
	}
	return append(lines, p.output[name]...)
}

// close ends a job: packages without an end count as failed.
func (t *reader) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, p := range t.packages {
		t.finish(&event{Action: "fail", Package: name}, p)
	}
}

func (t *tally) timed(name string, seconds float64) {
	t.times = append(t.times, timing{name, seconds})
}

func (t *tally) spent(name string, cpu time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.costs = append(t.costs, timing{name, cpu.Seconds()})
}

// close ends the count. The last line is the sum.
func (t *tally) close() {
	for _, c := range t.costs {
		fmt.Fprintf(t.out, "cpu  %6.0fs %.100s\n", c.seconds, c.name)
	}
	slices.SortFunc(t.times, func(a, b timing) int { return cmp.Compare(b.seconds, a.seconds) })
	for _, slow := range t.times[:min(slowest, len(t.times))] {
		fmt.Fprintf(t.out, "slow %6.1fs %s\n", slow.seconds, slow.name)
	}
	for _, name := range t.forbidden {
		fmt.Fprintln(t.out, "skipped, which is not allowed:", name)
	}
	fmt.Fprintf(t.out, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
}

func (t *tally) ok() bool {
	return !t.broken && t.failed == 0 && len(t.forbidden) == 0 && t.passed > 0
}
