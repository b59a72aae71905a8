package quadlet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Generator is Podman's Quadlet generator, run by hand for what it has to say. The zero value is the machine's.
type Generator struct {
	// User is the generator for a user's units.
	User bool
	// Path is the program; "" looks where distributions put it.
	Path string
	// Run runs it; nil really runs it.
	Run Runner
}

// Complaints returns what a dry run of the generator says of a file, or all that it says if it does not name the file; "" if
// it is content. A generator that cannot be found makes an error.
func (g *Generator) Complaints(ctx context.Context, file string) (string, error) {
	path := g.Path
	if path == "" {
		var err error
		if path, err = findGenerator(); err != nil {
			return "", err
		}
	}
	argv := []string{path, "-dryrun", "-no-kmsg-log"}
	if g.User {
		argv = append(argv, "-user")
	}
	runner := g.Run
	if runner == nil {
		runner = run
	}
	_, errs, err := runner(ctx, argv)
	said := relevant(string(errs), file)
	if said == "" && err != nil {
		return "", fmt.Errorf("running %s: %w", strings.Join(argv, " "), err)
	}
	return said, nil
}

// relevant drops the lines that only say what is read, and those of other files if any line names this one.
func relevant(said, file string) string {
	var all, named []string
	for l := range strings.Lines(said) {
		l = strings.TrimSpace(l)
		if l == "" || strings.Contains(l, "Loading source unit file") {
			continue
		}
		all = append(all, l)
		if strings.Contains(l, file) {
			named = append(named, l)
		}
	}
	if named != nil {
		all = named
	}
	return strings.Join(all, "\n")
}

func findGenerator() (string, error) {
	for _, path := range []string{
		"/usr/libexec/podman/quadlet", "/usr/lib/podman/quadlet",
		"/usr/lib/systemd/system-generators/podman-system-generator", "/usr/local/libexec/podman/quadlet",
	} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", errors.New("finding Podman's Quadlet generator: it is in none of the usual places")
}
