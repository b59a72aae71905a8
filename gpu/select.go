package gpu

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Access is what a container is given to reach accelerators. The zero Access is none: the server computes on the CPU.
type Access struct {
	// Kind is the kind of the first accelerator, which the server's image is chosen by; "" for none.
	Kind Kind
	// Chosen are the accelerators, in order.
	Chosen []Accelerator
	// CDI are names of CDI devices, Nodes device nodes for those without.
	CDI, Nodes []string
	// Mounts are host paths to be seen at the same place, read-only. Env is set to NAME=VALUE.
	Mounts, Env []string
	// GPUs is the value of docker's --gpus; "" unless the engine takes NVIDIA's GPUs by it.
	GPUs string
	// KeepGroups says that the nodes belong to a group, which the process of an ordinary user must keep inside.
	KeepGroups bool
	// LabelDisable says that SELinux must be told to let the container have the nodes.
	LabelDisable bool
}

// Passed says whether the container gets an accelerator.
func (a *Access) Passed() bool { return len(a.CDI)+len(a.Nodes) > 0 || a.GPUs != "" }

// Memory is what the accelerators have together, in bytes; -1 if that of one is not known. Those of one host that share its
// memory count once.
func (a *Access) Memory() int64 {
	var sum int64
	shared := false
	for i := range a.Chosen {
		c := &a.Chosen[i]
		switch {
		case c.Memory < 0:
			return -1
		case c.Shared && shared:
			continue
		}
		sum, shared = sum+c.Memory, shared || c.Shared
	}
	if len(a.Chosen) == 0 {
		return -1
	}
	return sum
}

// Error says why a chosen accelerator cannot be had, and by which command it could; Fix is "" if no single one helps.
type Error struct{ What, Fix string }

// Error returns What.
func (e *Error) Error() string { return e.What }

// Select makes the access for a choice among the accelerators of a host, as Detect returns them. Nothing but what was chosen
// is passed. It is pure.
//
// auto takes the first kind of which one can be used: cards before processors' own GPUs, and then in the order of Kinds; it
// gives no accelerator if there is none. What is asked for and cannot be had is an *Error.
//
// runtime says that the engine is Docker with NVIDIA's runtime, which takes GPUs by --gpus where there is no CDI spec.
func Select(all []Accelerator, c Choice, runtime bool) (*Access, error) {
	ready := make([]Accelerator, 0, len(all))
	for _, a := range all {
		if a.Usable() || runtime && onlyLacksCDI(&a) {
			ready = append(ready, a)
		}
	}
	access := &Access{}
	switch {
	case c.None:
		return access, nil
	case c.All && len(ready) == 0:
		return nil, &Error{What: "there is no accelerator that can be used" + because(all), Fix: fix(all)}
	case c.All:
		access.Chosen = ready
	case c.Auto():
		access.Chosen = best(ready)
	default:
		for _, item := range c.Items {
			if err := access.add(item, all, ready); err != nil {
				return nil, err
			}
		}
	}
	access.collect(all, runtime)
	return access, nil
}

func onlyLacksCDI(a *Accelerator) bool {
	if a.Kind != NVIDIA && a.Kind != WSL || !a.NeedsCDI {
		return false
	}
	fatal := filter(a.Missing, func(m Missing) bool { return m.Fatal })
	return len(fatal) == 1 && strings.HasPrefix(fatal[0].What, "no CDI spec")
}

// best are the accelerators that auto takes.
func best(ready []Accelerator) []Accelerator {
	for _, shared := range []bool{false, true} {
		for _, k := range Kinds() {
			some := filter(ready, func(a Accelerator) bool { return a.Kind == k && a.Shared == shared })
			if len(some) > 0 {
				return some
			}
		}
	}
	return nil
}

// add chooses what one item of the list says.
func (access *Access) add(item string, all, ready []Accelerator) error {
	if strings.Contains(item, "=") {
		return access.addCDI(item, all)
	}
	n, err := strconv.Atoi(item)
	index := err == nil
	is := func(a Accelerator) bool { return index && a.Index == n || !index && a.Kind == Kind(item) }
	some := filter(ready, is)
	if len(some) == 0 {
		wanted := filter(all, is)
		what := fmt.Sprintf("there is no accelerator %s", item)
		if len(wanted) > 0 {
			what = fmt.Sprintf("the accelerator %s cannot be used", item)
		}
		return &Error{What: what + because(wanted), Fix: fix(wanted)}
	}
	for _, a := range some {
		if !slices.ContainsFunc(access.Chosen, func(b Accelerator) bool { return b.Index == a.Index }) {
			access.Chosen = append(access.Chosen, a)
		}
	}
	return nil
}

