package cli

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	fake "github.com/paddock-dev/paddock/tests/fakes/hf"
)

func TestQuadletInstall(t *testing.T) {
	w := newWorld(t)
	o := w.publish(t, tiny)
	pin := "quay.io/org/tiny@" + o.Plan.Digest.String()
	path := strings.TrimSpace(w.must(t, "quadlet", "install", "--start", "--name", "svc", "--tls-verify=false", tiny))
	unit, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"source=" + pin + ",", "ensure --tls-verify=false " + pin, "Notify=healthy", "Restart=on-failure", "Model=" + tiny} {
		if !strings.Contains(string(unit), want) {
			t.Errorf("the unit has no %q:\n%s", want, unit)
		}
	}
	if !w.systemd.active["svc.service"] {
		t.Error("the service was not started")
	}
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny, pin}) {
		t.Errorf("the store has %q", got)
	}
	if out := w.must(t, "quadlet", "print", "svc"); out != string(unit) {
		t.Errorf("print gives %q", out)
	}
	var rows []quadletRow
	if err := json.Unmarshal([]byte(w.must(t, "quadlet", "ls", "--format", "json")), &rows); err != nil || len(rows) != 1 {
		t.Fatalf("%v, %v", rows, err)
	}
	if r := rows[0]; r.Name != "svc" || r.Model != tiny || r.Status != "active" || r.Digest != o.Plan.Digest.String() {
		t.Errorf("ls gives %+v", r)
	}
	if code, _, err := w.run(t, "quadlet", "install", "--name", "svc", tiny); code != 1 || !strings.Contains(strings.Join(Hints(err), ""), "--replace") {
		t.Errorf("installing again: exit %d, %v", code, err)
	}
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny, pin}) {
		t.Errorf("after the refusal the store has %q", got)
	}
	w.must(t, "quadlet", "rm", "svc.service")
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny}) || exists(path) || w.systemd.active["svc.service"] {
		t.Errorf("after rm the store has %q, the unit %v, the service %v", got, exists(path), w.systemd.active)
	}
	if code, _, _ := w.run(t, "quadlet", "rm", "svc"); code != 3 {
		t.Errorf("rm of what is gone: exit %d", code)
	}
	w.must(t, "quadlet", "rm", "-i", "svc")
}

// TestQuadletShared: a pin stays as long as a unit needs it, and a replaced unit's pin goes.
func TestQuadletShared(t *testing.T) {
	w := newWorld(t)
	old := w.publish(t, tiny)
	w.must(t, "quadlet", "install", "--name", "one", tiny)
	w.must(t, "quadlet", "install", "--name", "two", "--port", "9000", tiny)
	w.must(t, "quadlet", "rm", "one")
	pin := "quay.io/org/tiny@" + old.Plan.Digest.String()
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny, pin}) {
		t.Errorf("with one of two removed the store has %q", got)
	}
	moved := w.publish(t, "quay.io/org/tiny:2")
	w.must(t, "quadlet", "install", "--replace", "--name", "two", "quay.io/org/tiny:2")
	want := []string{tiny, "quay.io/org/tiny:2", "quay.io/org/tiny@" + moved.Plan.Digest.String()}
	if got := w.names(t); !reflect.DeepEqual(got, want) {
		t.Errorf("after --replace the store has %q", got)
	}
}

// TestQuadletFails: a unit that Quadlet does not take leaves nothing behind.
func TestQuadletFails(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.systemd.broken = true
	if code, out, err := w.run(t, "quadlet", "install", "--name", "svc", tiny); code != 1 || out != "" {
		t.Errorf("exit %d, %q, %v", code, out, err)
	}
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny}) || exists(w.systemd.dir+"/svc.container") {
		t.Errorf("left behind: %q, the unit %v", got, exists(w.systemd.dir+"/svc.container"))
	}
	w.systemd.broken, w.systemd.fails = false, map[string]bool{"svc.service": true}
	code, _, err := w.run(t, "quadlet", "install", "--start", "--name", "svc", tiny)
	if code != 1 || !strings.Contains(strings.Join(Hints(err), ""), "journalctl -u svc.service") {
		t.Errorf("a service that does not start: exit %d, %v, %q", code, err, Hints(err))
	}
}

func TestQuadletGenerate(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	if code, out, _ := w.run(t, "quadlet", "generate", tiny); code != 3 || out != "" || len(w.resolved) > 0 {
		t.Errorf("of a missing model: exit %d, %q, asked for %q", code, out, w.resolved)
	}
	w.must(t, "pull", tiny)
	out := w.must(t, "quadlet", "generate", "--name", "x", tiny, "--", "--threads", "3")
	if !strings.Contains(out, "[Container]\n") || !strings.Contains(out, "--threads 3") || exists(w.systemd.dir) {
		t.Errorf("generated\n%s", out)
	}
	if got := w.names(t); !reflect.DeepEqual(got, []string{tiny}) {
		t.Errorf("generating left %q", got)
	}
	if code, _, err := w.run(t, "quadlet", "instal", tiny); code != 2 || !strings.Contains(err.Error(), "instal") {
		t.Errorf("a mistyped command: exit %d, %v", code, err)
	}
}

