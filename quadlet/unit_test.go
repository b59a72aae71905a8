package quadlet

import (
	"encoding/json"
	"flag"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
	"github.com/paddock-dev/paddock/gpu"
	"github.com/paddock-dev/paddock/tests/golden"
)

const (
	blob   = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	pinned = "quay.io/org/smollm@" + blob
)

func testSpec() *workload.Spec {
	return &workload.Spec{
		Name: "smollm-135m", Model: pinned, ModelDigest: blob, Image: "ghcr.io/ggml-org/llama.cpp:server",
		Mounts: []workload.FileMount{{Destination: "/models/smollm.gguf", Digest: blob}},
		Args:   []string{"--model", "/models/smollm.gguf", "--host", "0.0.0.0", "--port", "8080"},
		Host:   "127.0.0.1", Port: 8080,
		Health: workload.Health{
			Command:  "curl -fsS -o /dev/null http://127.0.0.1:8080/health || wget -q -O /dev/null http://127.0.0.1:8080/health",
			Interval: 30 * time.Second, StartupInterval: 2 * time.Second, Timeout: 5 * time.Second, StartPeriod: 602 * time.Second, Retries: 3,
		},
	}
}

func testOptions() *UnitOptions {
	return &UnitOptions{PodmanVersion: podmanargs.MinNative(), Paddock: "/usr/bin/paddock", Model: "quay.io/org/smollm:135m"}
}

