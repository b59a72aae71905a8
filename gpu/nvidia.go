package gpu

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// nvidia finds the GPUs that NVIDIA's driver has taken: a folder for each below /proc/driver/nvidia/gpus (README of the Linux
// driver, chapter "Using the /proc File System Interface"). Where there is none it looks for a Jetson, whose driver has no
// such folder, and for cards that are left to nouveau.
func (h *Host) nvidia(ctx context.Context) ([]Accelerator, error) {
	version := h.nvidiaVersion()
	var found []Accelerator
	for _, address := range h.list("/proc/driver/nvidia/gpus") {
		info := h.keys("/proc/driver/nvidia/gpus/"+address+"/information", ":")
		minor := number(info["Device Minor"])
		if minor < 0 || info["GPU Excluded"] == "Yes" {
			continue
		}
		key := fmt.Sprintf("/dev/nvidia%d", minor)
		a := Accelerator{
			Kind: NVIDIA, Name: info["Model"], Address: address, Driver: "nvidia", DriverVersion: version, Memory: -1,
			Partitions: h.instances(minor), NeedsCDI: true, key: key,
			Nodes: h.nodes(key, "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools"),
		}
		if !h.isNode(key) {
			a.Missing = append(a.Missing, Missing{What: key + " is not there", Fix: "sudo nvidia-modprobe -u -c=0", Fatal: true})
		}
		found = append(found, a)
	}
	switch {
	case len(found) > 0:
		return found, h.nvidiaMemory(ctx, found)
	case strings.Contains(h.compatible(), "nvidia,tegra"):
		return h.jetson(), nil
	}
	return h.nouveau(), nil
}

// nvidiaVersion reads "550.54.14", from the module or from the line "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  …".
func (h *Host) nvidiaVersion() string {
	if v := h.read("/sys/module/nvidia/version"); v != "" {
		return v
	}
	for _, word := range strings.Fields(h.keys("/proc/driver/nvidia/version", ":")["NVRM version"]) {
		if strings.Contains(word, ".") && word[0] >= '0' && word[0] <= '9' {
			return word
		}
	}
	return ""
}

// instances counts the compute instances of MIG: folders gpuN/mig/giX/ciY below capabilities (MIG User Guide, "Device Nodes
// and Capabilities").
func (h *Host) instances(minor int64) int {
	mig := fmt.Sprintf("/proc/driver/nvidia/capabilities/gpu%d/mig", minor)
	n := 0
	for _, gi := range h.list(mig) {
		if _, ok := numbered(gi, "gi"); !ok {
			continue
		}
		for _, ci := range h.list(mig + "/" + gi) {
			if _, ok := numbered(ci, "ci"); ok {
				n++
			}
		}
	}
	return n
}

func (h *Host) nvidiaMemory(ctx context.Context, found []Accelerator) error {
	if h.NVIDIAMemory == nil {
		return nil
	}
	memory, err := h.NVIDIAMemory(ctx)
	if err != nil {
		return fmt.Errorf("asking for the memory of NVIDIA's GPUs: %w", err)
	}
	for i := range found {
		if n, ok := memory[strings.ToLower(found[i].Address)]; ok && n > 0 {
			found[i].Memory, found[i].MemorySource = n, "nvidia-smi"
		}
	}
	return nil
}

// compatible is what the device tree says the machine is, most exact first, separated by NULs.
func (h *Host) compatible() string { return h.read("/proc/device-tree/compatible") }

// jetson is the GPU inside a Tegra chip (Jetson Linux Developer Guide; the nodes are those of nvgpu and nvmap).
func (h *Host) jetson() []Accelerator {
	var nodes []string
	for _, name := range h.list("/dev") {
		if strings.HasPrefix(name, "nvhost-") || name == "nvmap" {
			nodes = append(nodes, "/dev/"+name)
		}
	}
	nodes = h.nodes(nodes...)
	key := "/dev/nvhost-gpu"
	if !slices.Contains(nodes, key) {
		return nil // a Tegra without its GPU's driver
	}
	version := h.read("/etc/nv_tegra_release") // "# R36 (release), REVISION: 4.3, GCID: …"
	release, rest, _ := strings.Cut(strings.TrimPrefix(version, "# "), " (release), REVISION: ")
	revision, _, _ := strings.Cut(rest, ",")
	if revision != "" {
		version = release + "." + revision
	}
	return []Accelerator{{
		Kind: NVIDIA, Name: h.model(), Driver: "nvgpu", DriverVersion: version, Memory: h.systemMemory(),
		MemorySource: "memory of the host", Shared: true, Nodes: nodes, NeedsCDI: true, key: key,
	}}
}

func (h *Host) nouveau() []Accelerator {
	var found []Accelerator
	for _, c := range driven(h.cards(), "nouveau") {
		found = append(found, Accelerator{
			Kind: NVIDIA, Name: h.pciName(c.uevent["PCI_ID"]), Address: c.address, Driver: "nouveau", DriverVersion: h.moduleVersion("nouveau"),
			Memory: -1, Nodes: h.cardNodes(&c), NeedsCDI: true, key: "/dev/dri/" + c.render,
			Missing: []Missing{{What: "the driver nouveau cannot run CUDA: install NVIDIA's own driver", Fatal: true}},
		})
	}
	return found
}
