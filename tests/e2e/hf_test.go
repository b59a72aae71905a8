//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/tests/fakes/cdn"
	"github.com/paddock-dev/paddock/tests/fakes/hf"
	"github.com/paddock-dev/paddock/tests/fakes/modelscope"
)

// hubWeights is a small GGUF model, and one that takes a while.
func hubWeights(t testing.TB) (small, large []byte) {
	t.Helper()
	return single(t).files["model.gguf"], bytes.Repeat([]byte("a large model, a piece of sixty-four bytes that comes again....\n"), 1<<20)
}

// TestHuggingFace: root and an ordinary user pull a gated repository by a token, serve it, and have the same digest; podman
// shows what it is.
func TestHuggingFace(t *testing.T) {
	people := everyone(t)
	small, _ := hubWeights(t)
	hub := hf.New(t, &hf.Options{Token: "hf_lab", PageSize: 2, Listen: Lab{}.Listener(t)})
	hub.Put(&hf.Repo{ID: "Org/Tiny-GGUF", License: "mit", Gated: true}, map[string]hf.File{
		"README.md": {Data: []byte("# tiny")}, "tiny-Q4_K_M.gguf": {Data: small, LFS: true}, "tiny-Q8_0.gguf": {Data: append(small[:len(small):len(small)], 0), LFS: true},
	})
	hub.Put(&hf.Repo{ID: "Org/Tensors"}, map[string]hf.File{
		"config.json": {Data: []byte(`{"architectures":["X"]}`)}, "model.safetensors": {Data: small, LFS: true}, "tokenizer.json": {Data: []byte("{}")},
	})
	digests := map[string]string{}
	for _, who := range people {
		t.Run(who.name, func(t *testing.T) {
			env := who.Env("HF_ENDPOINT=" + hub.URL())
			if r := env.Run(t, "paddock", "pull", "hf://Org/Tiny-GGUF"); r.Code != 4 || !strings.Contains(r.Stderr, "ask for access at https://huggingface.co/Org/Tiny-GGUF") {
				t.Errorf("without a token: exit %d, %s", r.Code, r.Stderr)
			}
			env = env.Env("HF_TOKEN=hf_lab")
			container := "hf-" + who.name
			t.Cleanup(func() { who.Run(t, "podman", "rm", "-f", "-i", "-t", "0", container) })
			env.MustRun(t, "paddock", "serve", "-d", "--name", container, "--image", llamaImage, "--port", "18210", "hf://Org/Tiny-GGUF", "--", "--threads", "1")
			assertChat(t, who, "18210")
			who.MustRun(t, "podman", "rm", "-f", "-t", "0", container)
			if ls := who.MustRun(t, "podman", "artifact", "ls"); !strings.Contains(ls, "hf.co/org/tiny-gguf") {
				t.Errorf("podman artifact ls: %s", ls)
			}
			for _, reference := range []string{"hf://Org/Tiny-GGUF:q4_k_m", "https://huggingface.co/Org/Tensors"} {
				line := env.MustRun(t, "paddock", "pull", "-q", reference)
				if digests[reference] == "" {
					digests[reference] = line
				}
				if line != digests[reference] {
					t.Errorf("%s has another digest here: %s, %s", reference, line, digests[reference])
				}
				// a second machine state: nothing is left of the first
				who.MustRun(t, "paddock", "rm", reference)
				if again := env.MustRun(t, "paddock", "pull", "-q", reference); again != line {
					t.Errorf("%s has another digest after rm: %s, %s", reference, again, line)
				}
				before, sent := len(hub.Requests()), hub.CDN.Sent()
				env.MustRun(t, "paddock", "pull", "-q", reference)
				if n := len(hub.Requests()) - before; n > 3 || hub.CDN.Sent() != sent {
					t.Errorf("pulling %s again takes %d requests, %d bytes: %q", reference, n, hub.CDN.Sent()-sent, hub.Requests()[before:])
				}
			}
			// what Hugging Face's own tools have fetched is not fetched again
			who.MustRun(t, "paddock", "rm", "hf://Org/Tiny-GGUF")
			sum := sha256.Sum256(small)
			cached := "$HOME/.cache/huggingface/hub/models--Org--Tiny-GGUF/blobs/" + hex.EncodeToString(sum[:])
			who.Stdin(string(small)).MustRun(t, "sh", "-ec", `mkdir -p "$(dirname "`+cached+`")"; cat >"`+cached+`"`)
			sent := hub.CDN.Sent()
			env.MustRun(t, "paddock", "pull", "-q", "hf://Org/Tiny-GGUF:Q4_K_M")
			if hub.CDN.Sent() != sent {
				t.Errorf("%d bytes were fetched of what is in the cache", hub.CDN.Sent()-sent)
			}
			who.MustRun(t, "sh", "-c", `rm -r "$HOME/.cache/huggingface"`)
			assertStoreVerified(t, who)
			who.MustRun(t, "paddock", "rm", "hf://Org/Tiny-GGUF", "hf://Org/Tensors")
		})
	}
}