// cases are the specs of the golden units, by the name of the file.
func cases() map[string]func(*workload.Spec, *UnitOptions) {
	return map[string]func(*workload.Spec, *UnitOptions){
		"plain":    func(*workload.Spec, *UnitOptions) {},
		"rootless": func(_ *workload.Spec, o *UnitOptions) { o.Rootless = true },
		"qwen2.5-7b.q4_k_m": func(s *workload.Spec, _ *UnitOptions) {
			s.Mounts = []workload.FileMount{
				{Destination: "/models/sub dir/a:b,c.gguf", Digest: blob}, {Destination: `/models/100% "x"/$HOME\n's.json`, Title: `t "1", %n $x \d.json`},
				{Destination: "/models/é ü", HostPath: "/store/a,b/100%"},
			}
		},
		"odd-words": func(s *workload.Spec, o *UnitOptions) {
			s.Env = []workload.EnvVar{
				{Name: "ODD", Value: `a b  "c" 100% $HOME \d 'e'`}, {Name: "EMPTY"}, {Name: "SPACES", Value: "  x  "}, {Name: "END", Value: `\`},
				{Name: "SEMI", Value: ";"}, {Name: "HASH", Value: "# x"}, {Name: "BRACES", Value: "${HOME} $(id) `id` %n %%"}, {Name: "UNI", Value: "é\u00a0\u2003ü"},
			}
			s.Args = []string{"--alias", `m "x" 50% $1 \n`, "'", `"`, `\`, `\\"`, "a;b", ";;", " ", "#c", "%", "$", "$$", "%%", "-", "é", "a'b", `a"b`, "x\u00a0"}
			o.Paddock, o.EnsureArgs = "/opt/my tools/100%/paddock", []string{"--authfile", `/etc/a "b"/100% $x.json`}
			o.Model = "quay.io/org/100%:$x"
		},
		"origin": func(_ *workload.Spec, o *UnitOptions) {
			o.EnsureArgs = []string{"--from", "hf://Org/M/a%20b.gguf@v1?exclude=%2A.md&commit=0123456789abcdef0123456789abcdef01234567"}
		},
		"derived": func(s *workload.Spec, _ *UnitOptions) {
			s.MountSource = "localhost/paddock/derived:" + blob[len("sha256:"):]
		},
		"image": func(s *workload.Spec, _ *UnitOptions) {
			s.Mounts = []workload.FileMount{{Destination: "/models", ImagePath: "/models"}}
		},
		"host-network": func(s *workload.Spec, _ *UnitOptions) { s.Network, s.Host, s.Port = "host", "::1", 9000 },
		"ipv6":         func(s *workload.Spec, _ *UnitOptions) { s.Host, s.Network = "::1", "web:ip=10.88.0.9" },
		"accelerator-cdi": func(s *workload.Spec, _ *UnitOptions) {
			s.Access = gpu.Access{Kind: gpu.NVIDIA, CDI: []string{"nvidia.com/gpu=0:1", "nvidia.com/gpu=GPU-1"}}
		},
		"accelerator-nodes": func(s *workload.Spec, o *UnitOptions) {
			s.Access = gpu.Access{Kind: gpu.Ascend, Nodes: []string{"/dev/davinci0", "/dev/hisi_hdc"}, Mounts: []string{"/usr/local/Ascend/driver"}, KeepGroups: true, LabelDisable: true}
			o.Rootless = true
		},
		"options": func(s *workload.Spec, o *UnitOptions) {
			s.Memory, s.CPUs = 1536<<20, 2.5
			s.Secrets = []workload.Secret{{Name: "key", Env: "LLAMA_API_KEY"}, {Name: "a.crt"}, {Name: "b-1", File: "/etc/b 100%/$x"}}
			o.AutoUpdate, o.Restart, o.Origin = true, "always", "hf://Org/M:Q4?x=%2A"
			o.Install = []string{"--name", "smollm-135m", "--env", `A=b "c" 100% \d <é>`, "--", "--alias", "x y", `"`}
		},
		"pod": func(s *workload.Spec, _ *UnitOptions) {
			s.Pod, s.Port, s.Args = "models", 9001, []string{"--host", "0.0.0.0", "--port", "9001"}
			s.Health.Command = strings.ReplaceAll(s.Health.Command, "8080", "9001")
		},
		"on-demand": func(_ *workload.Spec, o *UnitOptions) {
			o.OnDemand = &OnDemand{Proxy: "/usr/lib/systemd/systemd-socket-proxyd", Idle: 10 * time.Minute}
		},
		"with": func(s *workload.Spec, o *UnitOptions) {
			s.Runtime, s.Args = workload.VLLM, []string{"--model", "/models"}
			o.With, o.EnsureArgs = Kinds(), []string{"--tls-verify=false", "--authfile", "/etc/a 100%.json"}
			o.PodmanVersion = podmanargs.Version{Major: 5, Minor: 7}
		},
		"no-health": func(s *workload.Spec, _ *UnitOptions) { s.Health, s.Args = workload.Health{}, nil },
		"odd-health": func(s *workload.Spec, _ *UnitOptions) {
			s.Health.Command, s.Health.StartupInterval = `test "$(echo 100% \d 'x')" = "y" || exit 1`, 0
		},
	}
}

// unitText is the .container file alone.
func unitText(spec *workload.Spec, opts *UnitOptions) ([]byte, error) {
	set, err := Units(spec, opts)
	if err != nil {
		return nil, err
	}
	return set.Unit, nil
}

func rendered(t *testing.T, change func(*workload.Spec, *UnitOptions)) (*workload.Spec, *UnitOptions, *Set) {
	t.Helper()
	spec, opts := testSpec(), testOptions()
	change(spec, opts)
	set, err := Units(spec, opts)
	if err != nil {
		t.Fatal(err)
	}
	return spec, opts, set
}

// expected is what the command line of a unit must be in the end, from the spec alone. The end-to-end test holds it against what
// Podman's generator makes of the unit.
type expected struct {
	Rootless bool
	Pre      []string            // ExecStartPre=
	Flags    map[string][]string // of podman run, in order; --env and --label sorted by nobody
	Tail     []string            // the image and what follows it
}

func expect(t *testing.T, spec *workload.Spec, opts *UnitOptions) expected {
	t.Helper()
	e := expected{
		Rootless: opts.Rootless, Tail: append([]string{spec.Image}, spec.Args...),
		Pre:   append(append([]string{opts.Paddock, "ensure"}, opts.EnsureArgs...), spec.Model),
		Flags: map[string][]string{"--name": {spec.Name}, "--label": podmanargs.Labels(spec), "--cap-drop": {"all"}},
	}
	add := func(flag, value string) { e.Flags[flag] = append(e.Flags[flag], value) }
	for _, m := range spec.Mounts {
		v, err := podmanargs.Mount(spec, &m)
		if err != nil {
			t.Fatal(err)
		}
		add("--mount", v)
	}
	for _, m := range spec.Access.Mounts {
		add("--mount", "type=bind,source="+m+",destination="+m+",readonly=true")
	}
	for _, d := range spec.Devices() {
		add("--device", d)
	}
	if spec.Memory > 0 {
		add("--memory", workload.MemoryText(spec.Memory))
		add("--cpus", workload.CPUsText(spec.CPUs))
	}
	for _, s := range podmanargs.Secrets(spec) {
		add("--secret", s)
	}
	if opts.AutoUpdate {
		add("--label", "io.containers.autoupdate=registry")
	}
	if spec.Access.KeepGroups {
		add("--group-add", "keep-groups")
	}
	if spec.Access.LabelDisable {
		add("--security-opt", "label=disable")
	}
	for _, v := range spec.Env {
		add("--env", v.Name+"="+v.Value)
	}
	if p := podmanargs.Publish(spec); p != "" {
		if opts.OnDemand != nil {
			p = "127.0.0.1:18080:8080"
		}
		add("--publish", p)
	}
	if spec.Network != "" {
		add("--network", spec.Network)
	}
	if slices.Contains(opts.With, "network") {
		add("--network", "systemd-"+spec.Name)
	}
	if slices.Contains(opts.With, "volume") {
		add("--env", "XDG_CACHE_HOME=/cache")
		add("-v", "systemd-"+spec.Name+":/cache")
	}
	if spec.Pod != "" {
		add("--pod", spec.Pod)
	}
	if h := spec.Health; h.Command != "" {
		add("--health-cmd", h.Command)
		add("--health-interval", h.Interval.String())
		add("--health-timeout", h.Timeout.String())
		add("--health-start-period", h.StartPeriod.String())
		add("--health-retries", fmt.Sprint(h.Retries))
		if h.StartupInterval > 0 {
			add("--health-startup-cmd", h.Command)
			add("--health-startup-interval", h.StartupInterval.String())
			add("--health-startup-timeout", h.Timeout.String())
		}
	}
	return e
}

// resolved is a unit with what Quadlet puts into it in the place of the units beside it.
func resolved(set *Set, spec *workload.Spec) []byte {
	return []byte(strings.NewReplacer(
		"Image="+spec.Name+".image", "Image="+spec.Image, "source="+spec.Name+".artifact", "source="+spec.Model, "Network="+spec.Name+".network", "Network=systemd-"+spec.Name,
	).Replace(string(set.Unit)))
}

func pods(set *Set) []File {
	if set.Pod == nil {
		return nil
	}
	return []File{*set.Pod}
}

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	texts := map[string][]byte{}
	for name, change := range cases() {
		spec, opts, set := rendered(t, change)
		want, err := json.MarshalIndent(expect(t, spec, opts), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		texts[name+".container"], texts[name+".json"] = set.Unit, append(want, '\n')
		for _, f := range append(set.Beside, pods(set)...) {
			texts[name+"+"+f.Name] = f.Data
		}
	}
	golden.Check(t, texts, *update)
}

// TestRoundTrip reads each unit back by Podman's and systemd's rules.
func TestRoundTrip(t *testing.T) {
	for name, change := range cases() {
		t.Run(name, func(t *testing.T) { roundTrip(t, change) })
	}
}

func roundTrip(t *testing.T, change func(*workload.Spec, *UnitOptions)) {
	t.Helper()
	spec, opts, set := rendered(t, change)
	data := resolved(set, spec)
	settings, err := parse(string(data))
	if err != nil {
		t.Fatal(err)
	}
	e := expect(t, spec, opts)
	if opts.AutoUpdate { // Quadlet adds its label itself
		e.Flags["--label"] = podmanargs.Labels(spec)
	}
	if got := wordsOf(t, settings, "Container", "PodmanArgs"); !reflect.DeepEqual(got, podmanargs.Limits(spec)) {
		t.Errorf("PodmanArgs: got %q", got)
	}
	if in, err := describe("/d", spec.Name, data); err != nil || !reflect.DeepEqual(in.Install, opts.Install) || in.Origin != opts.Origin || in.Image != spec.Image {
		t.Errorf("described as %+v, %v", in, err)
	}
	keys := map[string]string{"--mount": "Mount", "--env": "Environment", "--label": "Label", "--device": "AddDevice", "--secret": "Secret"}
	for flag, key := range keys {
		if got := wordsOf(t, settings, "Container", key); !reflect.DeepEqual(got, e.Flags[flag]) {
			t.Errorf("%s: got %q, want %q", key, got, e.Flags[flag])
		}
	}
	if got := wordsOf(t, settings, "Container", "Exec"); len(got)+len(spec.Args) > 0 && !reflect.DeepEqual(got, spec.Args) {
		t.Errorf("Exec: got %q, want %q", got, spec.Args)
	}
	if got := wordsOf(t, settings, "Service", "ExecStartPre"); !reflect.DeepEqual(got, e.Pre) {
		t.Errorf("ExecStartPre: got %q, want %q", got, e.Pre)
	}
	for flag, key := range map[string]string{
		"--name": "ContainerName", "--publish": "PublishPort", "--network": "Network", "--health-cmd": "HealthCmd", "--health-startup-cmd": "HealthStartupCmd",
	} {
		if got, want := lineOf(t, settings, key), strings.Join(e.Flags[flag], ""); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	for i, m := range wordsOf(t, settings, "Container", "Mount")[:len(spec.Mounts)] {
		f := fields(t, m)
		if !slices.Contains([]string{"type=artifact", "type=bind", "type=image"}, f[0]) || f[3] != "destination="+spec.Mounts[i].Destination && f[2] != "destination="+spec.Mounts[i].Destination {
			t.Errorf("mount %d: got %q", i, f)
		}
	}
}
