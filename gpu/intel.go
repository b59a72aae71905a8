package gpu

import "strings"

// intel finds the cards of i915 and of its successor xe.
func (h *Host) intel(cards []card) []Accelerator {
	var found []Accelerator
	for _, c := range driven(cards, "i915", "xe") {
		a := Accelerator{
			Kind: Intel, Name: h.pciName(c.uevent["PCI_ID"]), Address: c.address, Driver: c.driver(), DriverVersion: h.moduleVersion(c.driver()),
			Nodes: h.cardNodes(&c), key: "/dev/dri/" + c.render,
		}
		if a.Name == "" {
			a.Name = "Intel " + c.uevent["PCI_ID"]
		}
		if !h.isNode(a.key) {
			a.Missing = append(a.Missing, Missing{What: a.key + " is not there", Fatal: true})
		}
		h.intelMemory(&a, &c)
		found = append(found, a)
	}
	return found
}

// intelMemory sets the memory. A GPU inside a processor is on bus 0, where no card can be, and uses the host's. Of a card, xe
// tells the memory of each tile and Intel's own build of i915 that of all; the i915 of the kernel has no such file, and then
// the memory window (BAR 2) tells it where it covers all of it ("resizable BAR"): rounded up to a power of two.
func (h *Host) intelMemory(a *Accelerator, c *card) {
	a.Memory = -1
	if strings.HasPrefix(c.address, "0000:00:") {
		a.Shared, a.Memory, a.MemorySource = true, h.systemMemory(), "memory of the host"
		return
	}
	var tiles int64
	for _, tile := range h.list(c.dir()) {
		if _, ok := numbered(tile, "tile"); ok {
			tiles += max(h.number(c.dir()+"/"+tile+"/physical_vram_size_bytes"), 0)
		}
	}
	for _, n := range []int64{tiles, h.number("/sys/class/drm/" + c.name + "/lmem_total_bytes")} {
		if n > 0 {
			a.Memory, a.MemorySource = n, "driver"
			return
		}
	}
	if window := h.bar(c.dir(), 2); window >= 1<<30 {
		a.Memory, a.MemorySource = window, "memory window, at most"
	}
}
