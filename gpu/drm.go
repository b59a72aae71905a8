package gpu

import (
	"bufio"
	"bytes"
	"slices"
	"strings"
)

// card is a device of the kernel's graphics subsystem: /sys/class/drm (Documentation/gpu/drm-uapi.rst).
type card struct {
	name    string // "card0"
	uevent  map[string]string
	address string // on PCI
	render  string // "renderD128"
}

func (c *card) driver() string { return c.uevent["DRIVER"] }

// dir is the folder of the device itself.
func (c *card) dir() string { return "/sys/class/drm/" + c.name + "/device" }

// cards returns the devices that have a card or a render node, one for each device.
func (h *Host) cards() []card {
	var all []card
	for _, name := range h.list("/sys/class/drm") {
		_, isCard := numbered(name, "card")
		_, isRender := numbered(name, "renderD")
		if !isCard && !isRender {
			continue // "card0-HDMI-A-1" is a connector
		}
		c := card{name: name, uevent: h.keys("/sys/class/drm/"+name+"/device/uevent", "=")}
		if c.driver() == "" {
			continue
		}
		if isRender {
			c.render = name
		}
		c.address = c.uevent["PCI_SLOT_NAME"]
		i := slices.IndexFunc(all, func(b card) bool { return b.identity() == c.identity() })
		switch {
		case i < 0:
			all = append(all, c)
		case isRender:
			all[i].render = name
		}
	}
	return all
}

// identity tells one device from another: its address on PCI, or its place in the device tree.
func (c *card) identity() string { return c.address + c.uevent["OF_FULLNAME"] }

// nodes are the device nodes of a card that are there: the render node, which is enough to compute, first.
func (h *Host) cardNodes(c *card) []string {
	var names []string
	for _, n := range []string{c.render, c.name} {
		if n != "" && !slices.Contains(names, "/dev/dri/"+n) {
			names = append(names, "/dev/dri/"+n)
		}
	}
	return h.nodes(names...)
}

// driven returns the cards of these drivers that can compute, which is to say those with a render node.
func driven(cards []card, drivers ...string) []card {
	var some []card
	for _, c := range cards {
		if slices.Contains(drivers, c.driver()) && c.render != "" {
			some = append(some, c)
		}
	}
	slices.SortFunc(some, func(a, b card) int { return strings.Compare(a.address, b.address) })
	return some
}

// pciName looks an ID of uevent ("1002:744C") up in the distribution's database of PCI names (pci.ids(5)); "" if it has none.
func (h *Host) pciName(id string) string {
	vendor, device, ok := strings.Cut(strings.ToLower(id), ":")
	if !ok {
		return ""
	}
	for _, file := range []string{"/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids"} {
		text, err := h.bytes(file, maxLarge)
		if err != nil {
			continue
		}
		if name := lookUp(text, vendor, device); name != "" {
			return name
		}
	}
	return ""
}

// lookUp finds "vendor  Name" at the start of a line, and "\tdevice  Name" below it.
func lookUp(text []byte, vendor, device string) string {
	lines := bufio.NewScanner(bytes.NewReader(text))
	inside := false
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "" || line[0] == '#':
		case line[0] != '\t':
			inside = strings.HasPrefix(line, vendor+" ")
		case inside && strings.HasPrefix(line, "\t"+device+" "):
			return strings.TrimSpace(line[len(device)+1:])
		}
	}
	return ""
}

// bar returns the size in bytes of a memory window of a PCI device, by its `resource` file: lines of first address, last
// address and flags (Documentation/PCI/sysfs-pci.rst); -1 if it is not there.
func (h *Host) bar(dir string, n int) int64 {
	lines := strings.Split(h.read(dir+"/resource"), "\n")
	if n >= len(lines) {
		return -1
	}
	f := strings.Fields(lines[n])
	if len(f) != 3 {
		return -1
	}
	first, last := number(f[0]), number(f[1])
	if first <= 0 || last <= first {
		return -1
	}
	return last - first + 1
}
