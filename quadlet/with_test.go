package quadlet

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
)

// TestWithRefused: a unit that would not work is refused with its kind.
func TestWithRefused(t *testing.T) {
	old := podmanargs.Version{Major: 5, Minor: 4}
	for _, c := range []struct {
		kind, says string
		change     func(*workload.Spec, *UnitOptions)
	}{
		{"image", "podman 5.6.0 or later", func(s *workload.Spec, o *UnitOptions) { s.Mounts[0] = bound(); o.PodmanVersion = old }},
		{"network", "podman 5.6.0 or later", func(s *workload.Spec, o *UnitOptions) { s.Mounts[0] = bound(); o.PodmanVersion = old }},
		{"network", "the network web", func(s *workload.Spec, _ *UnitOptions) { s.Network = "web" }},
		{"network", "of its pod", func(s *workload.Spec, _ *UnitOptions) { s.Pod = "p" }},
		{"volume", "llama.cpp keeps nothing", func(*workload.Spec, *UnitOptions) {}},
		{"artifact", "podman 5.7.0 or later", func(*workload.Spec, *UnitOptions) {}},
		{"artifact", "by --from", func(_ *workload.Spec, o *UnitOptions) { o.EnsureArgs = []string{"--from", "hf://org/m"} }},
		{"artifact", "of no registry", func(_ *workload.Spec, o *UnitOptions) { o.Origin = "hf://org/m" }},
		{"artifact", "of no registry", func(s *workload.Spec, _ *UnitOptions) { s.Model = "localhost/m@" + blob }},
		{"artifact", "not mounted from the artifact", func(s *workload.Spec, _ *UnitOptions) { s.Mounts[0] = bound() }},
		{"artifact", "not mounted from the artifact", func(s *workload.Spec, _ *UnitOptions) { s.MountSource = "localhost/x:1" }},
	} {
		spec, opts := testSpec(), testOptions()
		opts.With = []string{c.kind}
		c.change(spec, opts)
		if _, err := Units(spec, opts); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "a unit of the "+c.kind) {
			t.Errorf("%s: want %s, got %v", c.kind, c.says, err)
		}
	}
	if kinds, err := ParseKinds("image,pod"); err == nil || !strings.Contains(err.Error(), `"pod"`) {
		t.Errorf("got %q, %v", kinds, err)
	}
}

func bound() workload.FileMount {
	return workload.FileMount{Destination: "/models/m.gguf", HostPath: "/store/m"}
}

// TestVolume: what a server keeps is kept when its service is installed again, and goes with it, though systemd cannot be told.
func TestVolume(t *testing.T) {
	s := newSystemd(t)
	i := s.installer()
	var dropped []string
	i.DropVolume = func(_ context.Context, name string) error {
		dropped = append(dropped, name)
		return nil
	}
	spec, opts := testSpec(), testOptions()
	spec.Runtime, opts.With = workload.VLLM, []string{"volume", "image"}
	set, err := Units(spec, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, replace := range []bool{false, true} {
		if err := installSet(t, i, set, replace); err != nil || len(dropped) > 0 {
			t.Fatalf("dropped %q, %v", dropped, err)
		}
	}
	if _, in, err := i.Read(spec.Name); err != nil || in.Image != spec.Image {
		t.Errorf("read %+v, %v", in, err)
	}
	s.fail["daemon-reload"] = errors.New("exit status 1")
	if _, err := remove(t, i, spec.Name); err == nil || !strings.Contains(err.Error(), "systemd says no") || !slices.Equal(dropped, []string{"systemd-" + spec.Name}) {
		t.Errorf("dropped %q, %v", dropped, err)
	}
}
