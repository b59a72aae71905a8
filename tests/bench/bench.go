package main

import (
	"context"
	"errors"
	"os"
	"regexp"
	"runtime"
	"strings"
)

// report is all that was measured.
type report struct {
	Machine machine `json:"machine"`
	Size    int64   `json:"size"`
	Rows    []row   `json:"rows"`
	Again   *again  `json:"again,omitempty"`
	Small   *small  `json:"small,omitempty"`
	Huge    *huge   `json:"huge,omitempty"`
	Checks  []check `json:"checks"`
}

// machine is where it was measured, and against what.
type machine struct {
	CPU      string            `json:"cpu"`
	Cores    int               `json:"cores"`
	Kernel   string            `json:"kernel"`
	Versions map[string]string `json:"versions"`
}

func bench(ctx context.Context, o *options) (r *report, err error) {
	r = &report{Size: o.size}
	if r.Machine, err = describe(ctx); err != nil {
		return nil, err
	}
	w, err := newWorld(ctx, o.size)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	for _, s := range scenarios(o) {
		if !o.wants(s.name) {
			continue
		}
		rows, err := s.run(ctx, w)
		if err != nil {
			return nil, err
		}
		r.Rows = append(r.Rows, rows...)
	}
	if o.wants(pushing) {
		rows, err := pushAll(ctx, w, o)
		if err != nil {
			return nil, err
		}
		r.Rows = append(r.Rows, rows...)
	}
	if o.wants("again") {
		if r.Again, err = pullAgain(ctx, w); err != nil {
			return nil, err
		}
	}
	if o.wants("small") {
		if r.Small, err = measureSmall(ctx, w, o.models); err != nil {
			return nil, err
		}
	}
	if o.huge {
		if r.Huge, err = pullHuge(ctx, w); err != nil {
			return nil, err
		}
	}
	r.Checks = r.judge()
	return r, w.clean()
}

// versionPattern finds a version in what a program says of itself.
var versionPattern = regexp.MustCompile(`\d+\.\d+\S*`)

func describe(ctx context.Context) (machine, error) {
	m := machine{Cores: runtime.NumCPU(), Versions: map[string]string{}}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(string(info)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			m.CPU = strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	for name, argv := range map[string][]string{
		"podman": {"podman", "--version"}, "skopeo": {"skopeo", "--version"}, "oras": {"oras", "version"},
		"curl": {"curl", "--version"}, "docker-registry": {"docker-registry", "--version"}, "kernel": {"uname", "-r"},
	} {
		out, err := must(ctx, argv...)
		if err != nil {
			return m, err
		}
		m.Versions[name] = versionPattern.FindString(out)
	}
	m.Kernel = m.Versions["kernel"]
	delete(m.Versions, "kernel")
	return m, nil
}
