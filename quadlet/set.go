package quadlet

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
)

// File is one unit file.
type File struct {
	// Name is the name of the file, with its ending.
	Name string
	Data []byte
}

// Set is the unit of a service, and what goes with it.
type Set struct {
	// Name is the name of the service, without ending.
	Name string
	// Unit is the .container file.
	Unit []byte
	// Beside are the units that the service has for itself. They come and go with it.
	Beside []File
	// Pod is the unit of the pod that it is in, nil if it is in none. It comes with the first service in the pod and goes with the last
	// one: Units renders it for this service alone, Install for all of them.
	Pod *File
}

// Units renders a workload to the files of one service. The same input gives the same bytes.
//
// It refuses a Spec that is not valid, one whose model is not pinned by digest, a Podman that is not known or, for files of an
// artifact, older than 5.6, and text that no unit can carry: an empty argument, an argument ";", and names that Quadlet would
// take for another unit's.
func Units(spec *workload.Spec, opts *UnitOptions) (*Set, error) {
	set, err := units(spec, opts)
	if err != nil {
		return nil, fmt.Errorf("rendering a unit for %s: %w", spec.Name, err)
	}
	return set, nil
}

func units(spec *workload.Spec, opts *UnitOptions) (*Set, error) {
	if err := check(spec, opts); err != nil {
		return nil, err
	}
	set, in := &Set{Name: spec.Name}, &frame{image: spec.Image}
	if opts.OnDemand != nil {
		back, err := behind(spec)
		if err != nil {
			return nil, err
		}
		if set.Beside, err = proxyUnits(spec, back, opts); err != nil {
			return nil, err
		}
		spec, in.listen = back, address(spec)
	}
	if spec.Pod != "" {
		data, err := podUnit(spec.Pod, []*Installed{{Publish: podmanargs.PodPublish(spec)}})
		if err != nil {
			return nil, err
		}
		set.Pod = &File{spec.Pod + podExtension, data}
	}
	files, spec, err := with(spec, opts)
	if err != nil {
		return nil, err
	}
	set.Beside = append(set.Beside, files...)
	in.beside = set.names()
	set.Unit, err = render(spec, opts, in)
	return set, err
}

// Files are all the files, the .container first.
func (s *Set) Files() []File {
	return append([]File{{s.Name + extension, s.Unit}}, s.Beside...)
}

// String is one text for people: the unit, and if there are others, each under the name of its file.
func (s *Set) String() string {
	files := s.Files()
	if s.Pod != nil {
		files = append(files, *s.Pod)
	}
	if len(files) == 1 {
		return string(s.Unit)
	}
	var texts []string
	for _, f := range files {
		texts = append(texts, "# "+f.Name+"\n"+string(f.Data))
	}
	return strings.Join(texts, "\n")
}

// Same says whether two sets differ in their notes for people at most, and in what else is in their pod.
func Same(a, b *Set) bool {
	return (a.Pod == nil) == (b.Pod == nil) && slices.EqualFunc(a.Files(), b.Files(), func(f, g File) bool {
		return f.Name == g.Name && bytes.Equal(withoutNotes(f.Data, "#"), withoutNotes(g.Data, "#"))
	})
}

// withoutNotes drops the lines with that beginning.
func withoutNotes(unit []byte, mark string) []byte {
	var kept []byte
	for line := range bytes.Lines(unit) {
		if !bytes.HasPrefix(line, []byte(mark)) {
			kept = append(kept, line...)
		}
	}
	return kept
}

// marked returns the set with a first line in each file that says whose it is.
func (s *Set) marked() *Set {
	mark := []byte(markOf(s.Name) + "changes are lost when it is updated or installed again.\n")
	m := &Set{Name: s.Name, Unit: slices.Concat(mark, s.Unit)}
	for _, f := range s.Beside {
		m.Beside = append(m.Beside, File{f.Name, slices.Concat(mark, f.Data)})
	}
	return m
}

// markOf begins the first line of each file of a service.
func markOf(name string) string { return ownMark + ` "paddock quadlet rm ` + name + `" removes it; ` }

// besideNames are the files that a service may have beside its unit.
func besideNames(name string) []string {
	files := []string{name + "-proxy.socket", name + "-proxy.service"}
	for _, kind := range Kinds() {
		files = append(files, name+"."+kind)
	}
	return files
}

// names are those of the files beside the unit.
func (s *Set) names() []string {
	var names []string
	for _, f := range s.Beside {
		names = append(names, f.Name)
	}
	return names
}