// addCDI chooses a CDI device by its name. One of a kind that no accelerator here has is the engine's to judge.
func (access *Access) addCDI(name string, all []Accelerator) error {
	kind, _, _ := strings.Cut(name, "=")
	same := filter(all, func(a Accelerator) bool { return a.Kind.cdi() == kind })
	var known []string
	found := false
	for _, a := range same {
		if a.all != "" && !slices.Contains(known, a.all) {
			known = append(known, a.all)
		}
		known = append(known, a.Names()...)
		if a.all == name || slices.Contains(a.Names(), name) {
			access.Chosen, found = append(access.Chosen, a), true
		}
	}
	if len(same) > 0 && !found {
		return &Error{What: fmt.Sprintf("there is no CDI device %s; there are: %s", name, cmp.Or(strings.Join(known, ", "), "none")), Fix: fix(same)}
	}
	if !found {
		if i := slices.IndexFunc(Kinds(), func(k Kind) bool { return k.cdi() == kind }); i >= 0 {
			access.Kind = cmp.Or(access.Kind, Kinds()[i])
		}
	}
	access.CDI = append(access.CDI, name)
	return nil
}

// collect fills in how the chosen ones are reached: by CDI first, and by one name where they are all of their kind.
func (access *Access) collect(all []Accelerator, runtime bool) {
	named := slices.Clone(access.CDI)
	var gpus []string
	for _, a := range access.Chosen {
		access.Kind = cmp.Or(access.Kind, a.Kind)
		access.LabelDisable = access.LabelDisable || a.LabelDisable
		access.KeepGroups = access.KeepGroups || len(a.Groups) > 0
		switch {
		case slices.ContainsFunc(named, func(n string) bool { return n == a.all || slices.Contains(a.Names(), n) }):
		case a.all != "" && access.hasAll(&a, all):
			access.CDI = append(access.CDI, a.all)
		case len(a.whole()) > 0:
			access.CDI = append(access.CDI, a.whole()...)
		case runtime && a.NeedsCDI:
			gpus = append(gpus, itoa(ordinal(&a, all)))
		default:
			access.Nodes = append(access.Nodes, a.Nodes...)
			access.Mounts, access.Env = append(access.Mounts, a.Mounts...), append(access.Env, a.Env...)
		}
	}
	for _, list := range []*[]string{&access.CDI, &access.Nodes, &access.Mounts, &access.Env} {
		*list = unique(*list)
	}
	if len(gpus) > 0 {
		access.GPUs = "device=" + strings.Join(gpus, ",")
	}
}

// hasAll says whether every accelerator of a's kind is chosen.
func (access *Access) hasAll(a *Accelerator, all []Accelerator) bool {
	same := func(b Accelerator) bool { return b.Kind == a.Kind }
	return len(filter(access.Chosen, same)) == len(filter(all, same))
}

// ordinal is the place of an accelerator among those of its kind, which is how NVIDIA's runtime counts.
func ordinal(a *Accelerator, all []Accelerator) int {
	return len(filter(all, func(b Accelerator) bool { return b.Kind == a.Kind && b.Index < a.Index }))
}

func unique(list []string) []string {
	var once []string
	for _, s := range list {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}

// because lists what the accelerators lack; "" if there are none.
func because(all []Accelerator) string {
	var why []string
	for _, a := range all {
		for _, m := range a.Missing {
			if m.Fatal {
				why = append(why, m.What)
			}
		}
	}
	if len(why) == 0 {
		return ""
	}
	return ": " + strings.Join(unique(why), "; ")
}

func fix(all []Accelerator) string {
	for _, a := range all {
		for _, m := range a.Missing {
			if m.Fatal && m.Fix != "" {
				return m.Fix
			}
		}
	}
	return ""
}
