//go:build e2e

package e2e

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// wantedUnit is what the command line of a golden unit must be in the end (quadlet/unit_test.go, expected).
type wantedUnit struct {
	Rootless bool
	Pre      []string
	Flags    map[string][]string
	Tail     []string
}

// TestQuadletGenerator gives every golden unit to Podman's own generator: it must take it without a word, and the command line
// that it makes, read by systemd's rules, must have the very values that the unit was rendered from.
func TestQuadletGenerator(t *testing.T) {
	units, err := filepath.Glob("../../quadlet/testdata/*.container")
	if err != nil || len(units) == 0 {
		t.Fatalf("golden units: %q, %v", units, err)
	}
	for _, path := range units {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(strings.TrimSuffix(path, ".container") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want wantedUnit
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			service := generate(t, path, want.Rootless)
			if got := commandOf(t, service, "ExecStartPre"); !reflect.DeepEqual(got, want.Pre) {
				t.Errorf("ExecStartPre:\n got %q\nwant %q", got, want.Pre)
			}
			assertPodmanRun(t, commandOf(t, service, "ExecStart"), want)
		})
	}
}

// generate returns the service that the lab's generator makes of a unit, beside which are the files that go with it.
func generate(t *testing.T, path string, rootless bool) string {
	t.Helper()
	return generateIn(t, Lab{}, path, rootless)
}

func generateIn(t *testing.T, in Lab, path string, rootless bool) string {
	t.Helper()
	const script = `d=$(mktemp -d) && tar -C "$d" -xf - && QUADLET_UNIT_DIRS=$d /usr/libexec/podman/quadlet -dryrun -no-kmsg-log $1; rc=$?; rm -r "$d"; exit $rc`
	user := ""
	if rootless {
		user = "-user"
	}
	r := in.Stdin(unitArchive(t, path)).Run(t, "sh", "-c", script, "sh", user)
	if r.Code != 0 {
		t.Fatalf("the generator: exit %d\n%s", r.Code, r.Stderr)
	}
	for l := range strings.Lines(r.Stderr) {
		if !strings.Contains(l, "Loading source unit file") {
			t.Errorf("the generator says: %s", l)
		}
	}
	_, service, found := strings.Cut(r.Stdout, "---"+strings.TrimSuffix(filepath.Base(path), ".container")+".service---\n")
	if !found {
		t.Fatalf("the generator made no service of it:\n%s", r.Stdout)
	}
	service, _, _ = strings.Cut(service, "\n---")
	return service
}

// unitArchive is a tar archive of a golden unit and of what goes with it (quadlet/unit_test.go, TestGolden).
func unitArchive(t *testing.T, path string) string {
	t.Helper()
	name := strings.TrimSuffix(path, ".container")
	beside, err := filepath.Glob(name + "+*")
	if err != nil {
		t.Fatal(err)
	}
	var archive strings.Builder
	w := tar.NewWriter(&archive)
	for _, p := range append(beside, path) {
		data, err := os.ReadFile(p)
		if err == nil {
			err = w.WriteHeader(&tar.Header{Name: filepath.Base(strings.TrimPrefix(p, name+"+")), Mode: 0o644, Size: int64(len(data))})
		}
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.String()
}

// commandOf returns the words of a command of a service, as they are when systemd runs it.
func commandOf(t *testing.T, service, key string) []string {
	t.Helper()
	var found []string
	for l := range strings.Lines(service) {
		if v, ok := strings.CutPrefix(strings.TrimRight(l, "\n"), key+"="); ok {
			found = append(found, v)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s: got %q in\n%s", key, found, service)
	}
	words, err := systemdWords(found[0])
	if err != nil {
		t.Fatalf("%s=%s: %v", key, found[0], err)
	}
	return words
}

// systemdWords splits a command line as systemd does (systemd.syntax(7), Quoting; systemd.service(5), COMMAND LINES), for the
// escapes that Quadlet writes.
func systemdWords(line string) ([]string, error) {
	var words []string
	var b strings.Builder
	quote, inWord := byte(0), false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			n, text, err := systemdEscape(line[i+1:])
			if err != nil {
				return nil, err
			}
			b.WriteString(text)
			i, inWord = i+n, true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, inWord = c, true
		case quote == 0 && c == ' ':
			if inWord {
				words = append(words, b.String())
			}
			b.Reset()
			inWord = false
		default:
			b.WriteByte(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("an open %c", quote)
	}
	if inWord {
		words = append(words, b.String())
	}
	for i, w := range words {
		if w == ";" {
			return nil, fmt.Errorf("word %d ends the command", i)
		}
		var err error
		if words[i], err = systemdExpand(w); err != nil {
			return nil, err
		}
	}
	return words, nil
}

func systemdEscape(rest string) (int, string, error) {
	switch {
	case rest != "" && strings.Contains(`\"'`, rest[:1]):
		return 1, rest[:1], nil
	case len(rest) >= 3 && rest[0] == 'x':
		n, err := strconv.ParseUint(rest[1:3], 16, 8)
		return 3, string([]byte{byte(n)}), err
	default:
		return 0, "", fmt.Errorf("the escape \\%.3s", rest)
	}
}

// systemdExpand undoes %% and $$. A single one would be a specifier or a variable, which no unit of ours has.
func systemdExpand(w string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(w); i++ {
		if w[i] == '%' || w[i] == '$' {
			if i+1 == len(w) || w[i+1] != w[i] {
				return "", fmt.Errorf("%q: a bare %c", w, w[i])
			}
			i++
		}
		b.WriteByte(w[i])
	}
	return b.String(), nil
}

// assertPodmanRun holds `podman run …` against what is wanted: no flag is missing, and none is there that nobody asked for.
func assertPodmanRun(t *testing.T, argv []string, want wantedUnit) {
	t.Helper()
	if len(argv) < 2 || filepath.Base(argv[0]) != "podman" || argv[1] != "run" {
		t.Fatalf("got %q", argv)
	}
	alone := []string{"--replace", "--rm", "--cgroups=split", "-d", "--security-opt=no-new-privileges", "--read-only"}
	if want.Flags["--health-cmd"] != nil {
		alone = append(alone, "--sdnotify=healthy")
	} else {
		alone = append(alone, "--sdnotify=conmon")
	}
	got := map[string][]string{}
	i := 2
	for ; i < len(argv) && strings.HasPrefix(argv[i], "-"); i++ {
		if n := slices.Index(alone, argv[i]); n >= 0 {
			alone = slices.Delete(alone, n, n+1)
			continue
		}
		if i++; i == len(argv) {
			t.Fatalf("got %q", argv)
		}
		got[argv[i-1]] = append(got[argv[i-1]], argv[i])
	}
	for _, flag := range []string{"--env", "--label"} { // Quadlet sorts them
		slices.Sort(got[flag])
		slices.Sort(want.Flags[flag])
	}
	if len(alone) > 0 {
		t.Errorf("missing: %q", alone)
	}
	if !reflect.DeepEqual(got, want.Flags) {
		t.Errorf("flags:\n got %q\nwant %q", got, want.Flags)
	}
	if !reflect.DeepEqual(argv[i:], want.Tail) {
		t.Errorf("image and arguments:\n got %q\nwant %q", argv[i:], want.Tail)
	}
}
