package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/storetest"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

func TestDf(t *testing.T) {
	d := newDisk(t)
	a := storetest.NewOrigin(t, "quay.io/a/a:1", map[string]string{"x": "shared", "y": "mine alone"})
	b := storetest.NewOrigin(t, "quay.io/a/b:1", map[string]string{"x": "shared"})
	d.published["quay.io/a/a:1"], d.published["quay.io/a/b:1"] = a, b
	d.must(t, "pull", "-q", "quay.io/a/a:1")
	d.must(t, "pull", "-q", "quay.io/a/b:1")
	write(t, d.blob(digest.FromString("orphan")), "orphan")
	write(t, filepath.Join(d.store.Root(), "oci-put-blob1"), "upload")

	shared := int64(len("shared") + len(storetest.Config))
	ownA, ownB := int64(len(a.Plan.Manifest)+len("mine alone")), int64(len(b.Plan.Manifest))
	want := dfReport{
		Models: []dfModel{
			{"quay.io/a/a:1", a.Plan.Digest.String(), ownA, shared}, {"quay.io/a/b:1", b.Plan.Digest.String(), ownB, shared},
		},
		Blobs: ownA + ownB + shared + 6, Orphans: 6, Leftovers: 6, Total: ownA + ownB + shared + 12,
	}
	var got dfReport
	if err := json.Unmarshal([]byte(d.must(t, "df", "--format=json")), &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	if out := d.must(t, "df"); !strings.HasPrefix(out, "TYPE ") || strings.Count(out, "\n") != 6 || !strings.Contains(out, "FREED BY") ||
		!strings.Contains(out, "\norphans     6 B ") || strings.Contains(out, "quay.io") {
		t.Errorf("the summary:\n%s", out)
	}
	verbose := d.must(t, "df", "-v")
	if !strings.HasPrefix(verbose, "NAME ") || !strings.Contains(verbose, "quay.io/a/b:1") || !strings.Contains(verbose, "\n\nTYPE ") {
		t.Errorf("verbose:\n%s", verbose)
	}
	for line, want := range map[string]string{
		"df --format {{.Type}}={{.Size}}":   "models=" + ui.Size(want.Blobs-6) + "\norphans=6 B\nleftovers=6 B\nstaging=0 B\ntotal=" + ui.Size(want.Total) + "\n",
		"df -v --format {{.Name}}:{{.Own}}": fmt.Sprintf("quay.io/a/a:1:%d B\nquay.io/a/b:1:%d B\n", ownA, ownB),
	} {
		if out := d.must(t, strings.Fields(line)...); out != want {
			t.Errorf("%s: %q, want %q", line, out, want)
		}
	}
	if code, out, err := d.run(t, "df", "--format", "{{.Nme}}"); code != exitUsage || out != "" {
		t.Errorf("a bad template: exit %d, %q, %v", code, out, err)
	}
	d.interrupt(t, tiny)
	var after dfReport
	if err := json.Unmarshal([]byte(d.must(t, "df", "--format=json")), &after); err != nil || after.Staging == 0 || after.Total != want.Total+after.Staging {
		t.Errorf("with staging: %+v, %v", after, err)
	}
}
