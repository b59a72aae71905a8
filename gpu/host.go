package gpu

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Host is the machine that is looked at. Root is required.
type Host struct {
	// Root is its whole file system: sys, proc, dev, etc below it. os.DirFS("/") is this machine.
	Root fs.FS
	// CDIDirs are the absolute folders of CDI specs, the later ones winning; nil is /etc/cdi and /var/run/cdi, which is what
	// Podman uses unless cdi_spec_dirs of containers.conf says otherwise.
	CDIDirs []string
	// CDIVersion is the newest version of a spec that the engine reads: "1.0.0"; "" for the newest that there is.
	CDIVersion string
	// User is who will run the container; nil is root, who may use every node.
	User *User
	// NVIDIAMemory asks the driver for the memory of NVIDIA's GPUs in bytes, by PCI address ("0000:01:00.0"), because no file
	// has it. It is called only if there is such a GPU; nil leaves the memory unknown.
	NVIDIAMemory func(context.Context) (map[string]int64, error)
}

// User is an ordinary user.
type User struct {
	Name string
	// GIDs are the groups that the process has.
	GIDs []uint32
}

const (
	maxSmall = 64 << 10 // of a file in sysfs or /proc, in bytes
	maxLarge = 8 << 20  // of a CDI spec, or of the database of PCI names
)

// read returns the text of a file at an absolute path without spaces at its ends, "" if it cannot be had. Only ordinary files
// are opened: reading a pipe would wait for ever.
func (h *Host) read(name string) string {
	b, err := h.bytes(name, maxSmall)
	if err != nil {
		return ""
	}
	return strings.Trim(string(b), " \t\r\n\x00")
}

// bytes returns a file of at most limit bytes; a longer one is an error.
func (h *Host) bytes(name string, limit int64) ([]byte, error) {
	info, err := fs.Stat(h.Root, rooted(name))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading %s: it is no ordinary file", name)
	}
	f, err := h.Root.Open(rooted(name))
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1)) // sysfs does not say how long its files are
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("reading %s: it is longer than %d bytes", name, limit)
	}
	return b, nil
}

// rooted is an absolute path as package fs wants it.
func rooted(name string) string { return cmp.Or(strings.TrimPrefix(path.Clean(name), "/"), ".") }

// number reads a whole number; -1 if there is none.
func (h *Host) number(name string) int64 { return number(h.read(name)) }

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// list returns the names in a folder, sorted so that card10 follows card9; none if it cannot be read.
func (h *Host) list(dir string) []string {
	entries, _ := fs.ReadDir(h.Root, rooted(dir)) // what there is of it
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.SortFunc(names, compareNumbered)
	return names
}

// compareNumbered orders names by their text, and those of the same text by the number behind it.
func compareNumbered(a, b string) int {
	atext, an := splitNumber(a)
	btext, bn := splitNumber(b)
	return cmp.Or(cmp.Compare(atext, btext), cmp.Compare(an, bn), cmp.Compare(a, b))
}

func splitNumber(s string) (text string, n int64) {
	text = strings.TrimRight(s, "0123456789")
	return text, number("0" + strings.TrimLeft(s[len(text):], "0"))
}

// numbered returns N of a name like prefixN; false for any other.
func numbered(name, prefix string) (int, bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	n, err := strconv.ParseUint(digits, 10, 31)
	return int(n), ok && err == nil
}

// isNode says whether a device node is there.
func (h *Host) isNode(name string) bool {
	info, err := fs.Stat(h.Root, rooted(name))
	return err == nil && info.Mode()&fs.ModeDevice != 0
}

func (h *Host) exists(name string) bool {
	_, err := fs.Stat(h.Root, rooted(name))
	return err == nil
}

// nodes returns those of the names that are there.
func (h *Host) nodes(names ...string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !h.isNode(n) })
}

// keys reads a file of "key<sep>value" lines.
func (h *Host) keys(name, sep string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(h.read(name)) {
		if key, value, ok := strings.Cut(line, sep); ok {
			found[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return found
}

// systemMemory is MemTotal of proc(5); -1 if it is not there.
func (h *Host) systemMemory() int64 {
	kib, ok := strings.CutSuffix(h.keys("/proc/meminfo", ":")["MemTotal"], " kB")
	if n := number(kib); ok && n >= 0 && n < 1<<50 {
		return n << 10
	}
	return -1
}

// moduleVersion is what a driver says of itself; one that is part of the kernel has the kernel's version.
func (h *Host) moduleVersion(module string) string {
	if v := h.read("/sys/module/" + module + "/version"); v != "" {
		return v
	}
	if release := h.read("/proc/sys/kernel/osrelease"); release != "" {
		return "kernel " + release
	}
	return ""
}

// model is what the device tree calls the machine; "" on one without, as most are.
func (h *Host) model() string { return h.read("/proc/device-tree/model") }

// group returns the group that may use a node; false if every user may, or it does not say.
func (h *Host) group(node string) (gid uint32, ok bool) {
	info, err := fs.Stat(h.Root, rooted(node))
	if err != nil || info.Mode().Perm()&0o006 == 0o006 || info.Mode().Perm()&0o060 != 0o060 {
		return 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return st.Gid, true
}

// groupName is the name of a group, or its number.
func (h *Host) groupName(gid uint32) string {
	want := strconv.FormatUint(uint64(gid), 10)
	for line := range strings.Lines(h.read("/etc/group")) {
		if f := strings.Split(strings.TrimSpace(line), ":"); len(f) >= 3 && f[2] == want {
			return f[0]
		}
	}
	return want
}

// SystemMemory returns the host's own memory in bytes; -1 if it does not say.
func SystemMemory(h *Host) int64 { return h.systemMemory() }
