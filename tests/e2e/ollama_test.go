//go:build e2e

package e2e

import (
	"bytes"
	"strings"
	"testing"
	"time"

	fake "github.com/paddock-dev/paddock/tests/fakes/ollama"
)

// startOllama is Ollama's registry as it really behaves, in the lab's network, and the folder of its CA.
func startOllama(t *testing.T, pause time.Duration) (*fake.Registry, string) {
	t.Helper()
	reg := fake.New(t, &fake.Options{TLS: true, Pause: pause, Listen: Lab{}.Listener(t)})
	dir := strings.TrimSpace(Lab{}.MustRun(t, "mktemp", "-d", "/var/tmp/ollama.XXXXXX"))
	t.Cleanup(func() { Lab{}.Run(t, "rm", "-rf", dir) })
	Lab{}.Stdin(string(reg.CA())).MustRun(t, "sh", "-c", "cat >"+dir+"/ca.crt; chmod 755 "+dir)
	return reg, dir
}

const ollamaConfig = `{"model_format":"gguf","model_family":"llama","model_type":"1M","file_type":"F32"}`

// TestOllama: a model is pulled with its parts, served, found by its reference, and the same for everybody.
func TestOllama(t *testing.T) {
	reg, certs := startOllama(t, 0)
	reg.Publish("library/tiny:1m", ollamaConfig, fake.Layer{Kind: "model", Data: single(t).files["model.gguf"]},
		fake.Layer{Kind: "template", Data: []byte("{{ .Prompt }}")}, fake.Layer{Kind: "params", Data: []byte(`{"temperature":0.2}`)},
		fake.Layer{Kind: "license", Data: []byte("MIT License\n")})
	reg.Publish("library/tensors:1", ollamaConfig, fake.Layer{Kind: "tensor", Name: "blk.0", Data: []byte("x")})
	ref := "ollama://" + reg.Host() + "/library/tiny:1m"
	first := ""
	for _, who := range everyone(t) {
		name, digest := pulled(t, who, "--cert-dir", certs, ref)
		if want := reg.Host() + "/library/tiny:1m"; name != want || first != "" && digest != first {
			t.Errorf("%s: %s %s, want %s %s", who.name, name, digest, want, first)
		}
		first = digest
		if line := who.MustRun(t, "paddock", "serve", "--dry-run", ref); !strings.Contains(line, " --temp 0.2") || strings.Contains(line, "--chat-template") {
			t.Errorf("%s: %s", who.name, line)
		}
		served(t, who, "18231", ref)
		sent := reg.Sent()
		if _, again := pulled(t, who, "--cert-dir", certs, ref); again != digest || reg.Sent()-sent > 1<<10 {
			t.Errorf("again: %s, %d bytes", again, reg.Sent()-sent)
		}
		who.MustRun(t, "paddock", "rm", ref)
		for ref, code := range map[string]int{"/library/none:1": 3, "/library/tensors:1": 1, "/a/b/c/d": 2} {
			if r := who.Run(t, "paddock", "pull", "-q", "--cert-dir", certs, "ollama://"+reg.Host()+ref); r.Code != code {
				t.Errorf("%s: exit %d\n%s", ref, r.Code, r.Stderr)
			}
		}
	}
}

// TestOllamaLocal: blobs that Ollama has on this machine are not fetched.
func TestOllamaLocal(t *testing.T) {
	reg, certs := startOllama(t, 0)
	data := single(t).files["model.gguf"]
	reg.Publish("library/tiny:1m", ollamaConfig, fake.Layer{Kind: "model", Data: data})
	who := asRoot(t)
	who.Stdin(string(data)).MustRun(t, "sh", "-ec", `mkdir -p /root/.ollama/models/blobs; cat >/tmp/model
		mv /tmp/model /root/.ollama/models/blobs/sha256-$(sha256sum </tmp/model | cut -d' ' -f1)`)
	t.Cleanup(func() { who.Run(t, "rm", "-rf", "/root/.ollama") })
	name, _ := pulled(t, who, "--cert-dir", certs, "ollama://"+reg.Host()+"/tiny:1m")
	if n := reg.Sent(); n > 1<<10 {
		t.Errorf("%d bytes fetched", n)
	}
	assertStoreVerified(t, who)
	who.MustRun(t, "paddock", "rm", name)
}

// TestOllamaResume: what was killed goes on.
func TestOllamaResume(t *testing.T) {
	reg, certs := startOllama(t, 4*time.Millisecond)
	data := append([]byte("GGUF"), bytes.Repeat([]byte("0123456789abcdef"), 8<<20)...)
	reg.Publish("library/big:1", ollamaConfig, fake.Layer{Kind: "model", Data: data})
	for _, who := range everyone(t) {
		before := reg.Sent()
		ref := "ollama://" + reg.Host() + "/library/big:1"
		killed(t, who, int64(len(data)), "--cert-dir", certs, ref)
		if n := reg.Sent() - before; n > int64(len(data))+96<<20 {
			t.Errorf("%s: %d bytes sent for %d", who.name, n, len(data))
		}
		who.MustRun(t, "paddock", "rm", ref)
	}
}
