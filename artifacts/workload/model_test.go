package workload

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

const image = "ghcr.io/ggml-org/llama.cpp:server"

func dgst(s string) digest.Digest { return digest.FromString(s) }

func file(path string, role packaging.Role) packaging.File {
	return packaging.File{Path: path, Role: role, Digest: dgst(path), Size: 1, Encoding: packaging.Raw}
}

// testModel makes a model of the files, the first of which is the main one.
func testModel(files ...packaging.File) *artifacts.Model {
	m := &artifacts.Model{
		Name: "quay.io/org/smollm:135m", Digest: dgst("manifest"), Size: 100 << 20,
		Mount:     artifacts.ArtifactMount{Source: "quay.io/org/smollm:135m"},
		Packaging: packaging.Model{Format: packaging.ModelPack, Files: files},
	}
	if len(files) > 0 {
		m.Packaging.Main = files[0].Path
	}
	return m
}

func TestFromModel(t *testing.T) {
	m := testModel(file("sub/m-00001-of-00002.gguf", packaging.Weights), file("sub/m-00002-of-00002.gguf", packaging.Weights),
		file("mmproj.gguf", packaging.Projector), file("x/t.jinja", packaging.Template), file("chat_template.jinja", packaging.Template),
		file("a.gguf", packaging.Adapter), file("b.gguf", packaging.Adapter), file("LICENSE", packaging.License))
	s, err := FromModel(m, &Options{Image: image, CtxSize: 4096, Port: 9000, Env: []EnvVar{{"A", "b c"}}, ServerArgs: []string{"-ngl", "99"}})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields("--model /models/sub/m-00001-of-00002.gguf --mmproj /models/mmproj.gguf --jinja --chat-template-file /models/chat_template.jinja" +
		" --lora /models/a.gguf --lora /models/b.gguf --ctx-size 4096 --alias smollm:135m --host 0.0.0.0 --port 8080 -ngl 99")
	if !reflect.DeepEqual(s.Args, want) {
		t.Errorf("arguments: got %q", s.Args)
	}
	if s.Name != "smollm-135m" || s.Model != "quay.io/org/smollm:135m" || s.ModelDigest != m.Digest || s.Host != "127.0.0.1" || s.Port != 9000 {
		t.Errorf("got %+v", s)
	}
	if len(s.Mounts) != 8 || s.Mounts[0] != (FileMount{Destination: "/models/sub/m-00001-of-00002.gguf", Digest: dgst("sub/m-00001-of-00002.gguf")}) {
		t.Errorf("mounts: got %+v", s.Mounts)
	}
	if c := s.Health.Command; c != "curl -fsS -o /dev/null http://127.0.0.1:8080/health || wget -q -O /dev/null http://127.0.0.1:8080/health" {
		t.Errorf("health command: got %q", c)
	}
	if s.Health.StartPeriod != 602*time.Second {
		t.Errorf("start period: got %s", s.Health.StartPeriod)
	}
}

