//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// fakeSpec is a CDI spec of NVIDIA's kind, of a device that is /dev/null by another name: what it adds can be seen inside.
const fakeSpec = `{"cdiVersion":"0.6.0","kind":"nvidia.com/gpu",
"containerEdits":{"env":["FAKE_COMMON=1"]},
"devices":[
 {"name":"0","containerEdits":{"env":["FAKE_GPU=zero"],"deviceNodes":[{"path":"/dev/nvidia0"}],
  "mounts":[{"hostPath":"/etc/fake-driver","containerPath":"/usr/lib/fake-driver","options":["ro","bind"]}]}},
 {"name":"1","containerEdits":{"env":["FAKE_OTHER=one"],"deviceNodes":[{"path":"/dev/nvidia1"}]}}]}`

// fakeEnv prints what the server's process was given by the spec; the processes of podman exec are not given it.
const fakeEnv = "tr '\\0' '\\n' </proc/1/environ | grep ^FAKE | sort"

// fakeGPU gives the lab two accelerators, of which no driver tells but CDI does.
func fakeGPU(t *testing.T, root Lab) {
	t.Helper()
	root.MustRun(t, "sh", "-c", `mkdir -p /etc/cdi && echo library >/etc/fake-driver
for n in 0 1; do [ -e /dev/nvidia$n ] || mknod -m 666 /dev/nvidia$n c 1 3; done`)
	root.Stdin(fakeSpec).MustRun(t, "sh", "-c", "cat >/etc/cdi/nvidia.json")
	t.Cleanup(func() { root.Run(t, "rm", "-rf", "/etc/cdi", "/etc/fake-driver", "/dev/nvidia0", "/dev/nvidia1") })
}

// assertFakeGPU looks at a container from inside: what the first device adds is there, and nothing of the second.
func assertFakeGPU(t *testing.T, in place, engine, container string) {
	t.Helper()
	out := in.MustRun(t, engine, "exec", container, "sh", "-c",
		fakeEnv+`; cat /usr/lib/fake-driver; test -c /dev/nvidia0 && echo node; test -e /dev/nvidia1 || echo alone; echo x >/usr/lib/fake-driver || echo read-only`)
	if want := "FAKE_COMMON=1\nFAKE_GPU=zero\nlibrary\nnode\nalone\nread-only\n"; out != want {
		t.Errorf("%s: inside is %q, want %q", in.name, out, want)
	}
}

