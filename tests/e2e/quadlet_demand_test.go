//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"
)

// TestQuadletOnDemand: a service of root and one of a user start on the first request, also after a reboot without a registry, stop when
// they are idle, and leave nothing. They have units of their image and network, too.
func TestQuadletOnDemand(t *testing.T) {
	NeedPaddock(t)
	b := Boot(t)
	reg := registryIn(t, b.Lab, nil)
	name := reg.Addr + "/m/demand:1"
	pushModelPack(t, reg, name, single(t))
	for _, who := range b.everyone() {
		installModel(t, who, name, "svc.demand", who.port, "--on-demand", "--idle-time", "15s", "--with", "image,network", "--start")
		testDemand(t, who)
		updateDemand(t, who)
		assertIdle(t, who)
		assertChat(t, who.place, who.port)
		updateDemand(t, who)
		awaitIdle(t, who) // though nobody asks it again
	}
	testArtifactUnit(t, b.everyone()[0], name)
	reg.Stop(t)
	b.Restart(t)
	for _, who := range b.everyone() {
		testDemand(t, who)
		who.MustRun(t, "paddock", "quadlet", "rm", "svc.demand")
		left := who.MustRun(t, "sh", "-c", "podman ps -a -q; podman network ls -q -f name=svc.demand; ls -p "+who.units()+" | grep -v /; find /etc/systemd /run/systemd $HOME/.config/systemd -name '*demand*' 2>/dev/null; exit 0")
		if strings.TrimSpace(left) != "" {
			t.Errorf("%s: after rm there is left %s", who.name, left)
		}
		if known := who.MustRun(t, who.systemctl("list-units", "--all", "--plain", "--no-legend", "*demand*")...); strings.TrimSpace(known) != "" {
			t.Errorf("%s: after rm systemd knows %s", who.name, known)
		}
		if r := who.Run(t, "curl", "-sS", "http://127.0.0.1:"+who.port+"/health"); r.Code != 7 { // curl(1): failed to connect
			t.Errorf("%s: after rm the port answers: exit %d, %s", who.name, r.Code, r.Stdout)
		}
	}
}

// testDemand asks a service that is idle, and waits until it is so again.
func testDemand(t *testing.T, who bootedUser) {
	t.Helper()
	assertIdle(t, who)
	assertChat(t, who.place, who.port)
	if s := who.service(t, "svc.demand"); s != "active" {
		t.Errorf("%s: after a request the service is %s\n%s", who.name, s, who.journal(t, "svc.demand"))
	}
	awaitIdle(t, who)
}

// updateDemand updates the service to other settings.
func updateDemand(t *testing.T, who bootedUser) {
	t.Helper()
	who.MustRun(t, "sh", "-c", "sed -i s/^Description=.*/Description=another/ "+who.units()+"/svc.demand.container")
	was := who.service(t, "svc.demand")
	if said := who.MustRun(t, "paddock", "quadlet", "update", "-q", "svc.demand"); said != "svc.demand: settings\n" {
		t.Errorf("%s: the update says %q", who.name, said)
	}
	if s := who.service(t, "svc.demand"); s != was {
		t.Errorf("%s: the service was %s, and after its update it is %s\n%s", who.name, was, s, who.journal(t, "svc.demand"))
	}
}

// awaitIdle waits until the service is idle.
func awaitIdle(t *testing.T, who bootedUser) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for who.service(t, "svc.demand") != "inactive" && time.Now().Before(deadline) {
		time.Sleep(time.Second)
	}
	assertIdle(t, who)
}

// assertIdle checks that nothing runs but the socket.
func assertIdle(t *testing.T, who bootedUser) {
	t.Helper()
	if rows := who.MustRun(t, "paddock", "quadlet", "ls", "--format", "{{.Name}} {{.Status}}"); rows != "svc.demand listening\n" {
		t.Errorf("%s: ls: %q\n%s", who.name, rows, who.journal(t, "svc.demand"))
	}
	if ran := who.MustRun(t, "podman", "ps", "-a", "-q"); strings.TrimSpace(ran) != "" {
		t.Errorf("%s: there is a container: %s", who.name, ran)
	}
}

// testArtifactUnit runs a service whose model Podman pulls.
func testArtifactUnit(t *testing.T, who bootedUser, name string) {
	t.Helper()
	installModel(t, who, name, "svc.art", "18350", "--with", "artifact", "--start")
	assertChat(t, who.place, "18350")
	who.MustRun(t, "paddock", "quadlet", "rm", "svc.art")
	if left := who.Run(t, "systemctl", "list-units", "--all", "--plain", "--no-legend", "svc.art*"); strings.TrimSpace(left.Stdout) != "" {
		t.Errorf("after rm systemd knows %s", left.Stdout)
	}
}
