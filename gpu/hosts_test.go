package gpu

import (
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"syscall"
	"testing/fstest"
)

// The trees in this file hold what the drivers write, in their layout: the files named in the comments of the package.

// tree is the file system of a host.
type tree fstest.MapFS

func (t tree) file(name, text string) tree {
	t[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o444}
	return t
}

// nodes adds device nodes of a group that only it may use; gid 0 for nodes that all may.
func (t tree) nodes(gid uint32, names ...string) tree {
	mode := fs.FileMode(0o660)
	if gid == 0 {
		mode = 0o666
	}
	for _, n := range names {
		t["dev/"+n] = &fstest.MapFile{Mode: fs.ModeDevice | fs.ModeCharDevice | mode, Sys: &syscall.Stat_t{Gid: gid}}
	}
	return t
}

// card adds a device of the graphics subsystem.
func (t tree) card(n int, uevent string) tree {
	for _, name := range []string{fmt.Sprintf("card%d", n), fmt.Sprintf("renderD%d", 128+n)} {
		t.file("sys/class/drm/"+name+"/device/uevent", uevent)
		t.nodes(map[bool]uint32{true: 44, false: 105}[strings.HasPrefix(name, "card")], "dri/"+name)
	}
	t.file(fmt.Sprintf("sys/class/drm/card%d-HDMI-A-1/device/uevent", n), "DRIVER=wrong\n")
	return t
}

func pci(driver, id, slot string) string {
	return "DRIVER=" + driver + "\nPCI_CLASS=30000\nPCI_ID=" + id + "\nPCI_SUBSYS_ID=1002:0E3B\nPCI_SLOT_NAME=" + slot + "\nMODALIAS=pci:v0000\n"
}

func base(release string) tree {
	return tree{}.file("etc/os-release", release).file("etc/group", "root:x:0:\nvideo:x:44:ann\nrender:x:105:\n").
		file("proc/sys/kernel/osrelease", "6.12.8-200.fc41.x86_64\n").file("proc/meminfo", "MemTotal:       32768000 kB\nMemFree:        1000 kB\n").
		file("usr/share/hwdata/pci.ids", "# names\n1002  Advanced Micro Devices, Inc. [AMD/ATI]\n\t744c  Navi 31 [Radeon RX 7900 XT/7900 XTX]\n"+
			"\t\t1002 0e3b  Radeon RX 7900 XTX\n8086  Intel Corporation\n\t56a0  DG2 [Arc A770]\n\te20b  Battlemage G21 [Intel Graphics]\n19e5  Huawei\n"+
			"\td801  Ascend 910 AI accelerator\n1ed5  Moore Threads\n\t0301  MTT S4000\n")
}

const (
	fedora = "NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=41\n"
	ubuntu = "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"\n"
)

// nvidiaGPU adds a GPU as NVIDIA's driver shows it.
func (t tree) nvidiaGPU(minor int, slot, model string) tree {
	t.file("proc/driver/nvidia/gpus/"+slot+"/information", fmt.Sprintf("Model: \t\t %s\nIRQ:   \t\t 153\nGPU UUID: \t GPU-%08d-aaaa-bbbb-cccc-0123456789ab\n"+
		"Video BIOS: \t 95.02.3c.00.8c\nBus Type: \t PCIe\nDMA Size: \t 47 bits\nDMA Mask: \t 0x7fffffffffff\nBus Location: \t %s\nDevice Minor: \t %d\n"+
		"GPU Firmware: \t 560.35.03\nGPU Excluded:\t No\n", model, minor, slot, minor))
	return t.nodes(0, fmt.Sprintf("nvidia%d", minor), "nvidiactl", "nvidia-uvm")
}

// nvidiaCDI is a spec as nvidia-ctk writes it: each GPU by index and UUID, and all.
func nvidiaCDI(n int) string {
	var b strings.Builder
	b.WriteString("---\ncdiVersion: 0.5.0\nkind: nvidia.com/gpu\ncontainerEdits:\n  deviceNodes:\n  - path: /dev/nvidiactl\n  - path: /dev/nvidia-uvm\n  env:\n  - NVIDIA_VISIBLE_DEVICES=void\ndevices:\n")
	node := func(i int) string { return fmt.Sprintf("    - path: /dev/nvidia%d\n", i) }
	all := ""
	for i := range n {
		all += node(i)
		for _, name := range []string{fmt.Sprintf(`"%d"`, i), fmt.Sprintf("GPU-%08d-aaaa-bbbb-cccc-0123456789ab", i)} {
			b.WriteString("- name: " + name + "\n  containerEdits:\n    deviceNodes:\n" + node(i))
		}
	}
	return b.String() + "- name: all\n  containerEdits:\n    deviceNodes:\n" + all
}

func desktopRTX() tree {
	return base(fedora).nvidiaGPU(0, "0000:01:00.0", "NVIDIA GeForce RTX 4090").card(0, pci("nvidia", "10DE:2684", "0000:01:00.0")).
		file("sys/module/nvidia/version", "560.35.03\n").file("sys/fs/selinux/enforce", "1")
}

