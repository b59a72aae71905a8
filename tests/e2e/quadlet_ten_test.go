//go:build e2e

package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// TestQuadletTen: ten models as ten services, and three in one pod, of root and of a user, are all up after a reboot without a registry.
func TestQuadletTen(t *testing.T) {
	NeedPaddock(t)
	b := Boot(t)
	reg := registryIn(t, b.Lab, nil)
	var names []string
	for n := range 10 {
		names = append(names, fmt.Sprintf("%s/m/ten%d:1", reg.Addr, n))
		pushModelPackAs(t, reg, names[n], single(t), fmt.Sprint("-", n))
	}
	root, ai := b.everyone()[0], b.everyone()[1]
	ports := map[string]string{}
	for n, name := range names {
		service := fmt.Sprintf("svc-%d", n)
		ports[service] = strconv.Itoa(18310 + n)
		installModel(t, root, name, service, ports[service])
	}
	trio := map[string]string{"one.trio": "18330", "two.trio": "18331", "three.trio": "18332"}
	testPod(t, ai, trio, names[0])
	reg.Stop(t)
	b.Restart(t)
	for who, services := range map[*bootedUser]map[string]string{&root: ports, &ai: trio} {
		for service, port := range services {
			if s := who.waitActive(t, service); s != "active" {
				t.Fatalf("%s: after the reboot %s is %s\n%s", who.name, service, s, who.journal(t, service))
			}
			who.MustRun(t, "curl", "-fsS", "http://127.0.0.1:"+port+"/health")
			assertChat(t, who.place, port)
		}
	}
	testPodRemoval(t, ai, trio)
}

func installModel(t *testing.T, who bootedUser, name, service, port string, flags ...string) {
	t.Helper()
	args := append([]string{"paddock", "quadlet", "install", "-q", "--tls-verify=false", "--name", service, "--image", llamaImage, "--port", port, "--ctx-size", "256"}, flags...)
	out := who.Run(t, append(args, name, "--", "--threads", "1")...)
	if out.Code != 0 {
		t.Fatalf("%s: installing %s: exit %d, %s\n%s", who.name, service, out.Code, out.Stderr, who.journal(t, service))
	}
}

// testPod installs services in a pod, of which the first starts before the others are there, and updates one.
func testPod(t *testing.T, who bootedUser, services map[string]string, name string) {
	t.Helper()
	installModel(t, who, name, "one.trio", services["one.trio"], "--pod", "trio", "--start")
	assertChat(t, who.place, services["one.trio"])
	who.MustRun(t, who.systemctl("restart", "one.trio.service")...) // the pod does not go with its only container
	assertChat(t, who.place, services["one.trio"])
	installModel(t, who, name, "two.trio", services["two.trio"], "--pod", "trio")
	out := who.Run(t, "paddock", "quadlet", "install", "--image", llamaImage, "--name", "three.trio", "--pod", "trio", "--port", services["two.trio"], name)
	if out.Code != 1 || !strings.Contains(out.Stderr, "is that of two.trio") {
		t.Errorf("two servers with one port: exit %d, %s", out.Code, out.Stderr)
	}
	installModel(t, who, name, "three.trio", services["three.trio"], "--pod", "trio", "--start")
	for service, port := range services {
		if s := who.service(t, service); s != "active" {
			t.Errorf("%s: %s is %s\n%s", who.name, service, s, who.journal(t, service))
		}
		assertChat(t, who.place, port)
	}
	before, other := who.invocation(t, "one.trio"), who.invocation(t, "two.trio")
	unit := `sed -i s/^Description=.*/Description=another/ ` + who.units() + `/one.trio.container`
	who.MustRun(t, "sh", "-c", unit)
	if said := who.MustRun(t, "paddock", "quadlet", "update", "-q", "one.trio"); said != "one.trio: settings\n" {
		t.Errorf("%s: the update says %q", who.name, said)
	}
	if who.invocation(t, "one.trio") == before || who.invocation(t, "two.trio") != other {
		t.Errorf("%s: the update of one restarted not that one, or another", who.name)
	}
	if rows := who.MustRun(t, "paddock", "quadlet", "ls", "--format", "{{.Name}} {{.Pod}} {{.Status}}"); rows != "one.trio trio active\nthree.trio trio active\ntwo.trio trio active\n" {
		t.Errorf("%s: ls: %q", who.name, rows)
	}
}

// testPodRemoval removes the services of a pod, and with the last one the pod.
func testPodRemoval(t *testing.T, who bootedUser, services map[string]string) {
	t.Helper()
	who.MustRun(t, "paddock", "quadlet", "rm", "two.trio")
	unit := who.MustRun(t, "sh", "-c", "cat "+who.units()+"/trio.pod")
	if strings.Contains(unit, services["two.trio"]) || !strings.Contains(unit, services["one.trio"]) {
		t.Errorf("%s: with one removed the pod is\n%s", who.name, unit)
	}
	assertChat(t, who.place, services["one.trio"])
	who.MustRun(t, "paddock", "quadlet", "rm", "one.trio", "three.trio")
	left := who.MustRun(t, "sh", "-c", "podman ps -a -q; podman pod ps -q; cd "+who.units()+" && ls")
	if strings.TrimSpace(left) != "" {
		t.Errorf("%s: after rm there is left %s", who.name, left)
	}
	if failed := who.MustRun(t, who.systemctl("list-units", "--all", "--plain", "--no-legend", "*trio*")...); strings.TrimSpace(failed) != "" {
		t.Errorf("%s: after rm systemd knows %s", who.name, failed)
	}
}
