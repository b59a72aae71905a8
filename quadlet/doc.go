// Package quadlet renders a workload to Quadlet units (podman-systemd.unit(5)), and installs, lists and removes them. A service is one
// .container file, with what goes with it: units of its own, and that of the pod which it may share with others.
//
// Rendering is pure. What it emits is parsed back by Podman's own generator in tests; the rules that the text has to obey are
// Podman's (pkg/systemd/parser) as far as the unit, and systemd's (systemd.service(5), COMMAND LINES) for the ExecStart= that the
// generator makes of it.
package quadlet
