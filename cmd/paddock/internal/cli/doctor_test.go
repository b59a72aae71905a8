package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/storetest"
)

const bad = "quay.io/org/bad:1"

// sickDisk has a good model, one that is called bad and shares a blob with it, an orphan and a dead upload.
func sickDisk(t *testing.T) (*disk, *storetest.Origin) {
	t.Helper()
	d := newDisk(t)
	o := storetest.NewOrigin(t, bad, map[string]string{"shared": "# " + tiny, "weights": "the weights"})
	d.publish(t, tiny)
	d.published[bad] = o
	d.must(t, "pull", "-q", tiny)
	d.must(t, "pull", "-q", bad)
	write(t, d.blob(digest.FromString("orphan")), "orphan")
	write(t, filepath.Join(d.store.Root(), "oci-put-blob1"), "half an upload")
	return d, o
}

// whole checks that the good model is as it was pulled.
func (d *disk) whole(t *testing.T, name string) {
	t.Helper()
	m, err := d.store.Find(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if damage, err := d.store.Check(t.Context(), m, true); err != nil || len(damage) > 0 {
		t.Errorf("%s: %+v, %v", name, damage, err)
	}
}

func TestDoctorFindsNothing(t *testing.T) {
	d := newDisk(t)
	for _, line := range []string{"doctor", "doctor --fix"} {
		if out := d.must(t, strings.Fields(line)...); out != "no problems found\n" {
			t.Errorf("%s: %q", line, out)
		}
		if d.err.Len() > 0 {
			t.Errorf("%s: said %q", line, d.err)
		}
	}
	if out := d.must(t, "doctor", "--format", "json"); out != "[]\n" {
		t.Errorf("as JSON: %q", out)
	}
}

// TestDoctorYoung: of what is younger than the age it is only said that it is there.
func TestDoctorYoung(t *testing.T) {
	d, _ := sickDisk(t)
	for line, age := range map[string]string{"doctor": "1h", "doctor --age 30m": "30m", "doctor --age 1h30m5s": "1h30m5s", "doctor --fix": "1h"} {
		if out := d.must(t, strings.Fields(line)...); out != "no problems found\n" {
			t.Errorf("%s: %q", line, out)
		}
		if want := "paddock: left alone: 2 files younger than " + age + ", see --age\n"; d.err.String() != want {
			t.Errorf("%s: said %q, want %q", line, d.err, want)
		}
	}
}

func TestDoctorMendsAll(t *testing.T) {
	d, _ := sickDisk(t)
	orphan, upload := d.blob(digest.FromString("orphan")), filepath.Join(d.store.Root(), "oci-put-blob1")
	code, out, err := d.run(t, "doctor", "--age", "0")
	if code != 1 || !strings.Contains(err.Error(), "2 problems") || strings.Join(Hints(err), ";") != "paddock doctor --fix" {
		t.Errorf("exit %d, %v, hints %q", code, err, Hints(err))
	}
	for _, want := range []string{"KIND ", "orphan ", orphan, "6 B", "dead-upload ", upload, "delete the file"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if !exists(orphan) || !exists(upload) {
		t.Fatal("doctor without --fix deleted something")
	}
	fixed := d.must(t, "doctor", "--fix", "--age=0s")
	if !strings.HasPrefix(fixed, out) || !strings.HasSuffix(fixed, "\nmended 2 of 2 problems\n") {
		t.Errorf("--fix printed\n%s\nafter doctor had printed\n%s", fixed, out)
	}
	if exists(orphan) || exists(upload) {
		t.Error("not mended")
	}
	d.whole(t, tiny)
	d.whole(t, bad)
}

// TestDoctorManifest: the entry goes, and then the blobs that it alone needed; what the good model shares stays.
func TestDoctorManifest(t *testing.T) {
	d, o := sickDisk(t)
	if err := os.WriteFile(d.blob(o.Plan.Digest), o.Plan.Manifest[:50], 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, err := d.run(t, "doctor")
	if code != 1 || !strings.Contains(out, "no-manifest") || !strings.Contains(out, bad) {
		t.Errorf("exit %d, %v\n%s", code, err, out)
	}
	if hints := strings.Join(Hints(err), ";"); !strings.HasPrefix(hints, "paddock pull "+bad+" ") || !strings.HasSuffix(hints, ";paddock doctor --fix") {
		t.Errorf("hints: %q", hints)
	}
	var items []doctorItem
	if err := json.Unmarshal([]byte(d.must(t, "doctor", "--fix", "--age=0", "--format=json")), &items); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, i := range items {
		kinds[i.Kind]++
		if !i.Mended || !i.Mendable || i.Problem == "" || i.Action == "" {
			t.Errorf("%+v", i)
		}
	}
	if kinds["no-manifest"] != 1 || kinds["dead-upload"] != 1 || kinds["orphan"] < 2 {
		t.Errorf("mended %v", kinds)
	}
	if !strings.Contains(d.err.String(), "paddock pull "+bad) {
		t.Errorf("said %q", d.err)
	}
	if exists(d.blob(digest.FromString("the weights"))) {
		t.Error("the blobs of the entry are left")
	}
	d.whole(t, tiny)
	if out := d.must(t, "doctor", "--age=0"); out != "no problems found\n" {
		t.Errorf("afterwards: %q", out)
	}
}

// TestDoctorDamage: bytes that are gone cannot be mended, and the origin that has them is named.
func TestDoctorDamage(t *testing.T) {
	d, _ := sickDisk(t)
	write(t, d.blob(digest.FromString("the weights")), "the")
	code, out, err := d.run(t, "doctor", "--fix", "--format", "{{.Kind}} {{.Where}} {{.Mended}}", "--age=0")
	if code != 1 || strings.Join(Hints(err), ";") != "paddock ensure "+bad {
		t.Errorf("exit %d, %v, hints %q", code, err, Hints(err))
	}
	for _, want := range []string{"damaged " + bad + " false\n", "orphan " + d.blob(digest.FromString("orphan")) + " true\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	d.must(t, "ensure", bad)
	d.whole(t, bad)
	if out := d.must(t, "doctor", "--age=0"); out != "no problems found\n" {
		t.Errorf("afterwards: %q", out)
	}
}

// TestDoctorFormat: a template that is wrong mends nothing.
func TestDoctorFormat(t *testing.T) {
	d, _ := sickDisk(t)
	if code, out, err := d.run(t, "doctor", "--fix", "--age=0", "--format={{.Knd}}"); code != exitUsage || out != "" {
		t.Errorf("exit %d, %q, %v", code, out, err)
	}
	if !exists(d.blob(digest.FromString("orphan"))) {
		t.Error("it mended nevertheless")
	}
}