// dataCentre has eight GPUs, of which two are divided; nvidia-ctk names those by their instances only.
func dataCentre() tree {
	t := base(ubuntu).file("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.90.07  Release Build  (dvs-builder@U16)\nGCC version:  gcc 12\n")
	spec := "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices:\n"
	all := ""
	for i := range 8 {
		t.nvidiaGPU(i, fmt.Sprintf("0000:%x7:00.0", i), "NVIDIA A100-SXM4-80GB")
		node := fmt.Sprintf("    - path: /dev/nvidia%d\n", i)
		all += node
		if i >= 2 {
			spec += fmt.Sprintf("- name: \"%d\"\n  containerEdits:\n    deviceNodes:\n%s", i, node)
			continue
		}
		for j := range 2 {
			gi := 9 + j
			t.file(fmt.Sprintf("proc/driver/nvidia/capabilities/gpu%d/mig/gi%d/access", i, gi), "DeviceFileMinor: 30\n")
			t.file(fmt.Sprintf("proc/driver/nvidia/capabilities/gpu%d/mig/gi%d/ci0/access", i, gi), "DeviceFileMinor: 31\nDeviceFileMode: 292\n")
			caps := fmt.Sprintf("    - path: /dev/nvidia-caps/nvidia-cap%d\n", 100*i+gi)
			t.nodes(0, fmt.Sprintf("nvidia-caps/nvidia-cap%d", 100*i+gi))
			all += caps
			spec += fmt.Sprintf("- name: \"%d:%d\"\n  containerEdits:\n    deviceNodes:\n%s%s", i, j, node, caps)
		}
	}
	return t.file("run/cdi/nvidia.yaml", spec+"- name: all\n  containerEdits:\n    deviceNodes:\n"+all)
}

func jetson() tree {
	return base(ubuntu).file("proc/device-tree/model", "NVIDIA Jetson AGX Orin Developer Kit\x00").
		file("proc/device-tree/compatible", "nvidia,p3737-0000+p3701-0005\x00nvidia,tegra234\x00").
		file("etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64\n").
		nodes(44, "nvhost-ctrl-gpu", "nvhost-gpu", "nvhost-as-gpu", "nvmap").nodes(0, "nvme0")
}

// kfd adds a node of the topology. The first node is the processor.
func (t tree) kfd(node, render int, target, heap string, size uint64, name string) tree {
	d := "sys/class/kfd/kfd/topology/nodes/"
	t.file(d+"0/properties", "cpu_cores_count 16\nsimd_count 0\nmem_banks_count 1\ndrm_render_minor 0\n").file(d+"0/name", "\n")
	d += fmt.Sprint(node)
	t.file(d+"/name", name+"\n").nodes(105, "kfd")
	t.file(d+"/properties", fmt.Sprintf("cpu_cores_count 0\nsimd_count 192\nmem_banks_count 1\ngfx_target_version %s\nvendor_id 4098\ndevice_id 29772\ndomain 0\ndrm_render_minor %d\n", target, render))
	return t.file(d+"/mem_banks/0/properties", fmt.Sprintf("heap_type %s\nsize_in_bytes %d\nflags 0\nwidth 384\n", heap, size))
}

func radeon() tree {
	t := base(fedora).card(1, pci("amdgpu", "1002:744C", "0000:03:00.0")).kfd(1, 129, "110000", "1", 25753026560, "ip discovery")
	return t.file("sys/class/drm/card1/device/mem_info_vram_total", "25753026560\n").file("sys/class/drm/card1/device/mem_info_gtt_total", "33000000000\n").
		file("sys/class/drm/card1/device/gpu_metrics", "\x78\x00\x01\x03rest")
}

func apu() tree {
	t := base(fedora).card(0, pci("amdgpu", "1002:1586", "0000:c5:00.0")).kfd(1, 128, "110501", "1", 536870912, "gfx1151")
	return t.file("sys/class/drm/card0/device/mem_info_vram_total", "536870912\n").file("sys/class/drm/card0/device/mem_info_gtt_total", "67108864000\n").
		file("sys/class/drm/card0/device/gpu_metrics", "\x08\x01\x03\x00rest")
}

func instinct() tree {
	t := base(ubuntu).file("sys/module/amdgpu/version", "6.10.5\n")
	for i := range 8 {
		t.card(i, pci("amdgpu", "1002:74A1", fmt.Sprintf("0000:%x5:00.0", i))).kfd(i+2, 128+i, "90402", "1", 206141652992, "ip discovery")
		t.file(fmt.Sprintf("sys/class/drm/card%d/device/product_name", i), "AMD Instinct MI300X OAM\n")
		t.file(fmt.Sprintf("sys/class/drm/card%d/device/mem_info_vram_total", i), "206141652992\n")
	}
	return t.file("etc/cdi/amd.json", `{"cdiVersion":"0.6.0","kind":"amd.com/gpu","devices":[
		{"name":"0","containerEdits":{"deviceNodes":[{"path":"/dev/kfd"},{"path":"/dev/dri/card0"},{"path":"/dev/dri/renderD128"}]}},
		{"name":"1","containerEdits":{"deviceNodes":[{"path":"/dev/kfd"},{"path":"/dev/dri/card1"},{"path":"/dev/dri/renderD129","hostPath":"/dev/dri/renderD129"}]}}]}`)
}

