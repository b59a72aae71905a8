package gpu

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Detect finds the accelerators of a host: those of a kind together, in the order of Kinds, and within it in the driver's
// own order. What is damaged, hidden or too large to be what it should be is passed over. The error says what did not work on
// the way (a CDI spec that cannot be read, memory that could not be asked for) and comes with the accelerators, unless ctx is
// done.
func Detect(ctx context.Context, h *Host) ([]Accelerator, error) {
	cards := h.cards()
	specs, err := h.specs()
	nvidia, memoryErr := h.nvidia(ctx)
	found := slices.Concat(nvidia, h.amd(cards), h.ascend(), h.mooreThreads(cards), h.intel(cards), h.apple(cards), h.wsl(nvidia))
	found = append(found, h.onlyCDI(found, specs)...)
	slices.SortStableFunc(found, func(a, b Accelerator) int {
		return slices.Index(Kinds(), a.Kind) - slices.Index(Kinds(), b.Kind)
	})
	for i := range found {
		a := &found[i]
		a.Index = i
		h.names(a, found, specs)
		h.groups(a)
		h.label(a)
		h.advise(a)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("looking for accelerators: %w", context.Cause(ctx))
	}
	return found, errors.Join(err, memoryErr)
}

// label asks SELinux. Containers may use the nodes of graphics cards (container_use_dri_devices of container-selinux is on); for
// all others NVIDIA's and AMD's manuals turn the label off.
func (h *Host) label(a *Accelerator) {
	guarded := slices.ContainsFunc(a.Nodes, func(n string) bool { return !strings.HasPrefix(n, "/dev/dri/") })
	a.LabelDisable = guarded && h.read("/sys/fs/selinux/enforce") == "1"
}

// groups says who may use the nodes, and whether the user is one of them.
func (h *Host) groups(a *Accelerator) {
	for _, node := range a.Nodes {
		gid, ok := h.group(node)
		if !ok {
			continue
		}
		name := h.groupName(gid)
		if slices.Contains(a.Groups, name) {
			continue
		}
		a.Groups = append(a.Groups, name)
		// card nodes are for screens; what computes is used by the render node
		if h.User != nil && gid != 0 && !strings.HasPrefix(node, "/dev/dri/card") && !slices.Contains(h.User.GIDs, gid) {
			a.Missing = append(a.Missing, Missing{
				What: fmt.Sprintf("you may not use %s: you are not in the group %s", node, name),
				Fix:  fmt.Sprintf("sudo usermod -aG %s %s   # then log in again", name, h.User.Name), Fatal: true,
			})
		}
	}
}

// names gives an accelerator the CDI devices that reach it and no other of the found ones.
func (h *Host) names(a *Accelerator, found []Accelerator, specs []cdiDevice) {
	a.CDI = [][]string{}
	var sets []string // of nodes, one for each group of names
	var refused []Missing
	for _, d := range specs {
		if d.kind != a.Kind.cdi() {
			continue
		}
		if d.refused != "" {
			if m := (Missing{What: d.refused}); (d.device == "all" || d.reaches(a)) && !slices.Contains(refused, m) {
				refused = append(refused, m)
			}
			continue
		}
		if d.device == "all" {
			a.all = d.name()
		}
		if !d.reaches(a) || slices.ContainsFunc(found, func(b Accelerator) bool { return b.key != a.key && d.reaches(&b) }) {
			continue
		}
		set := strings.Join(d.nodes, "\n")
		i := slices.Index(sets, set)
		if i < 0 {
			sets, a.CDI = append(sets, set), append(a.CDI, nil)
			i = len(sets) - 1
		}
		a.CDI[i] = append(a.CDI[i], d.name())
	}
	for _, alike := range a.CDI {
		slices.SortStableFunc(alike, shortFirst)
	}
	if len(a.CDI) > 0 || a.all != "" {
		return
	}
	for _, m := range refused {
		if m.Fatal = a.NeedsCDI; m.Fatal {
			m.Fix = h.makeSpec(a)
		}
		a.Missing = append(a.Missing, m)
	}
}

// shortFirst puts "0" before "GPU-4d1…", and what is named before "all".
func shortFirst(a, b string) int {
	rank := func(s string) int {
		if afterEquals(s) == "all" {
			return 1 << 20
		}
		return len(s)
	}
	return rank(a) - rank(b)
}

func filter[T any](all []T, keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(all), func(t T) bool { return !keep(t) })
}

// onlyCDI makes accelerators of devices that nothing but a CDI spec knows of, as those of a driver in a virtual machine are.
func (h *Host) onlyCDI(found []Accelerator, specs []cdiDevice) []Accelerator {
	var more []Accelerator
	isAll := func(d cdiDevice) bool { return d.device == "all" }
	for _, d := range slices.Concat(slices.DeleteFunc(slices.Clone(specs), isAll), filter(specs, isAll)) {
		i := slices.IndexFunc(Kinds(), func(k Kind) bool { return k.cdi() == d.kind })
		if i < 0 {
			continue
		}
		same := func(b Accelerator) bool { return b.Kind.cdi() == d.kind }
		if slices.ContainsFunc(found, same) {
			continue // the hardware of that kind has been found
		}
		alone := slices.IndexFunc(more, func(b Accelerator) bool {
			return same(b) && (d.device == "all" || d.sameNodes(&b))
		})
		if alone >= 0 {
			continue
		}
		a := Accelerator{Kind: Kinds()[i], Name: d.name(), Memory: -1, Nodes: d.nodes, NeedsCDI: true, key: d.name()}
		for _, node := range d.nodes {
			if !h.isNode(node) {
				a.Missing = append(a.Missing, Missing{What: fmt.Sprintf("%s is in the CDI spec, and is not there", node), Fatal: true})
			}
		}
		more = append(more, a)
	}
	return more
}
