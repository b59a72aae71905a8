package gpu

import (
	"fmt"
	"path"
)

const kfdNodes = "/sys/class/kfd/kfd/topology/nodes"

// kfdNode is a node of the compute driver's topology (drivers/gpu/drm/amd/amdkfd/kfd_topology.c).
type kfdNode struct {
	name   string
	target int64 // gfx_target_version: 110000 is gfx1100
	cores  int64 // CPUs in the same node, as an early APU has
	memory int64 // its own, in bytes
}

// amd finds the cards of amdgpu (Documentation/gpu/amdgpu/driver-misc.rst has the files), and what kfd says of them.
func (h *Host) amd(cards []card) []Accelerator {
	nodes := h.kfd()
	var found []Accelerator
	for _, c := range driven(cards, "amdgpu") {
		node, computes := nodes[c.render]
		a := Accelerator{
			Kind: AMD, Address: c.address, Driver: "amdgpu", DriverVersion: h.moduleVersion("amdgpu"),
			Name: h.amdName(&c, &node), Arch: gfx(node.target), key: "/dev/dri/" + c.render,
			Nodes: append(h.nodes("/dev/kfd"), h.cardNodes(&c)...),
		}
		h.amdMemory(&a, &c, &node)
		switch {
		case !h.isNode(a.key):
			a.Missing = append(a.Missing, Missing{What: a.key + " is not there", Fatal: true})
		case !computes || !h.isNode("/dev/kfd"):
			a.Missing = append(a.Missing, Missing{What: "ROCm cannot use it, as the driver offers no /dev/kfd for it; Vulkan can"})
			a.Arch = ""
		}
		found = append(found, a)
	}
	return found
}

// kfd returns the nodes with a GPU by the name of their render node.
func (h *Host) kfd() map[string]kfdNode {
	found := map[string]kfdNode{}
	for _, n := range h.list(kfdNodes) {
		dir := path.Join(kfdNodes, n)
		p := h.keys(dir+"/properties", " ")
		if number(p["simd_count"]) <= 0 {
			continue // a CPU
		}
		node := kfdNode{name: h.read(dir + "/name"), target: number(p["gfx_target_version"]), cores: number(p["cpu_cores_count"])}
		for _, bank := range h.list(dir + "/mem_banks") {
			b := h.keys(dir+"/mem_banks/"+bank+"/properties", " ")
			// HSA_MEM_HEAP_TYPE_FB_PUBLIC and FB_PRIVATE: memory on the card
			if size := number(b["size_in_bytes"]); size > 0 && size < 1<<50 && (b["heap_type"] == "1" || b["heap_type"] == "2") {
				node.memory += size
			}
		}
		found["renderD"+p["drm_render_minor"]] = node
	}
	return found
}

// gfx is the name of an instruction set as compilers spell it: major in decimal, minor and stepping in hexadecimal.
func gfx(target int64) string {
	if target <= 0 {
		return ""
	}
	return fmt.Sprintf("gfx%d%x%x", target/10000, target/100%100, target%100)
}

// amdName is the name that data centre cards tell, or that of the database, or at least the instruction set.
func (h *Host) amdName(c *card, node *kfdNode) string {
	if name := h.read(c.dir() + "/product_name"); name != "" {
		return name
	}
	if name := h.pciName(c.uevent["PCI_ID"]); name != "" {
		return name
	}
	if arch := gfx(node.target); arch != "" {
		return "AMD " + arch
	}
	return "AMD " + c.uevent["PCI_ID"]
}

// amdMemory sets the memory: that of the card, or, of an APU, what it was given of the host's memory and what it may take.
func (h *Host) amdMemory(a *Accelerator, c *card, node *kfdNode) {
	a.Memory, a.MemorySource = h.number(c.dir()+"/mem_info_vram_total"), "driver"
	if a.Memory <= 0 {
		a.Memory = node.memory
	}
	if a.Memory <= 0 {
		a.Memory, a.MemorySource = -1, ""
	}
	if a.Shared = node.cores > 0 || h.isAPU(c); !a.Shared {
		return
	}
	if gtt := h.number(c.dir() + "/mem_info_gtt_total"); gtt > 0 && gtt < 1<<50 {
		a.Memory, a.MemorySource = max(a.Memory, 0)+gtt, "driver, with what it may take of the host's"
	}
}

// isAPU looks at the layout of gpu_metrics: a length of two bytes, then the revision of the format, which is 1 for cards and
// 2 or 3 for APUs (struct gpu_metrics_v2_0 and v3_0, drivers/gpu/drm/amd/include/kgd_pp_interface.h).
func (h *Host) isAPU(c *card) bool {
	b, err := h.bytes(c.dir()+"/gpu_metrics", maxSmall)
	return err == nil && len(b) >= 4 && (b[2] == 2 || b[2] == 3)
}