// TestQuadletOrigin: a unit of a model that no registry has can pull it again, whatever the repository has by then.
func TestQuadletOrigin(t *testing.T) {
	h := fake.New(t, nil)
	commit := h.Put(&fake.Repo{ID: "Org/M"}, map[string]fake.File{"m-Q4_K_M.gguf": ggufFile(t)})
	w := hubWorld(t, map[string]string{"HF_ENDPOINT": h.URL()})
	_, digest, _ := strings.Cut(strings.TrimSpace(w.must(t, "pull", "-q", "hf://Org/M")), " ")
	w.must(t, "quadlet", "install", "--name", "svc", "hf://Org/M")
	pin, from := "hf.co/org/m@"+digest, "hf://Org/M:Q4_K_M?commit="+commit
	if unit := w.must(t, "quadlet", "print", "svc"); !strings.Contains(unit, ` ensure --from "`+from+`" `+pin+"\n") {
		t.Fatalf("the unit does not say where to pull it from:\n%s", unit)
	}
	moved := fake.File{Data: append(ggufFile(t).Data, 0), LFS: true}
	h.Commit("Org/M", "main", map[string]fake.File{"m-Q4_K_M.gguf": moved})
	w.must(t, "rm", "--all", "--force")
	w.must(t, "ensure", "-q", "--from", from, pin)
	if names := w.names(t); !reflect.DeepEqual(names, []string{pin}) {
		t.Errorf("the store has %q", names)
	}
	h.Forget()
	w.must(t, "ensure", "--from", from, pin)
	if asked := h.Requests(); len(asked) != 0 {
		t.Errorf("what is in the store is asked for: %q", asked)
	}
	w.must(t, "rm", "--all", "--force")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"ensure", "--from", "hf://Org/M:Q4_K_M", pin}, exitRefused, digest},
		{[]string{"ensure", "--from", from, "hf.co/org/m:Q4_K_M"}, exitUsage, "--from"},
		{[]string{"ensure", "--from", "hf://Org/None", pin}, exitNotFound, "Org/None"},
	} {
		if code, _, err := w.run(t, c.args...); code != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: exit %d, %v", c.args, code, err)
		}
	}
	if names := w.names(t); len(names) != 0 {
		t.Errorf("left: %q", names)
	}
}

// TestRmNeeded: the entry that keeps the model of a service is removed only by force; that its files stay is said of others.
func TestRmNeeded(t *testing.T) {
	w := newWorld(t)
	o := w.publish(t, tiny)
	w.must(t, "quadlet", "install", "--name", "svc", tiny)
	pin := tiny[:strings.LastIndex(tiny, ":")] + "@" + o.Plan.Digest.String()
	code, out, err := w.run(t, "rm", o.Plan.Digest.Encoded()[:12])
	if code != exitError || !errors.Is(err, artifacts.ErrAmbiguous) || out != "" || w.err.Len() > 0 || strings.Join(Hints(err), "") == "" {
		t.Errorf("of two names: exit %d, %q, said %q, %v, %q", code, out, w.err, err, Hints(err))
	}
	code, out, err = w.run(t, "rm", tiny, o.Plan.Digest.String()) // which is that of the pin alone, by then
	if said := w.err.String(); !strings.Contains(said, "stay for the service svc") {
		t.Errorf("said %q", said)
	}
	if code != exitError || out != tiny+"\n" || !strings.Contains(err.Error(), "in use by the service svc") {
		t.Errorf("exit %d, %q, %v", code, out, err)
	}
	for _, args := range [][]string{{"rm", pin}, {"rm", o.Plan.Digest.Encoded()[:12]}, {"rm", "--all"}} {
		code, out, err := w.run(t, args...)
		if code != exitError || out != "" || !strings.Contains(err.Error(), "in use by the service svc") || !strings.Contains(strings.Join(Hints(err), ""), "paddock quadlet rm svc") {
			t.Errorf("%q: exit %d, %q, %v, %q", args, code, out, err, Hints(err))
		}
	}
	if names := w.names(t); !reflect.DeepEqual(names, []string{pin}) {
		t.Errorf("the store has %q", names)
	}
	w.must(t, "rm", "-f", pin)
	if said := w.err.String(); !strings.Contains(said, "needed by the service svc") {
		t.Errorf("said %q", said)
	}
	w.must(t, "quadlet", "rm", "svc")
}
