//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// dockerHosts are root, and a user of the group docker, of a machine whose engine is Docker. It runs until the lab is taken down.
// Docker without root is not among them: its daemon is run by systemd, and sees the same files.
func dockerHosts(t *testing.T) []folderHost {
	t.Helper()
	NeedPaddock(t)
	root := Lab{}
	root.MustRun(t, "usermod", "-aG", "docker", "ai")
	root.MustRun(t, "sh", "-ec", `
		[ ! -e /run/docker.pid ] || exit 0
		setsid dockerd >/var/log/dockerd.log 2>&1 </dev/null &
		for i in $(seq 300); do ! docker version >/dev/null 2>&1 || break; sleep 0.1; done
		docker version >/dev/null || { tail /var/log/dockerd.log >&2; exit 1; }
		docker import -c 'ENTRYPOINT ["/usr/bin/llama-server"]' -c 'EXPOSE 8080' /var/lib/paddock-lab/llama-server.tar `+llamaImage)
	env := "PADDOCK_ENGINE=docker"
	return []folderHost{
		{place: place{root.Env(env), "root"}, engine: "docker", store: "/var/lib/paddock", port: "18400"},
		{place: place{root.User("ai").Env(env), "ai"}, engine: "docker", store: "/home/ai/.local/share/paddock", port: "18401"},
	}
}

// TestDocker: whatever is done with models on Podman is done on Docker, and with the same outcome.
func TestDocker(t *testing.T) {
	hosts := dockerHosts(t)
	testFolders(t, hosts, startRegistry(t, nil))
}

// TestDockerHardened: a container of Docker is as shut in as one of Podman, and can be replaced.
func TestDockerHardened(t *testing.T) {
	host := dockerHosts(t)[0]
	reg := startRegistry(t, nil)
	name := reg.Addr + "/m/hard:1"
	m := single(t)
	pushModelPack(t, reg, name, m)
	t.Cleanup(func() { host.Run(t, "docker", "rm", "-f", "hard") })
	for range 2 {
		host.MustRun(t, append(host.serve("hard"), "--replace", name)...)
	}
	var cs []struct {
		HostConfig struct {
			ReadonlyRootfs       bool
			CapDrop, SecurityOpt []string
			PortBindings         map[string][]struct{ HostIp string }
		}
		Mounts []struct {
			Type, Source, Destination string
			RW                        bool
		}
	}
	if err := json.Unmarshal([]byte(host.MustRun(t, "docker", "inspect", "hard")), &cs); err != nil || len(cs) != 1 {
		t.Fatalf("docker inspect: %v", err)
	}
	c := cs[0].HostConfig
	if !c.ReadonlyRootfs || strings.Join(c.CapDrop, " ") != "ALL" && strings.Join(c.CapDrop, " ") != "all" || strings.Join(c.SecurityOpt, " ") != "no-new-privileges" {
		t.Errorf("%+v", c)
	}
	for port, binds := range c.PortBindings {
		if len(binds) != 1 || binds[0].HostIp != "127.0.0.1" {
			t.Errorf("port %s is published on %+v", port, binds)
		}
	}
	for _, mount := range cs[0].Mounts {
		if mount.Type == "bind" && mount.RW {
			t.Errorf("%+v can be written to", mount)
		}
	}
	caps := host.MustRun(t, "docker", "exec", "hard", "grep", "^Cap\\(Bnd\\|Eff\\)", "/proc/1/status")
	if strings.Trim(strings.NewReplacer("CapBnd:", "", "CapEff:", "").Replace(caps), "0 \t\n") != "" {
		t.Errorf("capabilities: %s", caps)
	}
}

// TestDockerHasNoQuadlet: it is said, and what to do instead.
func TestDockerHasNoQuadlet(t *testing.T) {
	host := dockerHosts(t)[0]
	for _, args := range [][]string{{"ls"}, {"install", "localhost/x:1"}, {"generate", "localhost/x:1"}} {
		r := host.Run(t, append([]string{"paddock", "quadlet"}, args...)...)
		if r.Code == 0 || r.Stdout != "" || !strings.Contains(r.Stderr, "docker") {
			t.Errorf("quadlet %q: exit %d, %q, %q", args, r.Code, r.Stdout, r.Stderr)
		}
	}
}
