package quadlet

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/workload"
)

// member is a service in a pod.
func member(t *testing.T, name, pod string, port int) *Set {
	t.Helper()
	spec := testSpec()
	spec.Name, spec.Pod, spec.Port = name, pod, port
	set, err := Units(spec, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// ports are what the unit of a pod publishes; it must be ours.
func (s *systemd) ports(pod string) string {
	s.t.Helper()
	data, err := readOwn(filepath.Join(s.dir, pod+".pod"))
	if err != nil {
		s.t.Fatal(err)
	}
	settings, err := parse(string(data))
	if err != nil || last(settings, "Pod", "PodName") != pod {
		s.t.Errorf("%v, the pod is\n%s", err, data)
	}
	var ports []string
	for _, x := range settings {
		if x.key == "PublishPort" {
			ports = append(ports, x.value)
		}
	}
	return strings.Join(ports, " ")
}

// TestPod: a pod comes with its first service, publishes those that are in it, and goes with the last one.
func TestPod(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	for n, name := range []string{"bx", "ax", "cx"} {
		if err := installSet(t, i, member(t, name, "p", 9000+n), false); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.ports("p"); got != "127.0.0.1:9001:9001 127.0.0.1:9000:9000 127.0.0.1:9002:9002" {
		t.Errorf("the pod publishes %s", got)
	}
	set, in, err := i.Read("ax")
	if err != nil || in.Pod != "p" || in.PodService() != "p-pod.service" || !strings.Contains(set.String(), "# p.pod\n") {
		t.Fatalf("read %+v, %v", in, err)
	}
	s.did = nil
	if err := i.Start(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if did := strings.Join(s.did, ", "); did != "restart p-pod.service ax.service bx.service cx.service" {
		t.Errorf("did %s", did)
	}
	if err := installSet(t, i, member(t, "cx", "q", 9000), true); err == nil || !strings.Contains(err.Error(), "port 9000 is that of bx") {
		t.Errorf("a port of the other pod's: %v", err)
	}
	if err := installSet(t, i, member(t, "cx", "q", 9002), true); err != nil { // moves to another pod
		t.Fatal(err)
	}
	if p, q := s.ports("p"), s.ports("q"); p != "127.0.0.1:9001:9001 127.0.0.1:9000:9000" || q != "127.0.0.1:9002:9002" {
		t.Errorf("the pods publish %s and %s", p, q)
	}
	if _, err := remove(t, i, "bx"); err != nil || s.ports("p") != "127.0.0.1:9001:9001" {
		t.Errorf("removed one: %v, the pod publishes %s", err, s.ports("p"))
	}
	s.did = nil
	if _, err := remove(t, i, "ax"); err != nil || s.files() != "cx.container q.pod" {
		t.Errorf("removed the last one: %v, there are %s", err, s.files())
	}
	if did := strings.Join(s.did, ", "); did != "stop p-pod.service, reset-failed p-pod.service, stop ax.service, reset-failed ax.service, daemon-reload" {
		t.Errorf("did %s", did)
	}
	if err := installSet(t, i, &Set{Name: "cx", Unit: testUnit(t)}, true); err != nil || s.files() != "cx.container" {
		t.Errorf("leaves its pod: %v, there are %s", err, s.files())
	}
}

// TestPodSwitch: a service that is updated is restarted alone, but for a port that the pod does not publish yet.
func TestPodSwitch(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	if err := errors.Join(installSet(t, i, member(t, "ax", "p", 9000), false), installSet(t, i, member(t, "bx", "p", 9001), false)); err != nil {
		t.Fatal(err)
	}
	if err := i.Systemctl.Restart(t.Context(), "p-pod.service", "ax.service", "bx.service"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sick, did, ports string
		port             int
	}{
		{"", "daemon-reload, restart ax.service", "127.0.0.1:9000:9000 127.0.0.1:9001:9001", 9000},
		{":9002", "daemon-reload, restart p-pod.service ax.service, daemon-reload, restart p-pod.service ax.service", "127.0.0.1:9000:9000 127.0.0.1:9001:9001", 9002},
		{"", "daemon-reload, restart p-pod.service ax.service", "127.0.0.1:9002:9002 127.0.0.1:9001:9001", 9002},
	} {
		s.did, s.sick = nil, c.sick
		l, err := i.Lock(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(second(l.Switch(t.Context(), &Change{Set: member(t, "ax", "p", c.port)})), l.Unlock())
		var back *RolledBackError
		if errors.As(err, &back) != (c.sick != "") {
			t.Errorf("%+v: %v", c, err)
		}
		if got := strings.Join(s.did, ", "); got != c.did || s.ports("p") != c.ports {
			t.Errorf("%+v: did %s, the pod publishes %s", c, got, s.ports("p"))
		}
	}
}

// TestPodRefused: what cannot be together is refused before anything is written.
func TestPodRefused(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	if err := errors.Join(installSet(t, i, member(t, "ax", "p", 9000), false), installSet(t, i, &Set{Name: "alone", Unit: testUnit(t)}, false)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "web.pod"), []byte("[Pod]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := s.files()
	for _, c := range []struct {
		set  *Set
		says string
	}{
		{member(t, "bx", "p", 9000), "port 9000 is that of ax"},
		{member(t, "bx", "alone", 9001), "there is a service alone"},
		{&Set{Name: "p", Unit: testUnit(t)}, "the pod p, which ax is in"},
		{&Set{Name: "p-infra"}, "the pod p, which ax is in"},
		{&Set{Name: "p-pod", Unit: testUnit(t)}, "p.pod"},
		{member(t, "bx", "web", 9001), "web.pod"},
	} {
		for what, err := range map[string]error{"check": i.Check(t.Context(), c.set, false), "install": installSet(t, i, c.set, false)} {
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s of %s: %v", what, c.set.Name, err)
			}
		}
	}
	if s.files() != before {
		t.Errorf("there are %s", s.files())
	}
	broken := member(t, "bx", "p", 9001)
	broken.Unit = []byte(strings.ReplaceAll(string(broken.Unit), "Notify=", "broken="))
	if err := installSet(t, i, broken, false); err == nil || s.files() != before || s.ports("p") != "127.0.0.1:9000:9000" {
		t.Errorf("got %v, there are %s, the pod publishes %s", err, s.files(), s.ports("p"))
	}
	for want, change := range map[string]func(*workload.Spec){
		"share the pod's network": func(s *workload.Spec) { s.Network = "host" },
		"which the pod needs":     func(s *workload.Spec) { s.Pod = s.Name },
		"hexadecimal":             func(s *workload.Spec) { s.Pod = "cafe" },
	} {
		spec := testSpec()
		spec.Pod = "p"
		change(spec)
		if set, err := Units(spec, testOptions()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v, %v", want, set, err)
		}
	}
}

// TestPodUnreadable: a unit that cannot be read keeps only the pod as it is that it is in, or may be in.
func TestPodUnreadable(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	var warned []string
	i.Warn = func(err error) { warned = append(warned, err.Error()) }
	if err := errors.Join(installSet(t, i, member(t, "ax", "p", 9000), false), installSet(t, i, member(t, "qx", "q", 9001), false)); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(s.dir, "bad.container")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(broken, []byte(ownMark+"\nno setting\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("") // which is in no pod
	for what, err := range map[string]error{
		"install":    installSet(t, i, &Set{Name: "m", Unit: testUnit(t)}, false),
		"demand":     installSet(t, i, demanded(t, "dx", 9100, 0), false),
		"a pod":      installSet(t, i, member(t, "bx", "p", 9002), false),
		"remove":     second(remove(t, i, "m")),
		"of a pod":   second(remove(t, i, "bx")),
		"of another": installSet(t, i, member(t, "qx", "q", 9001), true),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := s.ports("p"); got != "127.0.0.1:9000:9000" || len(warned) == 0 || strings.Count(strings.Join(warned, ""), broken) != len(warned) {
		t.Errorf("the pod publishes %s, warned of %q", got, warned)
	}
	_, in, err := i.Read("ax")
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Start(t.Context(), in); err != nil {
		t.Errorf("start: %v", err)
	}
	for _, source := range []string{"localhost/none@" + blob, "localhost/bad@" + blob} {
		write("Source=localhost/bad@" + blob + "\n")
		if used, err := i.Uses(source); err != nil || used != (source == "localhost/bad@"+blob) {
			t.Errorf("%s is used: %t, %v", source, used, err)
		}
	}
	write("Pod = p.pod\n")
	for what, err := range map[string]error{
		"install": installSet(t, i, &Set{Name: "m", Unit: testUnit(t)}, false), "another pod": installSet(t, i, member(t, "bx", "q", 9002), false),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	before := s.files()
	for what, err := range map[string]error{"install": installSet(t, i, member(t, "cx", "p", 9003), false), "remove": second(remove(t, i, "ax"))} {
		if err == nil || !strings.Contains(err.Error(), broken) || s.files() != before {
			t.Errorf("%s in its pod: %v, there are %s", what, err, s.files())
		}
	}
	if err := i.Check(t.Context(), member(t, "cx", "p", 9003), false); err == nil || !strings.Contains(err.Error(), broken) {
		t.Errorf("check: %v", err)
	}
	if _, err := remove(t, i, "bad"); err != nil || s.ports("p") != "127.0.0.1:9000:9000" {
		t.Errorf("removed: %v, the pod publishes %s", err, s.ports("p"))
	}
}
