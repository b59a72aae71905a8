package workload

import (
	"reflect"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// TestImage: a container sees the folder of an image as a whole; a service the one that its pin names.
func TestImage(t *testing.T) {
	m := testModel(file("sub/m.gguf", packaging.Weights))
	m.Mount = artifacts.ImageMount{Image: m.Name, Subpath: packaging.ImageRoot}
	for source, want := range map[string]string{"": m.Name, "quay.io/org/m@" + string(m.Digest): "quay.io/org/m@" + string(m.Digest)} {
		s, err := FromModel(m, &Options{Image: image, Source: source})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(s.Mounts, []FileMount{{Destination: "/models", ImagePath: "/models"}}) || s.Artifact() != want || s.Model != want {
			t.Errorf("mounts %+v of %s", s.Mounts, s.Artifact())
		}
		if s.Args[1] != "/models/sub/m.gguf" {
			t.Errorf("arguments %q", s.Args)
		}
	}
}

func TestImageMountRefuses(t *testing.T) {
	folder := FileMount{Destination: "/models", ImagePath: "/models"}
	for want, mounts := range map[string][]FileMount{
		"beside it":      {folder, {Destination: "/models/a", HostPath: "/a"}},
		"must be the fi": {{Destination: "/models/a", HostPath: "/a"}, {Destination: "/models/b", ImagePath: "/models"}},
		`at "/x"`:        {{Destination: "/x", ImagePath: "/models"}},
		`"/a" must not`:  {{Destination: "/models", ImagePath: "/models", HostPath: "/a"}},
		`"/a/../b"`:      {{Destination: "/models", ImagePath: "/a/../b"}},
		`"models"`:       {{Destination: "/models", ImagePath: "models"}},
	} {
		s := &Spec{Name: "m", Model: "quay.io/m:1", Image: image, Port: 1, Mounts: mounts}
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}
