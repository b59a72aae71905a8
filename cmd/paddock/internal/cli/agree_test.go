package cli

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	"github.com/paddock-dev/paddock/gpu"
	"github.com/paddock-dev/paddock/quadlet"
	"github.com/paddock-dev/paddock/quadlet/compose"
	"github.com/paddock-dev/paddock/quadlet/kube"
)

// renderings are all that a workload can be rendered to, each read back.
func renderings() map[string]func(*workload.Spec) (*facts, error) {
	run := func(e engine.Engine) func(*workload.Spec) (*facts, error) {
		return func(s *workload.Spec) (*facts, error) {
			argv, err := e.Command(s, nil)
			if err != nil {
				return nil, err
			}
			return flagsOf(argv)
		}
	}
	read := func(text []byte, err error, of func(string) (*facts, error)) (*facts, error) {
		if err != nil {
			return nil, err
		}
		return of(string(text))
	}
	return map[string]func(*workload.Spec) (*facts, error){
		"podman": run(&engine.Podman{}), "docker": run(&engine.Docker{}),
		"quadlet": func(s *workload.Spec) (*facts, error) { return unitsOf(s) },
		"quadlet, units beside it": func(s *workload.Spec) (*facts, error) {
			if s.Network == "" && s.Pod == "" {
				return unitsOf(s, "image", "network")
			}
			return unitsOf(s, "image")
		},
		"compose": func(s *workload.Spec) (*facts, error) {
			text, err := compose.Render(s, nil)
			return read(text, err, composeOf)
		},
		"kube": func(s *workload.Spec) (*facts, error) {
			text, err := kube.Render(s, nil)
			return read(text, err, kubeOf)
		},
	}
}

// unitsOf reads the units of a workload.
func unitsOf(s *workload.Spec, with ...string) (*facts, error) {
	set, err := quadlet.Units(s, &quadlet.UnitOptions{PodmanVersion: podmanargs.MinNative(), Paddock: "/usr/bin/paddock", With: with})
	if err != nil {
		return nil, err
	}
	f, err := unitOf(string(set.Unit))
	for _, beside := range set.Beside {
		if err == nil && f.Image == beside.Name {
			_, image, _ := strings.Cut(string(beside.Data), "\nImage=")
			f.Image, _, _ = strings.Cut(image, "\n")
		}
	}
	return f, err
}

func agreeSpec() *workload.Spec {
	const digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	return &workload.Spec{
		Name: "chat", Model: "quay.io/org/m@" + digest, ModelDigest: digest, Image: "ghcr.io/ggml-org/llama.cpp:server",
		Mounts: []workload.FileMount{{Destination: "/models", ImagePath: "/models"}},
		Args:   []string{"--model", "/models/m.gguf", "--host", "0.0.0.0", "--port", "8080"}, Host: "127.0.0.1", Port: 9000,
		Health: workload.Health{
			Command:  "curl -fsS -o /dev/null http://127.0.0.1:8080/health || wget -q -O /dev/null http://127.0.0.1:8080/health",
			Interval: 30 * time.Second, StartupInterval: 2 * time.Second, Timeout: 5 * time.Second, StartPeriod: 602 * time.Second, Retries: 3,
		},
	}
}

// agreements are specs, and what refuses each of them.
func agreements() map[string]struct {
	change   func(*workload.Spec)
	refusing []string
} {
	type row = struct {
		change   func(*workload.Spec)
		refusing []string
	}
	return map[string]row{
		"plain": {func(*workload.Spec) {}, nil},
		"ipv6":  {func(s *workload.Spec) { s.Host = "::1" }, nil},
		"odd words": {func(s *workload.Spec) {
			s.Args = []string{"--alias", `m "x" 50% $1 $(id) $$ ${HOME} $$(x) \n`, "'", "yes", "1e3", "0x10", "12:30", "- a", "#c", "é", "a: b", "null", "~", "{}", "$"}
			s.Env = []workload.EnvVar{{Name: "ODD", Value: `a b  "c" 100% $HOME $(A) $$ \d 'e'`}, {Name: "EMPTY"}, {Name: "NO", Value: "no"}, {Name: "N", Value: "1"}}
		}, nil},
		"limits":     {func(s *workload.Spec) { s.Memory, s.CPUs = 8<<30, 2.5 }, nil},
		"odd limits": {func(s *workload.Spec) { s.Memory, s.CPUs = 7<<20+1, 0.01 }, nil},
		"accelerators": {func(s *workload.Spec) {
			s.Access = gpu.Access{Kind: gpu.NVIDIA, CDI: []string{"nvidia.com/gpu=0", "nvidia.com/gpu=1"}}
		}, nil},
		"vllm": {func(s *workload.Spec) {
			s.Runtime, s.Args = workload.VLLM, []string{"--model", "/models"}
		}, nil},
		"another folder": {func(s *workload.Spec) { s.Mounts[0].ImagePath = "/data/m 1" }, nil},
		"files": {func(s *workload.Spec) {
			s.Mounts = []workload.FileMount{{Destination: "/models/m.gguf", HostPath: "/store/$a b"}, {Destination: "/models/a/$x: y", HostPath: "/store/c"}}
		}, []string{"kube"}},
		"artifact": {func(s *workload.Spec) {
			s.Mounts = []workload.FileMount{{Destination: "/models/m.gguf", Digest: s.ModelDigest}, {Destination: "/models/n.gguf", Title: "n.gguf"}}
		}, []string{"compose", "docker", "kube"}},
		"host's network": {func(s *workload.Spec) { s.Network = "container:x" }, []string{"kube"}},
		"pod": {func(s *workload.Spec) {
			s.Pod, s.Args = "models", []string{"--model", "/models/m.gguf", "--host", "0.0.0.0", "--port", "9000"}
		}, []string{"compose", "docker", "kube"}},
		"secrets": {func(s *workload.Spec) { s.Secrets = []workload.Secret{{Name: "k", Env: "K"}} }, []string{"compose", "docker"}},
	}
}

// TestRenderingsAgree: whatever a workload is rendered to says the same of it, and what cannot say it refuses.
func TestRenderingsAgree(t *testing.T) {
	for name, row := range agreements() {
		t.Run(name, func(t *testing.T) {
			spec := agreeSpec()
			row.change(spec)
			var refusing []string
			all := map[string]*facts{}
			for what, render := range renderings() {
				f, err := render(spec)
				if err != nil {
					t.Logf("%s: %v", what, err)
					refusing = append(refusing, what)
					continue
				}
				all[what] = f
			}
			slices.Sort(refusing)
			if !slices.Equal(refusing, row.refusing) {
				t.Errorf("%q refuse it, not %q", refusing, row.refusing)
			}
			want := all["podman"] // which the end-to-end tests hold against what runs
			if want == nil || want.Image != spec.Image || !slices.Equal(want.Args, spec.Args) || len(want.Mounts) != len(spec.Mounts) || want.Memory != spec.Memory {
				t.Fatalf("podman run is told %+v", want)
			}
			for what, got := range all {
				if what == "kube" && len(spec.Secrets) > 0 {
					got.Env = nil // they are among them
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s and podman run disagree:\n%s\n%s", what, fmt.Sprintf("%+v", *got), fmt.Sprintf("%+v", *want))
				}
			}
		})
	}
}
