package gpu

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// cdiVersions are the released ones that are read (CDI 1.1, SPEC.md), in their order.
const cdiVersions = "0.3.0 0.4.0 0.5.0 0.6.0 0.7.0 0.8.0 1.0.0 1.1.0"

// refusal says why an engine makes nothing of a spec that can be read; "" if it does. newest is the last version that it reads.
func (s *cdiSpec) refusal(newest string) string {
	known := strings.Fields(cdiVersions)
	if i := slices.Index(known, newest); i >= 0 {
		known = known[:i+1]
	}
	version := strings.TrimPrefix(s.Version, "v")
	needs, what := s.needs()
	seen := map[string]bool{}
	switch {
	case version == "":
		return "it has no cdiVersion"
	case !slices.Contains(known, version):
		return fmt.Sprintf("its cdiVersion %q is unknown", s.Version)
	case needs > version:
		return fmt.Sprintf("its cdiVersion is %s, and %s needs %s", s.Version, what, needs)
	case len(s.Devices) == 0:
		return "it has no devices"
	}
	for _, d := range s.Devices {
		switch {
		case seen[d.Name]:
			return fmt.Sprintf("it has the device %q twice", d.Name)
		case d.Edits.empty():
			return fmt.Sprintf("its device %q changes nothing in a container", d.Name)
		}
		seen[d.Name] = true
	}
	return ""
}

// needs is the lowest version that has all which the spec uses, and what of it needs that.
func (s *cdiSpec) needs() (version, what string) {
	version = "0.3.0"
	raise := func(used bool, to, by string) {
		if used && to > version {
			version, what = to, by
		}
	}
	_, class, _ := strings.Cut(s.Kind, "/")
	raise(strings.Contains(class, "."), "0.6.0", "the dot in its kind")
	raise(len(s.Notes) > 0, "0.6.0", "annotations")
	edits := []*cdiEdits{&s.Edits}
	for i := range s.Devices {
		d := &s.Devices[i]
		raise(d.Name[0] >= '0' && d.Name[0] <= '9', "0.5.0", "a device whose name begins with a digit")
		raise(len(d.Notes) > 0, "0.6.0", "annotations")
		edits = append(edits, &d.Edits)
	}
	for _, e := range edits {
		raise(slices.ContainsFunc(e.Mounts, func(m cdiMount) bool { return m.Type != "" }), "0.4.0", "the type of a mount")
		raise(slices.ContainsFunc(e.Nodes, func(n cdiNode) bool { return n.Host != "" }), "0.5.0", "hostPath")
		raise(len(e.GIDs) > 0, "0.7.0", "additionalGids")
		raise(e.RDT != nil, "0.7.0", "intelRdt")
		raise(len(e.Nets) > 0, "1.1.0", "netDevices")
	}
	return version, what
}

// empty says whether a container is as it was.
func (e *cdiEdits) empty() bool {
	return len(e.Nodes)+len(e.Mounts)+len(e.Env)+len(e.Hooks)+len(e.GIDs)+len(e.Nets) == 0 && e.RDT == nil
}

// conflicts refuses the devices that two specs of one folder have: the library takes none of them, wherever else they are.
func conflicts(all []cdiDevice) []error {
	first := map[string]*cdiDevice{} // by folder and name
	why := map[string]string{}       // by name
	for i := range all {
		d := &all[i]
		key := d.dir + "\n" + d.name()
		switch {
		case d.refused != "":
		case first[key] == nil:
			first[key] = d
		case why[d.name()] == "":
			why[d.name()] = fmt.Sprintf("the CDI specs %s and %s both have %s", first[key].file, d.file, d.name())
		}
	}
	var errs []error
	for i := range all {
		if text := why[all[i].name()]; text != "" && all[i].refused == "" {
			all[i].refused = text
		}
	}
	for _, name := range slices.Sorted(maps.Keys(why)) {
		errs = append(errs, errors.New(why[name]))
	}
	return errs
}

// specError says in the words of who wrote a spec what is wrong with it.
func specError(file string, err error) error {
	var of *yaml.TypeError
	var field *json.UnmarshalTypeError
	var path *fs.PathError
	switch {
	case errors.As(err, &of) && len(of.Errors) > 0:
		where, _, _ := strings.Cut(of.Errors[0], " into ")
		err = errors.New(strings.Replace(where, "cannot unmarshal", "there should be no", 1))
	case errors.As(err, &field):
		err = fmt.Errorf("there should be no %s in %q", field.Value, field.Field)
	case errors.As(err, &path):
		err = path.Err
	}
	return fmt.Errorf("reading the CDI spec %s: %w", file, err)
}
