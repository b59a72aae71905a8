package gpu

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func detect(t *testing.T, host tree) []Accelerator {
	t.Helper()
	found, err := Detect(t.Context(), &Host{Root: fstest.MapFS(host)})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// way is an access as the tests write it.
func way(a *Access) string {
	s := fmt.Sprintf("%s: %s", a.Kind, strings.Join(append(slices.Clone(a.CDI), a.Nodes...), " "))
	s += cond(a.GPUs != "", " --gpus "+a.GPUs) + cond(len(a.Mounts) > 0, " mounts "+strings.Join(a.Mounts, " ")) + cond(len(a.Env) > 0, " env "+strings.Join(a.Env, " "))
	return s + cond(a.KeepGroups, " keep-groups") + cond(a.LabelDisable, " label=disable")
}

// TestSelect: only what was chosen is passed; auto takes CDI where there is any, cards before processors, and else nothing.
func TestSelect(t *testing.T) {
	laptop := processorIntel()
	for _, c := range []struct {
		name, choice, want string
		host               tree
	}{
		{"none", "auto", ": ", base(fedora)},
		{"none", "none", ": ", mixed()},
		{"no spec", "auto", ": ", desktopRTX()},
		{"desktop", "auto", "nvidia: nvidia.com/gpu=all label=disable", desktopRTX().file("etc/cdi/nvidia.yaml", nvidiaCDI(1))},
		{"desktop", "nvidia.com/gpu=0", "nvidia: nvidia.com/gpu=0 label=disable", desktopRTX().file("etc/cdi/nvidia.yaml", nvidiaCDI(1))},
		{"data centre", "all", "nvidia: nvidia.com/gpu=all", dataCentre()},
		{"data centre", "0,7", "nvidia: nvidia.com/gpu=0:0 nvidia.com/gpu=0:1 nvidia.com/gpu=7", dataCentre()},
		{"data centre", "nvidia.com/gpu=0:1", "nvidia: nvidia.com/gpu=0:1", dataCentre()},
		{"data centre", "7,7,nvidia.com/gpu=7", "nvidia: nvidia.com/gpu=7", dataCentre()},
		{"radeon", "auto", "amd: /dev/kfd /dev/dri/renderD129 /dev/dri/card1 keep-groups", radeon()},
		{"MI300", "0,2", "amd: amd.com/gpu=0 /dev/kfd /dev/dri/renderD130 /dev/dri/card2 keep-groups", instinct()},
		{"battlemage", "auto", "intel: intel.com/gpu=card0 keep-groups", battlemage()},
		{"laptop", "auto", "intel: /dev/dri/renderD128 /dev/dri/card0 keep-groups", laptop},
		{"mixed", "auto", "nvidia: nvidia.com/gpu=all label=disable", mixed()},
		{"mixed", "amd", "amd: /dev/kfd /dev/dri/renderD129 /dev/dri/card1 keep-groups label=disable", mixed()},
		{"mixed", "2", "intel: /dev/dri/renderD130 /dev/dri/card2 keep-groups", mixed()},
		{"mixed", "intel,0", "intel: nvidia.com/gpu=all /dev/dri/renderD130 /dev/dri/card2 keep-groups label=disable", mixed()},
		{"ascend", "1", "ascend: /dev/davinci1 /dev/davinci_manager /dev/devmm_svm /dev/hisi_hdc mounts /usr/local/Ascend/driver /usr/local/dcmi", ascend910()},
		{"other CDI", "example.com/npu=x", ": example.com/npu=x", mixed()},
		{"unknown CDI", "nvidia.com/gpu=3", "nvidia: nvidia.com/gpu=3", radeon()},
		{"windows", "auto", "wsl: /dev/dxg mounts /usr/lib/wsl env LD_LIBRARY_PATH=/usr/lib/wsl/lib", base(ubuntu).nodes(0, "dxg").file("usr/lib/wsl/lib/libd3d12.so", "")},
	} {
		choice, err := ParseChoice(c.choice)
		if err != nil {
			t.Fatal(err)
		}
		access, err := Select(detect(t, c.host), choice, false)
		if err != nil || way(access) != c.want {
			t.Errorf("%s, --gpu %s: got %q, %v\nwant %q", c.name, c.choice, way(access), err, c.want)
		}
		if access.Passed() != strings.Contains(c.want, "/") {
			t.Errorf("%s, --gpu %s: passed is %t", c.name, c.choice, access.Passed())
		}
	}
}

// TestSelectAuto: of two kinds of one vendor the card is taken.
func TestSelectAuto(t *testing.T) {
	all := []Accelerator{{Kind: AMD, Nodes: []string{"/dev/a"}, Shared: true, Memory: 9}, {Index: 1, Kind: AMD, Nodes: []string{"/dev/b"}, Memory: 5}, {Index: 2, Kind: Intel, Nodes: []string{"/dev/c"}, Memory: 7}}
	access, err := Select(all, Choice{}, false)
	if err != nil || !slices.Equal(access.Nodes, []string{"/dev/b"}) || access.Memory() != 5 {
		t.Errorf("%+v, %v", access, err)
	}
	access, err = Select(all, Choice{All: true}, false)
	if err != nil || len(access.Nodes) != 3 || access.Memory() != 21 {
		t.Errorf("%+v, %v", access, err)
	}
	if m := (&Access{Chosen: []Accelerator{{Memory: 5}, {Memory: -1}}}).Memory(); m != -1 {
		t.Errorf("with one unknown: %d", m)
	}
	if m := (&Access{}).Memory(); m != -1 {
		t.Errorf("of none: %d", m)
	}
}

func TestSelectRefuses(t *testing.T) {
	for _, c := range []struct {
		choice, says, fix string
		host              tree
	}{
		{"all", "no accelerator that can be used", "", base(fedora)},
		{"all", "no CDI spec", "nvidia-ctk", desktopRTX()},
		{"0", "accelerator 0 cannot be used: no CDI spec", "nvidia-ctk", desktopRTX()},
		{"amd", "there is no accelerator amd", "", desktopRTX()},
		{"3", "there is no accelerator 3", "", mixed()},
		{"nvidia.com/gpu=9", "no CDI device nvidia.com/gpu=9; there are: nvidia.com/gpu=all, nvidia.com/gpu=0", "", mixed()},
	} {
		choice, err := ParseChoice(c.choice)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Select(detect(t, c.host), choice, false)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.What, c.says) || !strings.Contains(e.Fix, c.fix) {
			t.Errorf("%s: %v", c.choice, err)
		}
	}
	for _, bad := range []string{"cuda", "0,", ",", "-1", "nvidia.com/gpu", "a/b=--c", "nvidia.com/gpu=a b", "99999999", "none,0"} {
		if c, err := ParseChoice(bad); err == nil {
			t.Errorf("%q was taken: %+v", bad, c)
		}
	}
}

// TestSelectRuntime: Docker with NVIDIA's runtime needs no spec, and counts NVIDIA's GPUs only.
func TestSelectRuntime(t *testing.T) {
	two := desktopRTX().nvidiaGPU(1, "0000:02:00.0", "NVIDIA RTX A6000")
	for choice, want := range map[string]string{"auto": "device=0,1", "1": "device=1"} {
		c, err := ParseChoice(choice)
		if err != nil {
			t.Fatal(err)
		}
		access, err := Select(detect(t, two), c, true)
		if err != nil || access.GPUs != want || !access.Passed() || access.Kind != NVIDIA || len(access.Nodes) > 0 {
			t.Errorf("%s: %+v, %v", choice, access, err)
		}
	}
}
