package gpu

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// cdiDevice is one device of a CDI spec.
type cdiDevice struct {
	kind, device string   // "nvidia.com/gpu", "0"
	nodes        []string // on the host, sorted; those of the whole spec included
	dir, file    string   // the spec's
	refused      string   // why Podman does not know it; "" if it does
}

func (d *cdiDevice) name() string { return d.kind + "=" + d.device }

// reaches says whether the device gives a container that accelerator.
func (d *cdiDevice) reaches(a *Accelerator) bool {
	return d.name() == a.key || slices.Contains(d.nodes, a.key) || d.sameNodes(a)
}

func (d *cdiDevice) sameNodes(a *Accelerator) bool {
	return len(d.nodes) > 0 && slices.Equal(d.nodes, a.Nodes)
}

// cdiSpec is the part of a spec that is looked at (CDI 1.1, SPEC.md).
type cdiSpec struct {
	Version string         `json:"cdiVersion" yaml:"cdiVersion"`
	Kind    string         `json:"kind" yaml:"kind"`
	Notes   map[string]any `json:"annotations" yaml:"annotations"`
	Edits   cdiEdits       `json:"containerEdits" yaml:"containerEdits"`
	Devices []struct {
		Name  string         `json:"name" yaml:"name"`
		Notes map[string]any `json:"annotations" yaml:"annotations"`
		Edits cdiEdits       `json:"containerEdits" yaml:"containerEdits"`
	} `json:"devices" yaml:"devices"`
}

type cdiEdits struct {
	Nodes  []cdiNode      `json:"deviceNodes" yaml:"deviceNodes"`
	Mounts []cdiMount     `json:"mounts" yaml:"mounts"`
	Env    []string       `json:"env" yaml:"env"`
	Hooks  []any          `json:"hooks" yaml:"hooks"`
	GIDs   []uint32       `json:"additionalGids" yaml:"additionalGids"`
	Nets   []any          `json:"netDevices" yaml:"netDevices"`
	RDT    map[string]any `json:"intelRdt" yaml:"intelRdt"`
}

type cdiNode struct {
	Path string `json:"path" yaml:"path"`
	Host string `json:"hostPath" yaml:"hostPath"`
}

type cdiMount struct {
	Type string `json:"type" yaml:"type"`
}

const (
	maxSpecs   = 256  // in all folders
	maxDevices = 4096 // in all specs
)

func (h *Host) cdiDirs() []string {
	if h.CDIDirs != nil {
		return h.CDIDirs
	}
	return []string{"/etc/cdi", "/var/run/cdi"}
}

// specs returns the devices of all specs, those that Podman does not know included; of two with one name, that of the later folder. As in
// the CDI library, files are those that end in .json or .yaml, directly in the folder.
func (h *Host) specs() ([]cdiDevice, error) {
	var all []cdiDevice
	var errs []error
	files := 0
	for _, dir := range h.cdiDirs() {
		dir = h.present(dir)
		for _, file := range h.list(dir) {
			ext := path.Ext(file)
			if ext != ".json" && ext != ".yaml" {
				continue
			}
			if files++; files > maxSpecs {
				return all, errors.Join(append(errs, fmt.Errorf("reading CDI specs: there are more than %d", maxSpecs))...)
			}
			devices, err := h.spec(dir, path.Join(dir, file))
			if err != nil {
				errs = append(errs, err)
			}
			if len(all)+len(devices) > maxDevices {
				return all, errors.Join(append(errs, fmt.Errorf("reading CDI specs: they have more than %d devices", maxDevices))...)
			}
			all = append(all, devices...)
		}
	}
	errs = append(errs, conflicts(all)...)
	return merge(all), errors.Join(errs...)
}

// present is the folder, or /run for /var/run where a root has no such link.
func (h *Host) present(dir string) string {
	if rest, ok := strings.CutPrefix(dir, "/var/run/"); ok && !h.exists(dir) {
		return "/run/" + rest
	}
	return dir
}

// merge leaves of two devices with one name the later one, and one that Podman knows rather than one that it does not.
func merge(all []cdiDevice) []cdiDevice {
	var last []cdiDevice
	at := map[string]int{}
	for _, d := range all {
		i, known := at[d.name()]
		switch {
		case !known:
			at[d.name()], last = len(last), append(last, d)
		case d.refused == "" || last[i].refused != "":
			last[i] = d
		}
	}
	return last
}

// spec reads a spec. One that Podman refuses is an error, and yet has devices.
func (h *Host) spec(dir, file string) ([]cdiDevice, error) {
	text, err := h.bytes(file, maxLarge)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // a link to nowhere, or gone meanwhile
	}
	var s cdiSpec
	switch {
	case err != nil:
	case path.Ext(file) == ".json":
		err = json.Unmarshal(text, &s)
	default:
		err = yaml.Unmarshal(text, &s)
	}
	if err != nil {
		return nil, specError(file, err)
	}
	if !plainKind(s.Kind) {
		return nil, fmt.Errorf("reading the CDI spec %s: its kind %q is not VENDOR/CLASS", file, s.Kind)
	}
	var devices []cdiDevice
	for _, d := range s.Devices {
		if !plainWord(d.Name) {
			return nil, fmt.Errorf("reading the CDI spec %s: %q is no name of a device", file, d.Name)
		}
		nodes := append(d.Edits.paths(), s.Edits.paths()...)
		slices.Sort(nodes)
		devices = append(devices, cdiDevice{kind: s.Kind, device: d.Name, nodes: slices.Compact(nodes), dir: dir, file: file})
	}
	why := s.refusal(h.CDIVersion)
	if why == "" {
		return devices, nil
	}
	for i := range devices {
		devices[i].refused = "the CDI spec " + file + " is refused: " + why
	}
	return devices, fmt.Errorf("reading the CDI spec %s: %s", file, why)
}

func (e *cdiEdits) paths() []string {
	var paths []string
	for _, n := range e.Nodes {
		if n.Host != "" {
			n.Path = n.Host
		}
		paths = append(paths, n.Path)
	}
	return paths
}

func plainKind(kind string) bool {
	vendor, class, ok := strings.Cut(kind, "/")
	return ok && plainWord(vendor) && plainWord(class)
}

// plainWord says whether a word has only the characters that CDI allows in names, and can be taken for no option.
func plainWord(s string) bool {
	return s != "" && len(s) <= 253 && s[0] != '-' && !strings.ContainsFunc(s, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("_-.:", r)
	})
}

// IsCDIName says whether a text has the form of a CDI device: VENDOR/CLASS=NAME.
func IsCDIName(s string) bool {
	kind, device, ok := strings.Cut(s, "=")
	return ok && plainKind(kind) && plainWord(device)
}