func arc() tree {
	return base(ubuntu).card(1, pci("i915", "8086:56A0", "0000:03:00.0")).
		file("sys/class/drm/card1/device/resource", "0x00000000a1000000 0x00000000a1ffffff 0x0000000000140204\n0x0 0x0 0x0\n0x0000006000000000 0x00000063ffffffff 0x000000000014220c\n")
}

func battlemage() tree {
	return base(fedora).card(0, pci("xe", "8086:E20B", "0000:03:00.0")).file("sys/class/drm/card0/device/tile0/physical_vram_size_bytes", "12884901888\n").
		file("etc/cdi/intel.yaml", "cdiVersion: 0.5.0\nkind: intel.com/gpu\ndevices:\n- name: card0\n  containerEdits:\n    deviceNodes:\n    - {path: /dev/dri/card0, hostPath: /dev/dri/card0, type: c}\n    - {path: /dev/dri/renderD128, type: c}\n")
}

func processorIntel() tree { return base(fedora).card(0, pci("i915", "8086:A7A0", "0000:00:02.0")) }

func ascend910() tree {
	t := base("ID=openEuler\n").nodes(0, "davinci_manager", "devmm_svm", "hisi_hdc", "davinci0", "davinci1").
		file("usr/local/Ascend/driver/version.info", "Version=24.1.rc2\nascendhal_version=7.35.19\n").file("usr/local/dcmi/libdcmi.so", "")
	for _, slot := range []string{"0000:81:00.0", "0000:82:00.0"} {
		t.file("sys/bus/pci/devices/"+slot+"/uevent", strings.Replace(pci("devdrv_device_driver", "19E5:D801", slot), "=30000", "=120000", 1))
	}
	return t
}

func mooreThreads() tree {
	return base(ubuntu).card(0, pci("mtgpu", "1ED5:0301", "0000:17:00.0")).file("sys/module/mtgpu/version", "2.7.0\n").nodes(0, "mtgpu.0")
}

func asahi() tree {
	return base(fedora).card(0, "DRIVER=asahi\nOF_NAME=gpu\nOF_FULLNAME=/soc/gpu@406400000\nOF_COMPATIBLE_0=apple,agx-t6000\n").
		file("sys/class/drm/card1/device/uevent", "DRIVER=apple-drm\nOF_FULLNAME=/display\n").nodes(44, "dri/card1").
		file("proc/device-tree/model", "Apple MacBook Pro (14-inch, M1 Pro, 2021)\x00").file("proc/device-tree/compatible", "apple,j314s\x00apple,t6000\x00")
}

func windows() tree {
	return base(ubuntu).nodes(0, "dxg").file("usr/lib/wsl/lib/libcuda.so.1", "")
}

func mixed() tree {
	t := desktopRTX()
	maps.Copy(t, radeon())
	return t.file("etc/cdi/nvidia.yaml", nvidiaCDI(1)).card(2, pci("i915", "8086:A780", "0000:00:02.0"))
}

// hostile has files that are not what they should be.
func hostile() tree {
	huge := strings.Repeat("a=b\n", maxSmall)
	t := base(fedora).card(0, huge).card(1, pci("amdgpu", "1002:744C", "0000:03:00.0"))
	t.file("sys/class/drm/card1/device/mem_info_vram_total", strings.Repeat("9", 400)).file("sys/class/drm/card1/device/gpu_metrics", "\x02")
	t.file("sys/class/kfd/kfd/topology/nodes/1/properties", "simd_count -5\ngfx_target_version 99999999999999999999999\n\x00\xff")
	t.file("proc/driver/nvidia/gpus/0000:01:00.0/information", "Model:\nDevice Minor: ../../etc\n")
	t["proc/driver/nvidia/gpus/0000:02:00.0/information"] = &fstest.MapFile{Data: []byte("Device Minor: 7\n"), Mode: fs.ModeNamedPipe}
	t["etc/cdi/gone.json"] = &fstest.MapFile{Data: []byte("/nowhere"), Mode: fs.ModeSymlink}
	t["sys/class/drm/card9"] = &fstest.MapFile{Data: []byte("../../nowhere"), Mode: fs.ModeSymlink}
	t["etc/cdi/pipe.json"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	t.file("etc/cdi/bomb.yaml", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"+
		"e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\nkind: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n")
	t.file("etc/cdi/huge.json", `{"kind":"`+strings.Repeat("a", maxLarge)+`"}`).file("etc/cdi/option.json", `{"kind":"nvidia.com/gpu","devices":[{"name":"--privileged"}]}`)
	return t.file("etc/cdi/notes.txt", "not a spec").file("etc/cdi/other.json", `{"cdiVersion":"0.5.0","kind":"nvidia.com/gpu","devices":[{"name":"0","containerEdits":{"deviceNodes":[{"path":"/dev/nvidia0"}]}}]}`)
}
