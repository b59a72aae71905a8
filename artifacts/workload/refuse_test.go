package workload

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

func TestUnservable(t *testing.T) {
	why := fmt.Errorf("%w: a tar layer", packaging.ErrUnservable)
	for what, change := range map[string]func(*artifacts.Model){
		"unservable": func(m *artifacts.Model) { m.Packaging.Unservable = why },
		"directory":  func(m *artifacts.Model) { m.Packaging.Main = "." },
		"safetensors": func(m *artifacts.Model) {
			m.Packaging.Files[0].Path, m.Packaging.Main = "m.safetensors", "m.safetensors"
		},
		"no weights": func(m *artifacts.Model) { m.Packaging.Main = "" },
		"archive":    func(m *artifacts.Model) { m.Packaging.Files[0].Encoding = packaging.TarGzip },
	} {
		m := testModel(file("m.gguf", packaging.Weights))
		change(m)
		if _, err := FromModel(m, &Options{Image: image}); !errors.Is(err, packaging.ErrUnservable) || !strings.Contains(err.Error(), m.Name) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestFromModelRefuses(t *testing.T) {
	adapter := file("a,b.gguf", packaging.Adapter)
	for _, c := range []struct {
		opts  Options
		extra []packaging.File
		names string // must be in the error
	}{
		{Options{}, nil, "image"},
		{Options{Image: image, CtxSize: -1}, nil, "-1"},
		{Options{Image: image, ServerArgs: []string{"--port", "1"}}, nil, "--port"},
		{Options{Image: image, ServerArgs: []string{"--host=::"}}, nil, "--host=::"},
		{Options{Image: image}, []packaging.File{adapter}, "a,b.gguf"},
		{Options{Image: image, Port: 65536}, nil, "65536"},
		{Options{Image: image, Pod: "p", Network: "host"}, nil, "the pod p"},
		{Options{Image: image, Pod: "p", Name: "p"}, nil, "pod p"},
		{Options{Image: image, Pod: "a b"}, nil, `pod: name "a b"`},
		{Options{Image: image, Name: "deadbeef"}, nil, "deadbeef"},
	} {
		m := testModel(append([]packaging.File{file("m.gguf", packaging.Weights)}, c.extra...)...)
		if _, err := FromModel(m, &c.opts); err == nil || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%+v: got %v", c.opts, err)
		}
	}
	m := testModel(file("m.gguf", packaging.Weights))
	m.Mount = nil
	if _, err := FromModel(m, nil); err == nil {
		t.Error("a model without a mount was taken")
	}
}

func TestValidate(t *testing.T) {
	valid := func() *Spec {
		return &Spec{Name: "My_model-1.0", Model: "quay.io/m:1", Image: image, Host: "::1", Port: 1, Env: []EnvVar{{"_A1", "x=y z"}},
			Mounts: []FileMount{{Destination: "/models/a", Digest: dgst("a")}, {Destination: "/models/d/b c", Title: "t"}, {Destination: "/models/d/c", HostPath: "/h"}}}
	}
	if err := valid().Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Spec){
		`name is empty`:      func(s *Spec) { s.Name = "" },
		`name ".a"`:          func(s *Spec) { s.Name = ".a" },
		`name "a b"`:         func(s *Spec) { s.Name = "a b" },
		`name "Éa"`:          func(s *Spec) { s.Name = "Éa" },
		`name "eE"`:          func(s *Spec) { s.Name = "eE" },
		`63 characters`:      func(s *Spec) { s.Name = strings.Repeat("z", 64) },
		`image "--rm"`:       func(s *Spec) { s.Image = "--rm" },
		`port 0`:             func(s *Spec) { s.Port = 0 },
		`host "localhost"`:   func(s *Spec) { s.Host = "localhost" },
		`host "fe80::1%eth"`: func(s *Spec) { s.Host = "fe80::1%eth" },
		`variable "1A"`:      func(s *Spec) { s.Env[0].Name = "1A" },
		`variable ""`:        func(s *Spec) { s.Env[0].Name = "" },
		`variable "A=B"`:     func(s *Spec) { s.Env[0].Name = "A=B" },
		`variable _A1 "a\nb`: func(s *Spec) { s.Env[0].Value = "a\nb" },
		`argument "a\x00b"`:  func(s *Spec) { s.Args = []string{"a\x00b"} },
		`argument "\xff"`:    func(s *Spec) { s.Args = []string{"\xff"} },
		`network "a\nb"`:     func(s *Spec) { s.Network = "a\nb" },
		`"/models/../etc/x"`: func(s *Spec) { s.Mounts[0].Destination = "/models/../etc/x" },
		`"/models"`:          func(s *Spec) { s.Mounts[0].Destination = "/models" },
		`"/etc/x"`:           func(s *Spec) { s.Mounts[0].Destination = "/etc/x" },
		`mounted twice`:      func(s *Spec) { s.Mounts[0].Destination = "/models/d/c" },
		`is a file too`:      func(s *Spec) { s.Mounts[0].Destination = "/models/d" },
		`"/models/a\t"`:      func(s *Spec) { s.Mounts[0].Destination = "/models/a\t" },
		`digest "sha256:1"`:  func(s *Spec) { s.Mounts[0].Digest = "sha256:1" },
		`must be given`:      func(s *Spec) { s.Mounts[0].Title = "x" },
		`"h" must be abs`:    func(s *Spec) { s.Mounts[2].HostPath = "h" },
		`no artifact`:        func(s *Spec) { s.Model = "" },
		`no file`:            func(s *Spec) { s.Mounts = nil },
	} {
		s := valid()
		change(s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}
