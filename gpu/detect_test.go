package gpu

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const gib = 1 << 30

// line is one accelerator as the tests write it.
func line(a Accelerator) string {
	memory := "?"
	if a.Memory >= 0 {
		memory = fmt.Sprintf("%.1fG", float64(a.Memory)/gib)
	}
	if a.Shared {
		memory += " shared"
	}
	var cdi []string
	for _, alike := range a.CDI {
		cdi = append(cdi, strings.Join(alike, "="))
	}
	text := fmt.Sprintf("%d %s | %s | %s | %s %s | %s | cdi %s | %s | %s", a.Index, a.Kind, a.Name+cond(a.Arch != "", " "+a.Arch),
		a.Address, a.Driver, a.DriverVersion, memory, strings.ReplaceAll(strings.Join(cdi, ","), a.Kind.cdi()+"=", ""),
		strings.ReplaceAll(strings.Join(a.Nodes, " "), "/dev/", ""), strings.Join(a.Groups, " "))
	return text + cond(!a.Usable(), " UNUSABLE")
}

func cond(b bool, s string) string {
	if b {
		return s
	}
	return ""
}

func TestDetect(t *testing.T) {
	for name, c := range map[string]struct {
		tree tree
		want []string
	}{
		"none":        {base(fedora), nil},
		"desktop RTX": {desktopRTX().file("etc/cdi/nvidia.yaml", nvidiaCDI(1)), []string{"0 nvidia | NVIDIA GeForce RTX 4090 | 0000:01:00.0 | nvidia 560.35.03 | ? | cdi 0=GPU-00000000-aaaa-bbbb-cccc-0123456789ab=all | nvidia0 nvidiactl nvidia-uvm | "}},
		"no spec":     {desktopRTX(), []string{"0 nvidia | NVIDIA GeForce RTX 4090 | 0000:01:00.0 | nvidia 560.35.03 | ? | cdi  | nvidia0 nvidiactl nvidia-uvm |  UNUSABLE"}},
		"jetson":      {jetson().file("etc/cdi/nvidia.yaml", "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices:\n- name: all\n  containerEdits:\n    deviceNodes:\n    - path: /dev/nvhost-gpu\n"), []string{"0 nvidia | NVIDIA Jetson AGX Orin Developer Kit |  | nvgpu R36.4.3 | 31.2G shared | cdi all | nvhost-as-gpu nvhost-ctrl-gpu nvhost-gpu nvmap | video"}},
		"radeon":      {radeon(), []string{"0 amd | Navi 31 [Radeon RX 7900 XT/7900 XTX] gfx1100 | 0000:03:00.0 | amdgpu kernel 6.12.8-200.fc41.x86_64 | 24.0G | cdi  | kfd dri/renderD129 dri/card1 | render video"}},
		"apu":         {apu(), []string{"0 amd | AMD gfx1151 gfx1151 | 0000:c5:00.0 | amdgpu kernel 6.12.8-200.fc41.x86_64 | 63.0G shared | cdi  | kfd dri/renderD128 dri/card0 | render video"}},
		"arc":         {arc(), []string{"0 intel | DG2 [Arc A770] | 0000:03:00.0 | i915 kernel 6.12.8-200.fc41.x86_64 | 16.0G | cdi  | dri/renderD129 dri/card1 | render video"}},
		"battlemage":  {battlemage(), []string{"0 intel | Battlemage G21 [Intel Graphics] | 0000:03:00.0 | xe kernel 6.12.8-200.fc41.x86_64 | 12.0G | cdi card0 | dri/renderD128 dri/card0 | render video"}},
		"processor":   {processorIntel(), []string{"0 intel | Intel 8086:A7A0 | 0000:00:02.0 | i915 kernel 6.12.8-200.fc41.x86_64 | 31.2G shared | cdi  | dri/renderD128 dri/card0 | render video"}},
		"ascend": {ascend910(), []string{
			"0 ascend | Ascend 910 AI accelerator | 0000:81:00.0 | davinci 24.1.rc2 | ? | cdi  | davinci0 davinci_manager devmm_svm hisi_hdc | ",
			"1 ascend | Ascend 910 AI accelerator | 0000:82:00.0 | davinci 24.1.rc2 | ? | cdi  | davinci1 davinci_manager devmm_svm hisi_hdc | "}},
		"moore threads": {mooreThreads(), []string{"0 mthreads | MTT S4000 | 0000:17:00.0 | mtgpu 2.7.0 | ? | cdi  | dri/renderD128 dri/card0 mtgpu.0 | render video"}},
		"asahi":         {asahi(), []string{"0 apple | Apple MacBook Pro (14-inch, M1 Pro, 2021) |  | asahi kernel 6.12.8-200.fc41.x86_64 | 31.2G shared | cdi  | dri/renderD128 dri/card0 | render video"}},
		"windows":       {windows(), []string{"0 wsl | NVIDIA GPU of Windows |  | dxgkrnl kernel 6.12.8-200.fc41.x86_64 | ? | cdi  | dxg |  UNUSABLE"}},
		"windows, CDI":  {windows().file("etc/cdi/n.json", `{"cdiVersion":"0.5.0","kind":"nvidia.com/gpu","devices":[{"name":"all","containerEdits":{"deviceNodes":[{"path":"/dev/dxg"}]}}]}`), []string{"0 wsl | NVIDIA GPU of Windows |  | dxgkrnl kernel 6.12.8-200.fc41.x86_64 | ? | cdi all | dxg | "}},
		"nouveau":       {base(fedora).card(0, pci("nouveau", "10DE:2684", "0000:01:00.0")), []string{"0 nvidia |  | 0000:01:00.0 | nouveau kernel 6.12.8-200.fc41.x86_64 | ? | cdi  | dri/renderD128 dri/card0 | render video UNUSABLE"}},
		"mixed": {mixed(), []string{
			"0 nvidia | NVIDIA GeForce RTX 4090 | 0000:01:00.0 | nvidia 560.35.03 | ? | cdi 0=GPU-00000000-aaaa-bbbb-cccc-0123456789ab=all | nvidia0 nvidiactl nvidia-uvm | ",
			"1 amd | Navi 31 [Radeon RX 7900 XT/7900 XTX] gfx1100 | 0000:03:00.0 | amdgpu kernel 6.12.8-200.fc41.x86_64 | 24.0G | cdi  | kfd dri/renderD129 dri/card1 | render video",
			"2 intel | Intel 8086:A780 | 0000:00:02.0 | i915 kernel 6.12.8-200.fc41.x86_64 | 31.2G shared | cdi  | dri/renderD130 dri/card2 | render video"}},
		"CDI only": {base(fedora).nodes(0, "null").file("etc/cdi/nvidia.json", `{"cdiVersion":"0.5.0","kind":"nvidia.com/gpu","devices":[{"name":"all","containerEdits":{"deviceNodes":[{"path":"/dev/nvidia0","hostPath":"/dev/null"}]}}]}`),
			[]string{"0 nvidia | nvidia.com/gpu=all |  |   | ? | cdi all | null | "}},
		"stale CDI": {base(fedora).file("etc/cdi/nvidia.yaml", nvidiaCDI(1)), []string{"0 nvidia | nvidia.com/gpu=0 |  |   | ? | cdi 0=GPU-00000000-aaaa-bbbb-cccc-0123456789ab=all | nvidia-uvm nvidia0 nvidiactl |  UNUSABLE"}},
	} {
		got, err := Detect(t.Context(), &Host{Root: fstest.MapFS(c.tree)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var lines []string
		for _, a := range got {
			lines = append(lines, line(a))
		}
		if !slices.Equal(lines, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(lines, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestDataCentre: eight GPUs, two of them in two parts each; and eight of AMD's, of which only two are in a spec.
func TestDataCentre(t *testing.T) {
	memory := func(context.Context) (map[string]int64, error) {
		return map[string]int64{"0000:07:00.0": 80 * gib, "0000:77:00.0": 80 * gib}, nil
	}
	got, err := Detect(t.Context(), &Host{Root: fstest.MapFS(dataCentre()), NVIDIAMemory: memory})
	if err != nil || len(got) != 8 {
		t.Fatalf("%d, %v", len(got), err)
	}
	if a := got[0]; a.Partitions != 2 || len(a.CDI) != 2 || !slices.Equal(a.whole(), []string{"nvidia.com/gpu=0:0", "nvidia.com/gpu=0:1"}) || a.Memory != 80*gib || a.DriverVersion != "550.90.07" {
		t.Errorf("the divided one: %+v", a)
	}
	if a := got[7]; a.Partitions != 0 || !slices.Equal(a.whole(), []string{"nvidia.com/gpu=7"}) || a.MemorySource != "nvidia-smi" || got[6].Memory != -1 {
		t.Errorf("the last one: %+v", a)
	}
	got, err = Detect(t.Context(), &Host{Root: fstest.MapFS(instinct())})
	if err != nil || len(got) != 8 {
		t.Fatalf("%d, %v", len(got), err)
	}
	if a := got[1]; a.Name != "AMD Instinct MI300X OAM" || a.Arch != "gfx942" || a.Memory != 206141652992 || a.Shared || a.DriverVersion != "6.10.5" || !slices.Equal(a.Names(), []string{"amd.com/gpu=1"}) {
		t.Errorf("MI300: %+v", a)
	}
	if a := got[2]; len(a.CDI) != 0 || !a.Usable() {
		t.Errorf("one that no spec has: %+v", a)
	}
}

// TestHostile: what is damaged is passed over, said where it is a spec, and nothing else is lost.
func TestHostile(t *testing.T) {
	got, err := Detect(t.Context(), &Host{Root: fstest.MapFS(hostile())})
	if len(got) != 2 || got[0].Name != "nvidia.com/gpu=0" || got[0].Usable() || got[1].Kind != AMD || got[1].Memory != -1 || got[1].Arch != "" || !got[1].Usable() {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{"pipe.json: it is no ordinary file", "bomb.yaml", "huge.json: it is longer", `"--privileged" is no name`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if err != nil && (strings.Contains(err.Error(), "gone.json") || strings.Contains(err.Error(), "notes")) {
		t.Error(err)
	}
}

// TestMemoryError: GPUs are found whether or not their memory can be asked for.
func TestMemoryError(t *testing.T) {
	fails := errors.New("no such program")
	got, err := Detect(t.Context(), &Host{Root: fstest.MapFS(desktopRTX()), NVIDIAMemory: func(context.Context) (map[string]int64, error) { return nil, fails }})
	if len(got) != 1 || !errors.Is(err, fails) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = Detect(t.Context(), &Host{Root: fstest.MapFS(radeon()), NVIDIAMemory: func(context.Context) (map[string]int64, error) { return nil, fails }})
	if err != nil {
		t.Errorf("it was asked for though there is no such GPU: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Detect(ctx, &Host{Root: fstest.MapFS(radeon())}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestUser: who is not in the group of a node cannot use it, and is told how to be.
func TestUser(t *testing.T) {
	for _, c := range []struct {
		gids []uint32
		fix  string
	}{{[]uint32{1000, 105}, ""}, {[]uint32{1000, 44}, "sudo usermod -aG render ann"}} {
		got, err := Detect(t.Context(), &Host{Root: fstest.MapFS(radeon()), User: &User{Name: "ann", GIDs: c.gids}})
		if err != nil || len(got) != 1 || got[0].Usable() != (c.fix == "") || !strings.HasPrefix(fix(got), c.fix) {
			t.Errorf("%v: %+v, %v", c, got, err)
		}
	}
}

// TestAdvice: the command that makes the spec is that of the distribution.
func TestAdvice(t *testing.T) {
	const generate = "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
	for want, host := range map[string]tree{
		"sudo dnf install nvidia-container-toolkit-base && " + generate:                     desktopRTX(),
		"sudo apt-get install nvidia-container-toolkit-base && " + generate:                 desktopRTX().file("etc/os-release", ubuntu),
		"sudo zypper install nvidia-container-toolkit-base && " + generate:                  desktopRTX().file("etc/os-release", "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n"),
		"sudo pacman -S nvidia-container-toolkit && " + generate:                            desktopRTX().file("etc/os-release", "ID=arch\n"),
		"sudo rpm-ostree install --apply-live nvidia-container-toolkit-base && " + generate: desktopRTX().file("run/ostree-booted", ""),
		"(install nvidia-container-toolkit) && " + generate:                                 desktopRTX().file("etc/os-release", ""),
		generate:                 desktopRTX().file("usr/bin/nvidia-ctk", ""),
		generate + " --mode=csv": jetson().file("usr/bin/nvidia-ctk", ""),
		generate + " --mode=wsl": windows().file("usr/bin/nvidia-ctk", ""),
		"sudo systemctl enable --now nvidia-cdi-refresh.path nvidia-cdi-refresh.service": desktopRTX().file("usr/bin/nvidia-ctk", "").file("usr/lib/systemd/system/nvidia-cdi-refresh.service", ""),
	} {
		got, err := Detect(t.Context(), &Host{Root: fstest.MapFS(host)})
		if err != nil || len(got) != 1 || fix(got) != want {
			t.Errorf("want %s\ngot %s (%v)", want, fix(got), err)
		}
	}
}

// TestCDIDirs: the folders are those that the engine uses, and the later one wins.
func TestCDIDirs(t *testing.T) {
	spec := func(node string) string {
		return `{"cdiVersion":"0.5.0","kind":"amd.com/gpu","devices":[{"name":"0","containerEdits":{"deviceNodes":[{"path":"` + node + `"}]}}]}`
	}
	host := radeon().file("a/x.json", spec("/dev/dri/renderD129")).file("b/x.json", spec("/dev/dri/renderD130")).file("etc/cdi/y.json", spec("/dev/dri/renderD129"))
	for _, c := range []struct {
		dirs []string
		n    int
	}{{nil, 1}, {[]string{"/a"}, 1}, {[]string{"/a", "/b"}, 0}, {[]string{"/b", "/a"}, 1}, {[]string{}, 0}, {[]string{"/gone"}, 0}} {
		got, err := Detect(t.Context(), &Host{Root: fstest.MapFS(host), CDIDirs: c.dirs})
		if err != nil || len(got[0].CDI) != c.n {
			t.Errorf("%q: %+v, %v", c.dirs, got, err)
		}
	}
}

// TestReadOnly: only files are read, and none outside sys, proc, dev, etc, run and usr.
func TestReadOnly(t *testing.T) {
	seen := &watched{FS: fstest.MapFS(mixed())}
	if _, err := Detect(t.Context(), &Host{Root: seen}); err != nil {
		t.Fatal(err)
	}
	for _, name := range seen.opened {
		if top, _, _ := strings.Cut(name, "/"); !slices.Contains([]string{"sys", "proc", "etc", "usr", "run", "var", "dev"}, top) || strings.HasPrefix(name, "dev/") {
			t.Errorf("it opened %s", name)
		}
	}
}

type watched struct {
	fs.FS
	opened []string
}

func (w *watched) Open(name string) (fs.File, error) {
	info, err := fs.Stat(w.FS, name)
	if err == nil && !info.IsDir() {
		w.opened = append(w.opened, name)
	}
	return w.FS.Open(name)
}

// Stat is not an opening.
func (w *watched) Stat(name string) (fs.FileInfo, error) { return fs.Stat(w.FS, name) }

// TestRefusedSpecs: what Podman makes nothing of reaches nothing, and it is said why.
func TestRefusedSpecs(t *testing.T) {
	spec := func(version, devices string) string {
		return `{"cdiVersion":"` + version + `","kind":"nvidia.com/gpu","devices":[` + devices + `]}`
	}
	const (
		good   = `{"name":"gpu0","containerEdits":{"deviceNodes":[{"path":"/dev/nvidia0"}]}}`
		host   = `{"name":"gpu0","containerEdits":{"deviceNodes":[{"path":"/dev/nvidia0","hostPath":"/dev/nvidia0"}]}}`
		nought = `{"name":"gpu0","containerEdits":{"deviceNodes":[]}},{"name":"all","containerEdits":{"deviceNodes":[{"path":"/dev/nvidia0"}]}}`
		gids   = `{"name":"gpu0","containerEdits":{"deviceNodes":[{"path":"/dev/nvidia0"}],"additionalGids":[5]}}`
		mount  = `{"name":"gpu0","containerEdits":{"deviceNodes":[{"path":"/dev/nvidia0"}],"mounts":[{"type":"bind"}]}}`
		net    = `{"name":"gpu0","containerEdits":{"deviceNodes":[{"path":"/dev/nvidia0"}],"netDevices":[{}]}}`
		notes  = `{"name":"gpu0","annotations":{"a":"b"},"containerEdits":{"deviceNodes":[{"path":"/dev/nvidia0"}]}}`
	)
	for name, c := range map[string]struct {
		files map[string]string
		says  string // "" for one that is taken
	}{
		"good":       {map[string]string{"etc/cdi/a.json": spec("0.3.0", good)}, ""},
		"newest":     {map[string]string{"etc/cdi/a.json": spec("1.1.0", net)}, ""},
		"v":          {map[string]string{"etc/cdi/a.json": spec("v1.0.0", host)}, ""},
		"no version": {map[string]string{"etc/cdi/a.json": spec("", good)}, "the CDI spec /etc/cdi/a.json is refused: it has no cdiVersion"},
		"unknown":    {map[string]string{"etc/cdi/a.json": spec("99.0.0", good)}, `its cdiVersion "99.0.0" is unknown`},
		"digit":      {map[string]string{"etc/cdi/a.json": spec("0.4.0", strings.Replace(good, "gpu0", "0", 1))}, "a device whose name begins with a digit needs 0.5.0"},
		"hostPath":   {map[string]string{"etc/cdi/a.json": spec("0.4.0", host)}, "its cdiVersion is 0.4.0, and hostPath needs 0.5.0"},
		"gids":       {map[string]string{"etc/cdi/a.json": spec("0.6.0", gids)}, "additionalGids needs 0.7.0"},
		"mount":      {map[string]string{"etc/cdi/a.json": spec("0.3.0", mount)}, "the type of a mount needs 0.4.0"},
		"net":        {map[string]string{"etc/cdi/a.json": spec("1.0.0", net)}, "netDevices needs 1.1.0"},
		"notes":      {map[string]string{"etc/cdi/a.json": spec("0.5.0", notes)}, "annotations needs 0.6.0"},
		"twice":      {map[string]string{"etc/cdi/a.json": spec("0.6.0", good+","+good)}, `it has the device "gpu0" twice`},
		"nothing":    {map[string]string{"etc/cdi/a.json": spec("0.6.0", nought)}, `its device "gpu0" changes nothing`},
		"in two":     {map[string]string{"etc/cdi/a.json": spec("0.6.0", good), "etc/cdi/b.json": spec("0.6.0", good)}, "the CDI specs /etc/cdi/a.json and /etc/cdi/b.json both have nvidia.com/gpu=gpu0"},
		"in two, and later": {map[string]string{"etc/cdi/a.json": spec("0.6.0", good), "etc/cdi/b.json": spec("0.6.0", good), "run/cdi/c.json": spec("0.6.0", good)},
			"both have nvidia.com/gpu=gpu0"},
		"two folders": {map[string]string{"etc/cdi/a.json": spec("0.6.0", good), "run/cdi/b.json": spec("0.6.0", good)}, ""},
		"one of two":  {map[string]string{"etc/cdi/a.json": spec("0.6.0", good), "etc/cdi/b.json": spec("99.0.0", good)}, ""},
	} {
		for kind, host := range map[string]tree{"driver": desktopRTX(), "spec only": base(fedora).nodes(0, "nvidia0")} {
			for file, text := range c.files {
				host.file(file, text)
			}
			got, err := Detect(t.Context(), &Host{Root: fstest.MapFS(host)})
			var missing []string
			for _, m := range got[0].Missing {
				missing = append(missing, m.What)
			}
			text := strings.Join(missing, "; ")
			if len(got) != 1 || got[0].Usable() != (c.says == "") || (len(got[0].CDI) == 0) != (c.says != "") || !strings.Contains(text, c.says) || c.says == "" && text != "" {
				t.Errorf("%s, %s: %+v", name, kind, got)
			}
			if c.says != "" && err == nil || name == "good" && err != nil {
				t.Errorf("%s, %s: %v", name, kind, err)
			}
		}
	}
}

// TestSpecTooNew: what a spec may be is up to the engine.
func TestSpecTooNew(t *testing.T) {
	host := desktopRTX().file("etc/cdi/a.yaml", strings.Replace(nvidiaCDI(1), "0.5.0", "1.1.0", 1))
	for newest, usable := range map[string]bool{"": true, "1.1.0": true, "1.0.0": false} {
		got, _ := Detect(t.Context(), &Host{Root: fstest.MapFS(host), CDIVersion: newest})
		if len(got) != 1 || got[0].Usable() != usable {
			t.Errorf("%q: %+v", newest, got)
		}
	}
}

// TestUnreadableSpecs: what is no spec is said in words that are not this program's, with the file as people know it.
func TestUnreadableSpecs(t *testing.T) {
	host := desktopRTX().file("etc/cdi/a.yaml", "kind: nvidia.com/gpu\ndevices: 3\n").file("etc/cdi/b.json", `{"kind":"nvidia.com/gpu","devices":[{"name":7}]}`)
	host.file("etc/cdi/n.yaml", "")
	_, err := Detect(t.Context(), &Host{Root: denied{fstest.MapFS(host)}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"reading the CDI spec /etc/cdi/a.yaml: line 2: there should be no !!int `3`", `reading the CDI spec /etc/cdi/b.json: there should be no number in "devices.name"`,
		"reading the CDI spec /etc/cdi/n.yaml: permission denied",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in %v", want, err)
		}
	}
	if text := err.Error(); strings.Contains(text, "struct") || strings.Contains(text, "[]") || strings.Contains(text, " etc/cdi") {
		t.Error(text)
	}
}

// denied lets nobody look at n.yaml.
type denied struct{ fs.FS }

func (d denied) Stat(name string) (fs.FileInfo, error) {
	if strings.HasSuffix(name, "/n.yaml") {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrPermission}
	}
	return fs.Stat(d.FS, name)
}