// TestServeGPU: a CDI device is found and passed, to root's containers and to a user's, by index and by name; with none, no
// device is passed.
func TestServeGPU(t *testing.T) {
	reg := startRegistry(t, nil)
	fakeGPU(t, Lab{})
	for _, who := range everyone(t) {
		if rows := who.MustRun(t, "paddock", "gpu", "--format", "{{.Index}} {{.Kind}} {{.Reached}}"); rows != "0 nvidia nvidia.com/gpu=0\n1 nvidia nvidia.com/gpu=1\n" {
			t.Errorf("%s: paddock gpu: %q", who.name, rows)
		}
		name := reg.Addr + "/m/gpu-" + who.name + ":1"
		pushModelPack(t, reg, name, single(t))
		container := "gpu-" + who.name
		serve := func(flags ...string) Result {
			return who.Run(t, append(append([]string{"paddock", "serve", "-d", "--replace", "--tls-verify=false", "--name", container, "--image", llamaImage, "--port", "18210"}, flags...),
				name, "--", "--threads", "1")...)
		}
		t.Cleanup(func() {
			who.Run(t, "podman", "rm", "-f", "-i", "-t", "0", container)
			who.Run(t, "paddock", "rm", "-i", name)
		})
		for _, which := range []string{"0", "nvidia.com/gpu=0"} {
			if r := serve("--gpu", which); r.Code != 0 {
				t.Fatalf("%s: --gpu %s: exit %d, %s", who.name, which, r.Code, r.Stderr)
			}
			assertFakeGPU(t, who, "podman", container)
			assertChat(t, who, "18210")
			assertHardened(t, who, container)
		}
		if r := serve(); r.Code != 0 || !strings.Contains(r.Stderr, "using nvidia.com/gpu=0, nvidia.com/gpu=1") {
			t.Errorf("%s: auto: exit %d, %s", who.name, r.Code, r.Stderr)
		}
		if out := who.MustRun(t, "podman", "exec", container, "sh", "-c", fakeEnv); out != "FAKE_COMMON=1\nFAKE_GPU=zero\nFAKE_OTHER=one\n" {
			t.Errorf("%s: auto: %q", who.name, out)
		}
		if r := serve("--gpu", "none"); r.Code != 0 {
			t.Errorf("%s: none: exit %d, %s", who.name, r.Code, r.Stderr)
		}
		if out := who.MustRun(t, "podman", "exec", container, "sh", "-c", fakeEnv+"; ls /dev/nvidia* 2>/dev/null; true"); out != "" {
			t.Errorf("%s: none: %q", who.name, out)
		}
		who.MustRun(t, "podman", "rm", "-f", "-t", "0", container)
		for which, says := range map[string]string{"nvidia.com/gpu=7": "nvidia.com/gpu=7", "amd": "no accelerator amd", "5": "accelerator 5"} {
			if r := serve("--gpu", which); r.Code != 1 || !strings.Contains(r.Stderr, says) {
				t.Errorf("%s: --gpu %s: exit %d, %s", who.name, which, r.Code, r.Stderr)
			}
		}
	}
}

// TestDockerGPU: Docker passes the same device by the same name, to root's containers and to those of a user of the group docker.
func TestDockerGPU(t *testing.T) {
	hosts := dockerHosts(t)
	reg := startRegistry(t, nil)
	fakeGPU(t, Lab{})
	name := reg.Addr + "/m/docker-gpu:1"
	pushModelPack(t, reg, name, single(t))
	for _, who := range hosts {
		container := "gpu-" + who.name
		t.Cleanup(func() {
			who.stop(t, container)
			who.Run(t, "paddock", "rm", "-i", name)
		})
		who.MustRun(t, append(who.serve(container), "--gpu", "0", name, "--", "--threads", "1")...)
		assertFakeGPU(t, who.place, "docker", container)
		assertChat(t, who.place, who.port)
		if r := who.Run(t, append(who.serve(container), "--replace", "--gpu", "7", name)...); r.Code != 1 || !strings.Contains(r.Stderr, "accelerator 7") {
			t.Errorf("%s: --gpu 7: exit %d, %s", who.name, r.Code, r.Stderr)
		}
	}
}

// TestQuadletGPU: a service has the device that was chosen, as root and as a user.
func TestQuadletGPU(t *testing.T) {
	NeedPaddock(t)
	b := Boot(t)
	reg := registryIn(t, b.Lab, nil)
	fakeGPU(t, b.Lab)
	for _, who := range b.everyone() {
		name := reg.Addr + "/m/gpu." + who.name + ":1"
		pushModelPack(t, reg, name, single(t))
		out := who.Run(t, "paddock", "quadlet", "install", "--start", "--tls-verify=false", "--name", "gpu."+who.name, "--image", llamaImage,
			"--port", who.port, "--gpu", "0", name, "--", "--threads", "1")
		if out.Code != 0 {
			t.Fatalf("%s: install --start: exit %d, %s\n%s", who.name, out.Code, out.Stderr, who.journal(t, "gpu."+who.name))
		}
		if unit := who.MustRun(t, "paddock", "quadlet", "print", "gpu."+who.name); !strings.Contains(unit, "\nAddDevice=nvidia.com/gpu=0\n") {
			t.Errorf("%s: the unit is\n%s", who.name, unit)
		}
		assertFakeGPU(t, who.place, "podman", "gpu."+who.name)
		assertChat(t, who.place, who.port)
	}
}
