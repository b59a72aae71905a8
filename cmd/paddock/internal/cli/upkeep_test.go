package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/podmanstore"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// recorded runs a line of an app that has one command, and returns the options that its run was given; nil if it was not
// called.
func recorded[O any](t *testing.T, build func(*Env, func(context.Context, *Env, *O) error) *cli.Command, line string) (*O, error) {
	t.Helper()
	env, _, _ := testEnv(t)
	e := env.forRun()
	var got *O
	app := newApp(e)
	app.Commands = []*cli.Command{build(e, func(_ context.Context, _ *Env, o *O) error {
		got = o
		return nil
	})}
	harden(app.Commands)
	ordered, _, err := permute(grammarOf(app), strings.Fields(line))
	if err != nil {
		return nil, err
	}
	err = app.RunContext(t.Context(), append([]string{app.Name}, ordered...))
	return got, err
}

// checkLines runs lines; the wanted options are nil where the line is refused.
func checkLines[O any](t *testing.T, build func(*Env, func(context.Context, *Env, *O) error) *cli.Command, lines map[string]*O) {
	t.Helper()
	for line, want := range lines {
		got, err := recorded(t, build, line)
		if want == nil && ExitCode(err) != exitUsage || want != nil && err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", line, got, err, want)
		}
	}
}

func TestUpkeepOptions(t *testing.T) {
	age := func(d time.Duration) *time.Duration { return &d }
	checkLines(t, pruneCommand, map[string]*pruneOptions{
		"prune":                     {},
		"prune --dry-run --age 12h": {dryRun: true, age: age(12 * time.Hour)},
		"prune --age=7d":            {age: age(7 * 24 * time.Hour)},
		"prune --age 0":             {age: age(0)},
		"prune --age=-1h":           nil,
		"prune --age 1.5d":          nil,
		"prune --age soon":          nil,
		"prune all":                 nil,
	})
	checkLines(t, doctorCommand, map[string]*doctorOptions{
		"doctor":                                  {},
		"doctor --fix -f json --age=30m":          {fix: true, format: "json", age: age(30 * time.Minute)},
		"doctor --format {{.Kind}} --fix=false":   {format: "{{.Kind}}"},
		"doctor --mend":                           nil,
		"doctor quay.io/org/m:1":                  nil,
		"doctor --age 99999999999999999999999h12": nil,
	})
	checkLines(t, dfCommand, map[string]*dfOptions{
		"df":                  {},
		"df -v --format=json": {verbose: true, format: "json"},
		"df --verbose":        {verbose: true},
		"df x":                nil,
	})
}

// disk is a world with Podman's store in a folder.
type disk struct {
	*world
	store *podmanstore.Store
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	store, err := podmanstore.Open(&podmanstore.Options{GraphRoot: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{newWorld(t), store}
	d.env.Services.Store = func(context.Context, *Env) (artifacts.Store, error) { return store, nil }
	return d
}

func (d *disk) blob(of digest.Digest) string {
	return filepath.Join(d.store.Root(), "blobs", "sha256", of.Encoded())
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// interrupt makes a pull fail for want of the README, the smallest blob and so the last, so that the others stay in staging.
func (d *disk) interrupt(t *testing.T, name string) *storetest.Origin {
	t.Helper()
	o := d.publish(t, name)
	missing := digest.FromString("# " + name)
	o.Before = func(_ context.Context, asked digest.Digest) error {
		if asked == missing {
			return errors.New("the origin is gone")
		}
		return nil
	}
	if code, _, err := d.run(t, "pull", "-q", "--jobs=1", name); code != 1 {
		t.Fatalf("exit %d, %v", code, err)
	}
	return o
}

func TestPrune(t *testing.T) {
	d := newDisk(t)
	if out := d.must(t, "prune"); out != "Total reclaimed space: 0 B\n" {
		t.Errorf("nothing to prune: %q", out)
	}
	d.interrupt(t, tiny)
	if out := d.must(t, "prune", "--age=1h"); out != "Total reclaimed space: 0 B\n" {
		t.Errorf("young: %q", out)
	}
	dry := d.must(t, "prune", "--dry-run")
	if !strings.Contains(dry, "Total reclaimable space: ") || !strings.HasPrefix(dry, "sha256:") || strings.Contains(dry, " 0 B") {
		t.Errorf("dry run: %q", dry)
	}
	if out := d.must(t, "prune"); out != strings.Replace(dry, "reclaimable", "reclaimed", 1) {
		t.Errorf("removed %q, announced %q", out, dry)
	}
	if left, err := os.ReadDir(d.store.StagingDir()); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestUpkeepOfOtherStores(t *testing.T) {
	w := newWorld(t)
	for _, command := range []string{"prune", "doctor", "df"} {
		if code, out, err := w.run(t, command); code != 1 || out != "" || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: exit %d, %q, %v", command, code, out, err)
		}
	}
}
