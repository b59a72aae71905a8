package quadlet

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/paddock-dev/paddock/artifacts/workload"
)

// OnDemand makes a service start when it is asked for, and stop when it is not any more: systemd listens in its place, and a proxy of
// systemd's, which needs the service and ends when it is idle, passes on what comes.
type OnDemand struct {
	// Proxy is the absolute path of systemd-socket-proxyd(8), see FindProxy. Required.
	Proxy string
	// Idle is how long the server runs without a connection; 0 is for ever.
	Idle time.Duration
}

// FindProxy returns the path of systemd-socket-proxyd(8) below root.
func FindProxy(root string) (string, error) {
	for _, path := range []string{"/usr/lib/systemd/systemd-socket-proxyd", "/lib/systemd/systemd-socket-proxyd"} {
		if info, err := os.Stat(filepath.Join("/", root, path)); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", errors.New("starting services on demand: this systemd has no systemd-socket-proxyd")
}

// shift is how far the port of a server that starts on demand is from the one that it is reached at.
const shift = 10000

// backPort is the port of a server behind the one that it is reached at: 10000 above it, or below where there is none above.
func backPort(port int) int {
	if port+shift > 65535 {
		return port - shift
	}
	return port + shift
}

// behind is the workload as it is published behind its socket: to this machine only.
func behind(spec *workload.Spec) (*workload.Spec, error) {
	if !spec.Published() {
		return nil, errors.New("it cannot be started on demand: its port is not published by itself")
	}
	back := *spec
	back.Host, back.Port = workload.DefaultHost, backPort(spec.Port)
	return &back, nil
}

// proxyUnits are the socket that a service is reached at and the proxy behind it.
func proxyUnits(spec, back *workload.Spec, opts *UnitOptions) ([]File, error) {
	name := spec.Name + "-proxy"
	socket := &unit{}
	socket.section("Unit")
	socket.text("Description", "Socket of the model server "+spec.Name)
	socket.section("Socket")
	socket.text("ListenStream", address(spec))
	socket.fixed("FreeBind", "true") // sockets are there before the network, and its addresses, are
	socket.section("Install")
	socket.fixed("WantedBy", "sockets.target")

	proxy := &unit{}
	proxy.section("Unit")
	proxy.text("Description", "Proxy of the model server "+spec.Name)
	for _, key := range []string{"Requires", "After"} {
		proxy.fixed(key, spec.Name+".service "+name+".socket")
	}
	proxy.section("Service") // not Type=notify, which the program is only since systemd 254: its socket listens before
	command := []string{opts.OnDemand.Proxy}
	if idle := opts.OnDemand.Idle; idle > 0 {
		command = append(command, "--exit-idle-time="+idle.String())
	}
	proxy.words("ExecStart", append(command, address(back))...)
	proxy.fixed("NoNewPrivileges", "true")
	if !opts.Rootless {
		proxy.fixed("DynamicUser", "true")
	}
	return []File{{name + ".socket", socket.buf.Bytes()}, {name + ".service", proxy.buf.Bytes()}}, errors.Join(socket.err, proxy.err)
}

// address is where a server is reached.
func address(spec *workload.Spec) string {
	host, port := spec.Address()
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// Socket is systemd's unit that listens for a service which starts on demand; "" for another service.
func (in *Installed) Socket() string { return in.besideOf(".socket") }

// proxy is the service that passes on what comes to the socket; "" if there is none.
func (in *Installed) proxy() string { return in.besideOf(".service") }

// besideOf is the file beside the unit that has that ending; "" if there is none.
func (in *Installed) besideOf(ending string) string {
	n := slices.IndexFunc(in.Beside, func(f string) bool { return filepath.Ext(f) == ending })
	if n < 0 {
		return ""
	}
	return in.Beside[n]
}

// knock connects to a service that starts on demand, and hangs up. A proxy counts its idle time from the end of a connection: one that
// was restarted with its service, and not by a request, would wait for the first of them for ever.
func (in *Installed) knock(ctx context.Context) {
	if in.Listen == "" {
		return
	}
	dialer := net.Dialer{Timeout: time.Second}
	if conn, err := dialer.DialContext(ctx, "tcp", in.Listen); err == nil { // otherwise nobody listens, nor is there a proxy
		_ = conn.Close()
	}
}
