package engine

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
	"github.com/paddock-dev/paddock/gpu"
)

const blob = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

func testSpec() *workload.Spec {
	return &workload.Spec{
		Name: "m", Model: "quay.io/org/m:1", ModelDigest: blob, Image: "llama:server", Args: []string{"--model", "/models/a, b.gguf", ""},
		Mounts: []workload.FileMount{{Destination: "/models/a, b.gguf", Digest: blob}},
		Env:    []workload.EnvVar{{Name: "A", Value: "b c"}, {Name: "EMPTY"}}, Host: "::1", Port: 9000,
		Health: workload.Health{Command: "curl x || wget x", Interval: 30 * time.Second, StartupInterval: 2 * time.Second, StartPeriod: 10 * time.Minute, Timeout: 5 * time.Second, Retries: 3},
	}
}

func TestPodmanCommand(t *testing.T) {
	got, err := (&Podman{Path: "/usr/bin/podman", Version: podmanargs.MinNative()}).Command(testSpec(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/usr/bin/podman", "run", "--name", "m", "--rm", "--pull", "missing", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--read-only",
		"--publish", "[::1]:9000:8080", "--mount", `type=artifact,source=quay.io/org/m:1,digest=` + blob + `,"destination=/models/a, b.gguf"`,
		"--env", "A=b c", "--env", "EMPTY=", "--label", "org.paddock.model=quay.io/org/m:1", "--label", "org.paddock.digest=" + blob,
		"--health-cmd", "curl x || wget x", "--health-interval", "30s", "--health-timeout", "5s", "--health-start-period", "10m0s", "--health-retries", "3",
		"--health-startup-cmd", "curl x || wget x", "--health-startup-interval", "2s", "--health-startup-timeout", "5s",
		"llama:server", "--model", "/models/a, b.gguf", "",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestAccess: each engine gives the container what was chosen of the accelerators, in its own words.
func TestAccess(t *testing.T) {
	s := testSpec()
	s.Mounts = []workload.FileMount{{Destination: "/models/a", HostPath: "/store/a"}}
	s.Access = gpu.Access{
		CDI: []string{"nvidia.com/gpu=all"}, Nodes: []string{"/dev/kfd", "/dev/dri/renderD128"}, Mounts: []string{"/usr/lib/wsl"},
		KeepGroups: true, LabelDisable: true, GPUs: "device=0,1",
	}
	for eng, want := range map[Engine][]string{
		&Podman{}: {"--device nvidia.com/gpu=all --device /dev/kfd --device /dev/dri/renderD128 --mount type=bind,source=/usr/lib/wsl,destination=/usr/lib/wsl,readonly=true" +
			" --group-add keep-groups --security-opt label=disable"},
		&Docker{}: {"--device nvidia.com/gpu=all --device /dev/kfd --device /dev/dri/renderD128 --gpus \"device=0,1\" --mount type=bind,source=/usr/lib/wsl,target=/usr/lib/wsl,readonly" +
			" --security-opt label=disable"},
	} {
		got, err := eng.Command(s, nil)
		if err != nil || !strings.Contains(strings.Join(got, " "), strings.Join(want, " ")) {
			t.Errorf("%s: got %q, %v", eng.Name(), got, err)
		}
	}
	for _, bad := range []gpu.Access{{CDI: []string{"--privileged"}}, {Nodes: []string{"dev/x"}}, {Nodes: []string{"/dev/a:/dev/b"}}, {Mounts: []string{"/a/../b"}}, {GPUs: "a\nb"}} {
		s.Access = bad
		if got, err := (&Podman{}).Command(s, nil); err == nil {
			t.Errorf("%+v: got %q", bad, got)
		}
	}
}

// TestLimits: what a container may take, and its secrets, in the words of each engine. Docker has no secrets.
func TestLimits(t *testing.T) {
	s := testSpec()
	s.Mounts = []workload.FileMount{{Destination: "/models/a", HostPath: "/store/a"}}
	s.Memory, s.CPUs = 8<<30, 2.5
	const limits = " --memory 8g --cpus 2.5 "
	got, err := (&Docker{}).Command(s, nil)
	if err != nil || !strings.Contains(strings.Join(got, " "), limits) {
		t.Errorf("docker: got %q, %v", got, err)
	}
	s.Secrets = []workload.Secret{{Name: "a", Env: "LLAMA_API_KEY"}, {Name: "b"}, {Name: "c", File: "d"}}
	got, err = (&Podman{}).Command(s, nil)
	if err != nil || !strings.Contains(strings.Join(got, " "), limits) || !strings.Contains(strings.Join(got, " "), " --secret a,type=env,target=LLAMA_API_KEY --secret b --secret c,target=d ") {
		t.Errorf("podman: got %q, %v", got, err)
	}
	if _, err := (&Docker{}).Command(s, nil); err == nil || !strings.Contains(err.Error(), "secret a") {
		t.Errorf("docker with secrets: %v", err)
	}
}

func TestPodmanOptions(t *testing.T) {
	s := testSpec()
	s.Network, s.Health = "host", workload.Health{}
	got, err := (&Podman{}).Command(s, &RunOptions{Detach: true, Replace: true})
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Join(got, " ")
	if !strings.HasPrefix(line, "podman run --name m --detach --replace --pull missing ") || !strings.Contains(line, " --network host ") {
		t.Errorf("got %q", got)
	}
	for _, not := range []string{"--publish", "--health", "--rm"} {
		if strings.Contains(line, not) {
			t.Errorf("%s is in %q", not, got)
		}
	}
	old := &Podman{Version: podmanargs.Version{Major: 5, Minor: 5, Patch: 2}}
	if _, err := old.Command(s, nil); err == nil || !strings.Contains(err.Error(), "5.5.2") {
		t.Errorf("podman 5.5: got %v", err)
	}
	s.Mounts = []workload.FileMount{{Destination: "/models/a", HostPath: "/store/a"}}
	if got, err = old.Command(s, nil); err != nil || !strings.Contains(strings.Join(got, " "), "type=bind,source=/store/a,destination=/models/a,readonly=true") {
		t.Errorf("podman 5.5 with files of the host: got %q, %v", got, err)
	}
	s.Port = 0
	if _, err := old.Command(s, nil); err == nil || !strings.Contains(err.Error(), "port 0") {
		t.Errorf("an invalid spec: got %v", err)
	}
}

func TestDockerCommand(t *testing.T) {
	s := testSpec()
	d := &Docker{}
	if _, err := d.Command(s, nil); err == nil || !strings.Contains(err.Error(), "docker has no artifacts") {
		t.Errorf("an artifact: got %v", err)
	}
	s.Mounts = []workload.FileMount{{Destination: "/models/a, b.gguf", HostPath: `/store/"a"`}}
	got, err := d.Command(s, &RunOptions{Detach: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"docker", "run", "--name", "m", "--detach", "--pull", "missing", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--read-only", "--tmpfs", "/tmp",
		"--publish", "[::1]:9000:8080", "--mount", `type=bind,"source=/store/""a""","target=/models/a, b.gguf",readonly`,
		"--env", "A=b c", "--env", "EMPTY=", "--label", "org.paddock.model=quay.io/org/m:1", "--label", "org.paddock.digest=" + blob,
		"--health-cmd", "curl x || wget x", "--health-interval", "30s", "--health-timeout", "5s", "--health-start-period", "10m0s", "--health-retries", "3",
		"llama:server", "--model", "/models/a, b.gguf", "",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if _, err := d.Command(s, &RunOptions{Replace: true}); err == nil {
		t.Error("docker was asked to replace and did not refuse")
	}
	s.Image = ""
	if _, err := d.Command(s, nil); err == nil {
		t.Error("a spec without an image was taken")
	}
}

func TestOtherCommands(t *testing.T) {
	for _, c := range []struct {
		e           Engine
		name, stop  string
		inspectWith string
	}{
		{&Podman{Path: "/p"}, "podman", "/p rm --force --ignore m", "/p container inspect "},
		{&Docker{Path: "/d"}, "docker", "/d rm --force m", "/d container inspect "},
	} {
		if c.e.Name() != c.name || strings.Join(c.e.Stop("m"), " ") != c.stop || !strings.HasPrefix(strings.Join(c.e.State("m"), " "), c.inspectWith) {
			t.Errorf("got %s, %q, %q", c.e.Name(), c.e.Stop("m"), c.e.State("m"))
		}
	}
}
