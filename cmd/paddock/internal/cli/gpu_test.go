package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
)

// onHost puts files into the machine of a world.
func (w *world) onHost(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(w.env.Root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// cdiSpec is of two devices that need no nodes.
const cdiSpec = `{"cdiVersion":"0.5.0","kind":"nvidia.com/gpu","devices":[{"name":"0","containerEdits":{"env":["A=0"]}},{"name":"1","containerEdits":{"env":["A=1"]}}]}`

// driverOnly is a GPU whose driver is there, and its node and spec are not.
func driverOnly() map[string]string {
	return map[string]string{"proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t RTX\nDevice Minor: \t 0\n", "etc/os-release": "ID=fedora\n"}
}

func TestGPU(t *testing.T) {
	w := newWorld(t)
	if out := w.must(t, "gpu"); strings.Count(out, "\n") != 1 || !strings.Contains(w.err.String(), "no accelerator") {
		t.Errorf("of none: %q, %q", out, w.err)
	}
	if out := w.must(t, "gpu", "--format", "json"); out != "[]\n" {
		t.Errorf("of none in JSON: %q", out)
	}
	w.onHost(t, map[string]string{"etc/cdi/n.json": cdiSpec, "etc/cdi/broken.yaml": "kind: ["})
	if out := w.must(t, "gpu"); !strings.Contains(out, "nvidia.com/gpu=1") || !strings.HasPrefix(out, "INDEX") || !strings.Contains(w.err.String(), "broken.yaml") {
		t.Errorf("got %q, %q", out, w.err)
	}
	if out := w.must(t, "gpu", "--noheading", "--format", "{{.Index}} {{.Kind}} {{.Memory}} {{.Reached}}"); out != "0 nvidia ? nvidia.com/gpu=0\n1 nvidia ? nvidia.com/gpu=1\n" {
		t.Errorf("got %q", out)
	}
	var all []struct {
		Kind string
		CDI  [][]string
	}
	if err := json.Unmarshal([]byte(w.must(t, "gpu", "--format=json")), &all); err != nil || len(all) != 2 || all[1].CDI[0][0] != "nvidia.com/gpu=1" {
		t.Errorf("got %+v, %v", all, err)
	}
	for _, args := range [][]string{{"gpu", "x"}, {"gpu", "--format", "{{.Nme}}"}, {"gpu", "fit"}} {
		if code, out, err := w.run(t, args...); code != 2 || out != "" {
			t.Errorf("%q: exit %d, %q, %v", args, code, out, err)
		}
	}
}

// TestGPUOfContainersConf: specs are looked for where Podman looks.
func TestGPUOfContainersConf(t *testing.T) {
	w := newWorld(t)
	w.onHost(t, map[string]string{"etc/cdi/n.json": cdiSpec, "srv/cdi/a.json": strings.Replace(cdiSpec, "nvidia", "amd", 1), "etc/containers/containers.conf": "[engine]\ncdi_spec_dirs=['/srv/cdi']\n"})
	if out := w.must(t, "gpu", "--format", "{{.Reached}}"); out != "amd.com/gpu=0\namd.com/gpu=1\n" {
		t.Errorf("got %q", out)
	}
}

func TestServeGPU(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.must(t, "pull", tiny)
	w.onHost(t, map[string]string{"etc/cdi/n.json": cdiSpec})
	for _, c := range []struct{ flags, device, image string }{
		{"", "nvidia.com/gpu=0 --device nvidia.com/gpu=1", "ghcr.io/ggml-org/llama.cpp:server-cuda"},
		{"--gpu auto", "nvidia.com/gpu=0 --device nvidia.com/gpu=1", "ghcr.io/ggml-org/llama.cpp:server-cuda"},
		{"--gpu 1", "nvidia.com/gpu=1", "ghcr.io/ggml-org/llama.cpp:server-cuda"},
		{"--gpu nvidia.com/gpu=0 --image localhost/x:1", "nvidia.com/gpu=0", "localhost/x:1"},
		{"--gpu none", "", "ghcr.io/ggml-org/llama.cpp:server"},
	} {
		for _, command := range []string{"serve --dry-run ", "quadlet generate "} {
			out := w.must(t, strings.Fields(command+c.flags+" "+tiny)...)
			line := strings.ReplaceAll(out, "\nAddDevice=", " --device ")
			if got := strings.Contains(line, "--device "); got != (c.device != "") || !strings.Contains(line, c.device) || strings.Count(line, "--device") != strings.Count("--device "+c.device, "--device")*b2i(c.device != "") {
				t.Errorf("%s%s: %s", command, c.flags, out)
			}
			if !strings.Contains(out, c.image+" ") && !strings.Contains(out, c.image+"\n") || (c.device != "") != strings.Contains(out, "--n-gpu-layers 999") {
				t.Errorf("%s%s: %s", command, c.flags, out)
			}
			if c.device != "" && !strings.Contains(w.err.String(), "using nvidia.com/gpu=") {
				t.Errorf("%s%s: said %q", command, c.flags, w.err)
			}
		}
	}
	w.onHost(t, map[string]string{"etc/containers/paddock.conf": "[serve]\ngpu='0'\nbuild='b6123'\n[images]\ncpu='quay.io/x:cpu'\n"})
	if out := w.must(t, "serve", "--dry-run", tiny); !strings.Contains(out, "--device nvidia.com/gpu=0 ") || !strings.Contains(out, "llama.cpp:server-cuda-b6123 ") {
		t.Errorf("by the settings: %s", out)
	}
	if out := w.must(t, "serve", "--dry-run", "--gpu=none", tiny); !strings.Contains(out, " quay.io/x:cpu ") {
		t.Errorf("by the settings: %s", out)
	}
	if out := w.must(t, "info", "--format", "{{.Accelerator.Devices}} {{.Accelerator.Image}}"); out != "[nvidia.com/gpu=0] ghcr.io/ggml-org/llama.cpp:server-cuda-b6123\n" {
		t.Errorf("info: %q", out)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestServeGPURefuses(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.must(t, "pull", tiny)
	if code, out, err := w.run(t, "serve", "--dry-run", "--gpu", "cuda", tiny); code != 2 || out != "" || !strings.Contains(err.Error(), `"cuda"`) {
		t.Errorf("exit %d, %q, %v", code, out, err)
	}
	w.onHost(t, driverOnly())
	for _, which := range []string{"nvidia", "0", "all"} {
		if code, out, err := w.run(t, "serve", "--gpu", which, tiny); code != 1 || out != "" || !strings.Contains(err.Error(), "/dev/nvidia0 is not there") || !strings.Contains(strings.Join(Hints(err), ""), "nvidia-modprobe") {
			t.Errorf("%s: exit %d, %q, %v, %q", which, code, out, err, Hints(err))
		}
	}
	if out := w.must(t, "serve", "--dry-run", tiny); strings.Contains(out, "--device") || !strings.Contains(w.err.String(), "computing on the processor: ") {
		t.Errorf("auto: %q, %q", out, w.err)
	}
	if out := w.must(t, "info", "--format", "{{.Accelerator.Reason}}"); !strings.Contains(out, "/dev/nvidia0") {
		t.Errorf("info: %q", out)
	}
}

// TestGPUFit: of a model in the registry no more is read than its header, and of one in the store nothing is asked for.
func TestGPUFit(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.onHost(t, map[string]string{"proc/meminfo": "MemTotal: 100 kB\n", "etc/cdi/n.json": cdiSpec})
	type places struct {
		Model  string
		Places []struct {
			Place    string
			Fits     bool
			Context  int64
			Layers   int64
			Estimate struct{ Context, Weights, Cache, Compute int64 }
		}
	}
	remote := w.must(t, "gpu", "fit", "--format", "json", tiny)
	var p places
	if err := json.Unmarshal([]byte(remote), &p); err != nil || p.Model != tiny || len(p.Places) != 4 || len(w.resolved) != 1 {
		t.Fatalf("%s: %v", remote, err)
	}
	last := p.Places[3]
	if last.Place != "processor" || last.Fits || last.Estimate.Context != 512 || last.Estimate.Cache == 0 || last.Estimate.Compute == 0 || last.Estimate.Weights < 200_000 {
		t.Errorf("%+v", last)
	}
	if names := w.names(t); len(names) != 0 {
		t.Errorf("it pulled %q", names)
	}
	w.must(t, "pull", tiny)
	w.resolved = nil
	if local := w.must(t, "gpu", "fit", "--format", "json", tiny); local != remote || len(w.resolved) != 0 {
		t.Errorf("local %s\nremote %s\nasked for %q", local, remote, w.resolved)
	}
	if out := w.must(t, "gpu", "fit", "--memory", "24GiB", "-c", "1024", "--format", "{{.Place}} {{.Context}} {{.Fits}}", tiny); out != "given 1024 yes\n" {
		t.Errorf("got %q", out)
	}
	if out := w.must(t, "gpu", "fit", tiny); !strings.Contains(out, "PROPOSAL") || !strings.Contains(out, "nvidia.com/gpu=1") {
		t.Errorf("got %q", out)
	}
	for line, want := range map[string]int{"gpu fit --memory x " + tiny: 2, "gpu fit --ctx-size=-1 " + tiny: 2, "gpu fit quay.io/none:1": 3} {
		if code, _, err := w.run(t, strings.Fields(line)...); code != want {
			t.Errorf("%s: exit %d, %v", line, code, err)
		}
	}
}

// TestServeWarns: what will not fit is said before anything is downloaded, and is no reason to refuse.
func TestServeWarns(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.onHost(t, map[string]string{"proc/meminfo": "MemTotal: 600 kB\n"})
	w.runs = func([]string, *engine.Streams) error { return nil }
	w.must(t, "serve", "--ctx-size", "4096", tiny)
	if said := w.err.String(); !strings.Contains(said, "warning: "+tiny+" needs about") || strings.Index(said, "needs about") > strings.Index(said, "serving ") {
		t.Errorf("said %q", said)
	}
	w = newWorld(t)
	w.publish(t, tiny)
	w.onHost(t, map[string]string{"proc/meminfo": "MemTotal: 32000000 kB\n"})
	if w.must(t, "serve", tiny); strings.Contains(w.err.String(), "needs about") {
		t.Errorf("said %q", w.err)
	}
}

// TestServeRefusedSpec: a device that this Podman would not find is not given to it.
func TestServeRefusedSpec(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.must(t, "pull", tiny)
	for version, says := range map[string]string{"99.0.0": `its cdiVersion "99.0.0" is unknown`, "1.1.0": `its cdiVersion "1.1.0" is unknown`} {
		w.onHost(t, map[string]string{"etc/cdi/n.json": strings.Replace(cdiSpec, "0.5.0", version, 1)})
		if code, out, err := w.run(t, "serve", "--dry-run", "--gpu", "nvidia", tiny); code != exitError || out != "" || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: exit %d, %q, %v", version, code, out, err)
		}
	}
}

// TestGPUFitOfFiles: a path and a plain URL are estimated where they are, be there a model of that name in the store or not.
func TestGPUFitOfFiles(t *testing.T) {
	data := ggufFile(t).Data
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		http.ServeContent(rw, req, "", time.Time{}, bytes.NewReader(data))
	}))
	defer s.Close()
	w := hubWorld(t, nil)
	dir := t.TempDir()
	path, _ := modelAt(t, dir, "one")
	other, _ := modelAt(t, t.TempDir(), "two, longer")
	fit := func(ref string) string {
		t.Helper()
		return w.must(t, "gpu", "fit", "--memory", "1GiB", "--format", "{{.Place}} {{.Fits}} {{.Context}} {{.Weights}}", ref)
	}
	want := fit(path)
	if !strings.HasPrefix(want, "given yes 512 ") || !strings.HasPrefix(fit(s.URL+"/m.gguf"), "given yes 512 ") || len(w.names(t)) != 0 {
		t.Errorf("got %q, pulled %q", want, w.names(t))
	}
	w.must(t, "pull", path)
	if got := fit(path); got != want {
		t.Errorf("in the store %q, before %q", got, want)
	}
	fit(other)
	modelAt(t, dir, "another")
	fit(path)
	code, _, err := w.run(t, "gpu", "fit", "hf://no/such/thing/as/this?include=a&include=[")
	if code == 0 || strings.Contains(err.Error(), "pulling") {
		t.Errorf("exit %d, %v", code, err)
	}
	if code, _, err := w.run(t, "gpu", "fit", s.URL+"x/m.gguf"); code == 0 || strings.Contains(err.Error(), "pulling") {
		t.Errorf("exit %d, %v", code, err)
	}
}
