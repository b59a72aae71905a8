package cli

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/memstore"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
)

const tinyCar = "quay.io/org/car:1"

// imageWorld is a world whose store has one model, an image, called name.
func imageWorld(t *testing.T, name string) (*world, *artifacts.Model) {
	t.Helper()
	w := newWorld(t)
	images := memstore.NewOf("images", artifacts.KindImage)
	w.env.Services.Store = func(context.Context, *Env) (artifacts.Store, error) { return images, nil }
	o := w.publish(t, name)
	o.Plan.Kind = artifacts.KindImage
	m, err := images.Land(t.Context(), o.Plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	return w, m
}

// TestKube: the objects name the model by its digest, and have what the flags say; the settings of this machine's servers are not for
// a cluster.
func TestKube(t *testing.T) {
	w, m := imageWorld(t, tinyCar)
	w.env.Environ = func() []string {
		return []string{"PADDOCK_NETWORK=host", "PADDOCK_HOST=::1", "PADDOCK_GPU=nvidia.com/gpu=7"}
	}
	w.env.Getenv = func(name string) string {
		return map[string]string{"PADDOCK_NETWORK": "host", "PADDOCK_HOST": "::1", "PADDOCK_GPU": "nvidia.com/gpu=7"}[name]
	}
	out := w.must(t, "kube", tinyCar, "--", "--threads", "3")
	reference := "quay.io/org/car@" + m.Digest.String()
	for _, want := range []string{
		"# " + tinyCar + ", by paddock kube\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: car-1\n", "reference: " + reference + "\n",
		"mountPath: /models\n              subPath: models\n", "runAsUser: 65532\n", "- --threads\n            - \"3\"\n", "kind: Service\n",
		"image: ghcr.io/ggml-org/llama.cpp:server\n", "- --host\n            - 0.0.0.0\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	for _, c := range []struct {
		args  []string
		wants []string
	}{
		{[]string{"--name", "x", "--port", "80", "--run-as", "image", "-e", "A=$(B)", "-m", "8g", "--cpus", "2"},
			[]string{"name: x\n", "port: 80\n", "value: $$(B)\n", "memory: 8Gi\n", "cpu: \"2\"\n"}},
		{[]string{"--gpu", "nvidia=2", "--run-as", "1000"},
			[]string{"nvidia.com/gpu: \"2\"", "llama.cpp:server-cuda\n", "- --n-gpu-layers\n            - \"999\"\n", "runAsUser: 1000\n", "type: Recreate\n"}},
		{[]string{"--gpu", "gpu.intel.com/xe"}, []string{"gpu.intel.com/xe: \"1\"", "llama.cpp:server-intel\n"}},
		{[]string{"--gpu", "habana.ai/gaudi", "--image", "localhost/mine"}, []string{"habana.ai/gaudi: \"1\"", "image: localhost/mine\n"}},
		{[]string{"--model-volume", "modelcar"}, []string{"shareProcessNamespace: true\n", "- name: modelcar\n          image: " + reference + "\n"}},
		{[]string{"--form", "kserve"}, []string{"storageUri: oci://" + reference + "\n", "- /mnt/models/model.gguf\n"}},
		{[]string{"--form", "kserve", "--model-volume", "image"}, []string{"storageUri: oci+native://" + reference + "\n"}},
		{[]string{"--api-key-secret", "key"}, []string{"name: LLAMA_API_KEY\n              valueFrom:\n                secretKeyRef:\n                  name: key\n                  key: LLAMA_API_KEY\n"}},
	} {
		out := w.must(t, slices.Concat([]string{"kube"}, c.args, []string{tinyCar})...)
		for _, want := range c.wants {
			if !strings.Contains(out, want) {
				t.Errorf("%q: %q is not in\n%s", c.args, want, out)
			}
		}
		if slices.Contains(c.args, "image") && c.args[0] == "--name" && strings.Contains(out, "runAsUser") {
			t.Errorf("%q: the user is set:\n%s", c.args, out)
		}
	}
}

func TestKubeRefuses(t *testing.T) {
	w, _ := imageWorld(t, tinyCar)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--form", "pod", tinyCar}, exitUsage, `"pod"`},
		{[]string{"--model-volume", "pvc", tinyCar}, exitUsage, `"pvc"`},
		{[]string{"--model-volume", "artifact", "--form", "kserve", tinyCar}, exitUsage, "images only"},
		{[]string{"--model-volume", "artifact", tinyCar}, exitUsage, "is an image"},
		{[]string{"--name", "a.b", tinyCar}, exitUsage, `"a.b"`},
		{[]string{"--run-as", "0", tinyCar}, exitUsage, `"0"`},
		{[]string{"--run-as", "root", tinyCar}, exitUsage, `"root"`},
		{[]string{"--gpu", "apple", tinyCar}, exitUsage, `"apple"`},
		{[]string{"--gpu", "nvidia=0", tinyCar}, exitUsage, `"nvidia=0"`},
		{[]string{"--gpu", "ascend", tinyCar}, exitError, "huawei.com/Ascend910"},
		{[]string{"--gpu", "habana.ai/gaudi", tinyCar}, exitError, "habana.ai/gaudi"},
		{[]string{"--host", "::1", tinyCar}, exitUsage, "host"},
		{[]string{"--secret", "UPPER", tinyCar}, exitError, "UPPER"},
		{[]string{"quay.io/org/none:1"}, exitNotFound, "quay.io/org/none:1"},
		{nil, exitUsage, "NAME"},
	} {
		code, out, err := w.run(t, append([]string{"kube"}, c.args...)...)
		if code != c.code || out != "" || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: exit %d, %q, %v", c.args, code, out, err)
		}
	}
}

