package gpu

import (
	"slices"
	"strings"
)

// ascend finds Huawei's NPUs by their nodes /dev/davinciN; each needs the three nodes of the driver, and the driver's files
// at their place (Ascend Docker Runtime, "Default Content Mounted").
func (h *Host) ascend() []Accelerator {
	driver := h.nodes("/dev/davinci_manager", "/dev/devmm_svm", "/dev/hisi_hdc")
	version := h.keys("/usr/local/Ascend/driver/version.info", "=")["Version"]
	var mounts []string
	for _, m := range []string{"/usr/local/Ascend/driver", "/usr/local/dcmi", "/usr/local/bin/npu-smi", "/etc/ascend_install.info"} {
		if h.exists(m) {
			mounts = append(mounts, m)
		}
	}
	cards := h.huawei()
	var found []Accelerator
	for _, name := range h.list("/dev") {
		if _, ok := numbered(name, "davinci"); !ok || !h.isNode("/dev/"+name) {
			continue
		}
		a := Accelerator{
			Kind: Ascend, Name: "Ascend NPU", Driver: "davinci", DriverVersion: version, Memory: -1,
			Nodes: append([]string{"/dev/" + name}, driver...), Mounts: mounts, key: "/dev/" + name,
		}
		if len(driver) < 3 {
			a.Missing = append(a.Missing, Missing{What: "one of /dev/davinci_manager, /dev/devmm_svm and /dev/hisi_hdc is not there", Fatal: true})
		}
		found = append(found, a)
	}
	if len(cards) != len(found) {
		return found // which is which, only npu-smi knows
	}
	for i := range found {
		found[i].Address = cards[i]["PCI_SLOT_NAME"]
		if name := h.pciName(cards[i]["PCI_ID"]); name != "" {
			found[i].Name = name
		}
	}
	return found
}

// huawei returns what the kernel knows of the processing accelerators (PCI class 12 00) of Huawei, in the order of the bus,
// which is that of the nodes.
func (h *Host) huawei() []map[string]string {
	var found []map[string]string
	for _, address := range h.list("/sys/bus/pci/devices") {
		u := h.keys("/sys/bus/pci/devices/"+address+"/uevent", "=")
		if strings.HasPrefix(u["PCI_CLASS"], "1200") && strings.HasPrefix(u["PCI_ID"], "19E5:") {
			found = append(found, u)
		}
	}
	return found
}

// mooreThreads finds the cards of mtgpu, whose nodes are /dev/mtgpu.N beside those of the graphics subsystem.
func (h *Host) mooreThreads(cards []card) []Accelerator {
	var found []Accelerator
	for i, c := range driven(cards, "mtgpu") {
		a := Accelerator{
			Kind: MooreThreads, Name: h.pciName(c.uevent["PCI_ID"]), Address: c.address, Driver: "mtgpu", DriverVersion: h.moduleVersion("mtgpu"),
			Memory: -1, key: "/dev/dri/" + c.render,
		}
		a.Nodes = append(h.cardNodes(&c), h.nodes("/dev/mtgpu."+itoa(i))...)
		if a.Name == "" {
			a.Name = "Moore Threads " + c.uevent["PCI_ID"]
		}
		if !h.isNode(a.key) {
			a.Missing = append(a.Missing, Missing{What: a.key + " is not there", Fatal: true})
		}
		found = append(found, a)
	}
	return found
}

// apple finds the GPU of an Apple chip, driven by asahi; the screens' driver is another card.
func (h *Host) apple(cards []card) []Accelerator {
	var found []Accelerator
	for _, c := range driven(cards, "asahi") {
		found = append(found, Accelerator{
			Kind: Apple, Name: h.model(), Driver: "asahi", DriverVersion: h.moduleVersion("asahi"),
			Memory: h.systemMemory(), MemorySource: "memory of the host", Shared: true,
			Nodes: h.cardNodes(&c), key: "/dev/dri/" + c.render,
		})
	}
	return found
}

// wsl finds what Windows lends: one node for all of its GPUs, and their libraries at /usr/lib/wsl. Where NVIDIA's driver shows
// itself there is no second way to it.
func (h *Host) wsl(nvidia []Accelerator) []Accelerator {
	if !h.isNode("/dev/dxg") || len(nvidia) > 0 {
		return nil
	}
	a := Accelerator{
		Kind: WSL, Name: "GPU of Windows", Driver: "dxgkrnl", DriverVersion: h.moduleVersion("dxgkrnl"), Memory: -1,
		Nodes: []string{"/dev/dxg"}, key: "/dev/dxg",
	}
	if h.exists("/usr/lib/wsl/lib/libcuda.so.1") {
		a.Name, a.NeedsCDI = "NVIDIA GPU of Windows", true
		return []Accelerator{a}
	}
	a.Mounts, a.Env = []string{"/usr/lib/wsl"}, []string{"LD_LIBRARY_PATH=/usr/lib/wsl/lib"}
	a.Mounts = slices.DeleteFunc(a.Mounts, func(m string) bool { return !h.exists(m) })
	return []Accelerator{a}
}
