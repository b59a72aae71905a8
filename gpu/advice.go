package gpu

import (
	"slices"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// advise says what a container lacks that only CDI brings, with the command that makes the spec on this distribution.
func (h *Host) advise(a *Accelerator) {
	if len(a.CDI) > 0 || a.all != "" || !a.Usable() {
		return
	}
	switch {
	case a.NeedsCDI:
		a.Missing = append(a.Missing, Missing{
			What: "no CDI spec of " + a.Kind.cdi() + " names it, and a container needs the driver's libraries", Fix: h.makeSpec(a), Fatal: true,
		})
	case a.Kind == MooreThreads:
		a.Missing = append(a.Missing, Missing{What: "the driver's libraries reach a container by Moore Threads' mt-container-toolkit only"})
	}
}

// makeSpec is the command that makes a CDI spec of NVIDIA's (NVIDIA Container Toolkit, "Support for Container Device
// Interface"), preceded by the one that installs its program if it is not there.
func (h *Host) makeSpec(a *Accelerator) string {
	generate := "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
	switch {
	case a.Driver == "nvgpu":
		generate += " --mode=csv"
	case a.Kind == WSL:
		generate += " --mode=wsl"
	case slices.ContainsFunc([]string{"/usr/lib/systemd/system", "/etc/systemd/system"}, func(dir string) bool {
		return h.exists(dir + "/nvidia-cdi-refresh.service")
	}):
		generate = "sudo systemctl enable --now nvidia-cdi-refresh.path nvidia-cdi-refresh.service" // since 1.18
	}
	if slices.ContainsFunc([]string{"/usr/bin", "/usr/local/bin"}, func(dir string) bool { return h.exists(dir + "/nvidia-ctk") }) {
		return generate
	}
	return h.install() + " && " + generate
}

// install is the command of the distribution's package manager (os-release(5)).
func (h *Host) install() string {
	release := h.keys("/etc/os-release", "=")
	if len(release) == 0 {
		release = h.keys("/usr/lib/os-release", "=")
	}
	is := strings.Fields(strings.NewReplacer(`"`, "", `'`, "").Replace(release["ID"] + " " + release["ID_LIKE"]))
	one := func(ids ...string) bool {
		return slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(is, id) })
	}
	switch {
	case h.exists("/run/ostree-booted"):
		return "sudo rpm-ostree install --apply-live nvidia-container-toolkit-base"
	case one("fedora", "rhel", "centos", "amzn"):
		return "sudo dnf install nvidia-container-toolkit-base"
	case one("suse", "opensuse", "sles"):
		return "sudo zypper install nvidia-container-toolkit-base"
	case one("arch"):
		return "sudo pacman -S nvidia-container-toolkit"
	case one("debian", "ubuntu"):
		return "sudo apt-get install nvidia-container-toolkit-base"
	}
	return "(install nvidia-container-toolkit)"
}
