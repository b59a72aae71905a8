package workload

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
)

const (
	// loadRate is the slowest reading of a model that counts as progress: a hard disk, or a cold network file system.
	loadRate = 50 << 20 // bytes per second
	// loadTime is what every start is given: for the server image to be unpacked, and for the accelerator to be set up.
	loadTime = 600 * time.Second
)

// StartPeriod returns how long a model of size bytes may take until its server answers: 600 s, and one second for every
// 50 MiB. A negative size counts as 0.
func StartPeriod(size int64) time.Duration {
	return loadTime + time.Duration(max(size, 0)/loadRate)*time.Second
}

// health checks llama-server's /health, which answers 503 while the model loads and 200 after.
//
// The command needs a shell, and curl (what llama.cpp's own images have) or wget (what busybox has). The server is asked
// every 2 s until it answers for the first time and every 30 s from then on: measured with Podman 5.8 and a server that
// takes 12 s to load, a unit with Notify=healthy is up after 14 to 15 s, and after 31 s without the shorter interval.
func health(s *Spec, size int64) Health {
	url := s.healthURL()
	return Health{
		Command:  fmt.Sprintf("curl -fsS -o /dev/null %s || wget -q -O /dev/null %s", url, url),
		Interval: 30 * time.Second, StartupInterval: 2 * time.Second, Timeout: 5 * time.Second,
		StartPeriod: StartPeriod(size), Retries: 3,
	}
}

// healthURL is /health as seen inside the container. A server that listens on every address is asked on loopback.
func (s *Spec) healthURL() string {
	host, port := s.Listen()
	return "http://" + net.JoinHostPort(loopback(host), strconv.Itoa(port)) + "/health"
}

// HealthURL returns the address of /health as seen from the host; "" if the server cannot be reached from there.
func (s *Spec) HealthURL() string {
	url := s.URL()
	if url == "" {
		return ""
	}
	return url + "/health"
}

// URL returns the server's address as seen from the host, without a final slash; "" if it cannot be reached from there.
func (s *Spec) URL() string {
	if s.Network != "host" && s.Pod == "" && !s.Published() {
		return ""
	}
	host, port := s.Address()
	return "http://" + net.JoinHostPort(loopback(host), strconv.Itoa(port))
}

// loopback returns the loopback address for an unspecified one ("0.0.0.0", "::"), and any other as it is.
func loopback(host string) string {
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil || !ip.IsUnspecified():
		return host
	case ip.Is4():
		return "127.0.0.1"
	default:
		return "::1"
	}
}