func TestTemplates(t *testing.T) {
	for _, c := range []struct{ path, mediaType string }{
		{"template.gotmpl", "application/vnd.ollama.image.template"},
		{"template", "application/vnd.ollama.image.template"},
		{"chat_template.json", "application/vnd.cncf.model.weight.config.v1.raw"},
	} {
		f := file(c.path, packaging.Template)
		f.MediaType = c.mediaType
		s, err := FromModel(testModel(file("m.gguf", packaging.Weights), f), &Options{Image: image})
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(s.Args, " "); strings.Contains(all, "template") || strings.Contains(all, "jinja") {
			t.Errorf("%s: got %q", c.path, all)
		}
	}
	f := file("template", packaging.Template)
	f.MediaType = "application/vnd.docker.ai.chat.template.jinja"
	s, err := FromModel(testModel(file("m.gguf", packaging.Weights), f), &Options{Image: image})
	if err != nil || !strings.Contains(strings.Join(s.Args, " "), "--jinja --chat-template-file /models/template") {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestHostNetwork(t *testing.T) {
	for _, c := range []struct{ network, host, listen, check, outside string }{
		{"", "", "--host 0.0.0.0 --port 8080", "http://127.0.0.1:8080/health ", "http://127.0.0.1:9000/health"},
		{"", "::1", "--host 0.0.0.0 --port 8080", "http://127.0.0.1:8080/health ", "http://[::1]:9000/health"},
		{"host", "", "--host 127.0.0.1 --port 9000", "http://127.0.0.1:9000/health ", "http://127.0.0.1:9000/health"},
		{"host", "::", "--host :: --port 9000", "http://[::1]:9000/health ", "http://[::1]:9000/health"},
		{"host", "0.0.0.0", "--host 0.0.0.0 --port 9000", "http://127.0.0.1:9000/health ", "http://127.0.0.1:9000/health"},
		{"host", "192.0.2.1", "--host 192.0.2.1 --port 9000", "http://192.0.2.1:9000/health ", "http://192.0.2.1:9000/health"},
		{"none", "", "--host 0.0.0.0 --port 8080", "http://127.0.0.1:8080/health ", ""},
		{"container:web", "", "--host 0.0.0.0 --port 8080", "http://127.0.0.1:8080/health ", ""},
		{"pasta:-a,x", "", "--host 0.0.0.0 --port 8080", "http://127.0.0.1:8080/health ", "http://127.0.0.1:9000/health"},
	} {
		s, err := FromModel(testModel(file("m.gguf", packaging.Weights)), &Options{Image: image, Network: c.network, Host: c.host, Port: 9000})
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if !strings.Contains(strings.Join(s.Args, " "), c.listen) || !strings.Contains(s.Health.Command, c.check) || s.HealthURL() != c.outside {
			t.Errorf("%+v: got %q, %q, %q", c, s.Args, s.Health.Command, s.HealthURL())
		}
	}
}

// TestInPod: the servers of a pod share its network, so that each listens on its own port.
func TestInPod(t *testing.T) {
	s, err := FromModel(testModel(file("m.gguf", packaging.Weights)), &Options{Image: image, Pod: "models", Port: 9000})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(s.Args, " "), "--host 0.0.0.0 --port 9000") || !strings.Contains(s.Health.Command, "http://127.0.0.1:9000/health ") ||
		s.HealthURL() != "http://127.0.0.1:9000/health" || s.Published() {
		t.Errorf("got %q, %q, %q", s.Args, s.Health.Command, s.HealthURL())
	}
}

// TestRepeatedDigests: Podman finds a layer by its digest only if no other has it, and then by a title of its own.
func TestRepeatedDigests(t *testing.T) {
	twin := file("d/empty.json", packaging.Config)
	twin.Repeated, twin.Title, twin.TitleUnique = true, "a.json", true
	s, err := FromModel(testModel(file("m.gguf", packaging.Weights), twin), &Options{Image: image})
	if err != nil {
		t.Fatal(err)
	}
	if s.Mounts[1] != (FileMount{Destination: "/models/d/empty.json", Title: "a.json"}) || s.Mounts[0].Title != "" {
		t.Errorf("got %+v", s.Mounts)
	}
	twin.TitleUnique = false
	_, err = FromModel(testModel(file("m.gguf", packaging.Weights), twin), &Options{Image: image})
	if !errors.Is(err, packaging.ErrUnservable) || !strings.Contains(err.Error(), "d/empty.json") {
		t.Errorf("got %v", err)
	}
}

func TestBindMount(t *testing.T) {
	m := testModel(file("d/m.gguf", packaging.Weights))
	m.Mount = artifacts.BindMount{Files: map[string]string{"d/m.gguf": "/store/blob"}}
	s, err := FromModel(m, &Options{Image: image})
	if err != nil || len(s.Mounts) != 1 || s.Mounts[0] != (FileMount{Destination: "/models/d/m.gguf", HostPath: "/store/blob"}) {
		t.Errorf("got %+v, %v", s, err)
	}
	m.Mount = artifacts.BindMount{}
	if _, err := FromModel(m, &Options{Image: image}); err == nil || !strings.Contains(err.Error(), "d/m.gguf") {
		t.Errorf("a file that is not there: %v", err)
	}
}