// TestKubeArtifact: it is said what a cluster needs that the store does not have.
func TestKubeArtifact(t *testing.T) {
	w := newWorld(t)
	o := w.publish(t, tiny)
	w.must(t, "pull", tiny)
	code, out, err := w.run(t, "kube", tiny)
	if hints := strings.Join(Hints(err), "\n"); code != exitError || out != "" || !strings.Contains(hints, "paddock convert --to image "+tiny) || !strings.Contains(hints, "--model-volume artifact") {
		t.Errorf("exit %d, %q, %v, %s", code, out, err, hints)
	}
	out = w.must(t, "kube", "--model-volume", "artifact", tiny)
	if repo, _, _ := strings.Cut(tiny, ":"); !strings.Contains(out, "reference: "+repo+"@"+o.Plan.Digest.String()+"\n") || strings.Contains(out, "subPath") {
		t.Errorf("got\n%s", out)
	}
	local, _ := imageWorld(t, "localhost/car:1")
	if local.must(t, "kube", "localhost/car:1"); !strings.Contains(local.err.String(), "no registry has localhost/car@") {
		t.Errorf("of a local image it is said: %s", local.err)
	}
}

// TestCompose: the file has what the engine at hand would be told, and the artifact's files where the store has them.
func TestCompose(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	if code, out, err := w.run(t, "compose", tiny); code != exitNotFound || out != "" || len(Hints(err)) != 1 {
		t.Errorf("of a missing model: exit %d, %q, %v", code, out, err)
	}
	w.must(t, "pull", tiny)
	m, err := w.store.Find(t.Context(), tiny)
	if err != nil {
		t.Fatal(err)
	}
	out := w.must(t, "compose", "--name", "chat", "--port", "9000", "-e", "A=$B", tiny, "--", "--threads", "3")
	for _, want := range []string{
		"# " + tiny + ", by paddock compose\nname: chat\n", "source: /memory/" + m.Packaging.Files[0].Digest.Encoded() + "\n", "- 127.0.0.1:9000:8080\n",
		"- A=$$B\n", "- --threads\n", "selinux: z\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if strings.Contains(out, "start_interval") {
		t.Errorf("Podman is asked for what it does not know:\n%s", out)
	}
	w.env.Services.Engine = func(context.Context, *Env) (*engine.Choice, error) {
		return &engine.Choice{Engine: &engine.Docker{}, Docker: &engine.DockerInfo{Version: "28.5.2", Client: "28.5.2"}}, nil
	}
	if out := w.must(t, "compose", tiny); !strings.Contains(out, "start_interval: 2s\n") {
		t.Errorf("for Docker:\n%s", out)
	}
	for _, args := range [][]string{{"--secret", "x", tiny}, {"--port", "0", tiny}, {}} {
		if code, out, err := w.run(t, append([]string{"compose"}, args...)...); code != exitUsage || out != "" {
			t.Errorf("%q: exit %d, %q, %v", args, code, out, err)
		}
	}
}