// TestHuggingFaceInterrupted: after a SIGKILL the next pull fetches what is missing, and little more.
func TestHuggingFaceInterrupted(t *testing.T) {
	people := everyone(t)
	_, large := hubWeights(t)
	hub := hf.New(t, &hf.Options{Listen: Lab{}.Listener(t)})
	hub.Put(&hf.Repo{ID: "Org/Large-GGUF"}, map[string]hf.File{"large-Q4_K_M.gguf": {Data: large, LFS: true}})
	for _, who := range people {
		t.Run(who.name, func(t *testing.T) {
			interrupted(t, who, hub.CDN, len(large), "HF_ENDPOINT="+hub.URL(), "hf://Org/Large-GGUF", "hf.co/org/large-gguf:Q4_K_M")
		})
	}
}

// interrupted kills a pull in its middle and pulls again.
func interrupted(t *testing.T, who place, from *cdn.CDN, size int, env, reference, name string) {
	t.Helper()
	before := from.Sent()
	from.Break(&cdn.Fault{Pace: 4 << 20})
	now := "/tmp/now-" + who.name
	enough, signalled := from.After(int64(size)/4), make(chan struct{})
	go func() {
		defer close(signalled)
		<-enough
		who.Run(t, "touch", now)
	}()
	r := who.Env(env).Run(t, "bash", "-c", fmt.Sprintf(
		`rm -f %[2]s; paddock pull -q --no-local %[1]s & p=$!
		until [ -e %[2]s ] || ! kill -0 $p 2>/dev/null; do :; done
		kill -KILL $p; wait $p; echo "exit $?"; rm -f %[2]s`, reference, now))
	if !strings.Contains(r.Stdout, "exit 137") {
		t.Fatalf("the pull was not killed: %s%s", r.Stdout, r.Stderr)
	}
	<-signalled
	if podmanHas(t, who, name) {
		t.Error("the name is there")
	}
	assertStoreWhole(t, who)
	from.Break(nil)
	from.Expire() // as signatures do until somebody comes back
	who.Env(env).MustRun(t, "paddock", "pull", "-q", "--no-local", reference)
	if sent := from.Sent() - before; sent > int64(size)*5/4 {
		t.Errorf("%d bytes were sent for a model of %d", sent, size)
	}
	assertStoreVerified(t, who)
	who.MustRun(t, "paddock", "rm", reference)
}

// TestModelScope: as TestHuggingFace and TestHuggingFaceInterrupted.
func TestModelScope(t *testing.T) {
	people := everyone(t)
	small, large := hubWeights(t)
	site := modelscope.New(t, &modelscope.Options{Listen: Lab{}.Listener(t)})
	commit := strings.Repeat("0123456789", 4)
	site.Put(&modelscope.Repo{ID: "Org/Tiny", Commit: commit, Files: map[string][]byte{"tiny-Q4_K_M.gguf": small, "README.md": []byte("# tiny")}})
	site.Put(&modelscope.Repo{ID: "Org/Large", Commit: commit, Files: map[string][]byte{"large-Q4_K_M.gguf": large}})
	line := ""
	for _, who := range people {
		t.Run(who.name, func(t *testing.T) {
			domain := "MODELSCOPE_DOMAIN=" + site.URL()
			container := "ms-" + who.name
			t.Cleanup(func() { who.Run(t, "podman", "rm", "-f", "-i", "-t", "0", container) })
			who.Env(domain).MustRun(t, "paddock", "serve", "-d", "--name", container, "--image", llamaImage, "--port", "18211", "ms://Org/Tiny", "--", "--threads", "1")
			assertChat(t, who, "18211")
			who.MustRun(t, "podman", "rm", "-f", "-t", "0", container)
			got := who.Env(domain).MustRun(t, "paddock", "pull", "-q", "ms://Org/Tiny")
			if line == "" {
				line = got
			}
			if got != line {
				t.Errorf("another digest: %s, %s", got, line)
			}
			who.MustRun(t, "paddock", "rm", "ms://Org/Tiny")
			interrupted(t, who, site.CDN, len(large), domain, "ms://Org/Large", "modelscope.cn/org/large:Q4_K_M")
		})
	}
}
