package quadlet

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// admitPorts fails if a service would take what another one takes on the host.
func (i *Installer) admitPorts(in *Installed) error {
	others, _ := i.others(in.Name) // together has told of what cannot be read
	var had []netip.AddrPort
	if was, err := i.installed(in.Name); err == nil {
		had = was.addresses()
	}
	return errors.Join(portsFree(in, others), addressesFree(in, had, others))
}

// portsFree fails if the port of a server behind its socket is one that another service has, or the reverse.
func portsFree(in *Installed, others []*Installed) error {
	for _, o := range others {
		for _, of := range []struct{ back, front *Installed }{{in, o}, {o, in}} {
			if of.back.Socket() == "" {
				continue
			}
			port := hostPort(of.back.PublishPort)
			if slices.Contains(of.front.ports(), port) {
				return fmt.Errorf("port %s is that of %s, and the one at which %s is behind its socket; choose another port", port, of.front.Name, of.back.Name)
			}
		}
	}
	return nil
}

// addressesFree fails if a service would take an address on the host that another one takes, unless it had it before: with two of one
// address the second one to start fails, and in a pod all that is in it. Those in one pod are not looked at.
func addressesFree(in *Installed, had []netip.AddrPort, others []*Installed) error {
	for _, o := range others {
		if o.Pod != "" && o.Pod == in.Pod {
			continue
		}
		for _, addr := range in.addresses() {
			if !slices.ContainsFunc(o.addresses(), func(other netip.AddrPort) bool { return clash(addr, other) }) {
				continue
			}
			if pod := cmp.Or(in.Pod, o.Pod); pod != "" {
				return fmt.Errorf("port %d is that of %s, and without it nothing in the pod %s could start; choose another port", addr.Port(), o.Name, pod)
			}
			if !slices.Contains(had, addr) {
				return fmt.Errorf("port %d is that of %s; choose another port", addr.Port(), o.Name)
			}
		}
	}
	return nil
}

// clash says whether two servers cannot listen at their addresses both: all addresses of a machine are each of them, too.
func clash(a, b netip.AddrPort) bool {
	return a.Port() == b.Port() && (a.Addr() == b.Addr() || a.Addr().IsUnspecified() || b.Addr().IsUnspecified())
}

// addresses are those that a service takes on the host.
func (in *Installed) addresses() []netip.AddrPort {
	var taken []netip.AddrPort
	for _, text := range []string{hostSide(in.PublishPort), hostSide(in.Publish), in.Listen} {
		if !strings.Contains(text, ":") {
			text = "0.0.0.0:" + text // as podman has it
		}
		if addr, err := netip.ParseAddrPort(text); err == nil {
			taken = append(taken, addr)
		}
	}
	return taken
}

// ports are those of its addresses.
func (in *Installed) ports() []string {
	var ports []string
	for _, addr := range in.addresses() {
		ports = append(ports, strconv.Itoa(int(addr.Port())))
	}
	return ports
}

// hostSide is where on the host something is published.
func hostSide(publish string) string { return publish[:max(0, strings.LastIndexByte(publish, ':'))] }

// hostPort is the port on the host of what is published.
func hostPort(publish string) string {
	return hostSide(publish)[strings.LastIndexByte(hostSide(publish), ':')+1:]
}
