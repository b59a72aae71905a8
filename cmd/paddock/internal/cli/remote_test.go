package cli

import (
	"encoding/json"
	"strings"
	"testing"

	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// TestInspectRemote: what is said of a model at its origin is what is said of it in the store, and costs a small part of it.
func TestInspectRemote(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	data, err := fixtures.GGUF(&fixtures.Options{Embd: 512})
	if err != nil {
		t.Fatal(err)
	}
	p.file(t, "model.gguf", string(data)+strings.Repeat("\x00", 8<<20))
	name := p.at.Host() + "/org/m:1"
	p.must(t, "pack", "-t", "m", p.dir)
	p.must(t, "push", "localhost/m", name)
	p.newStore(t)
	p.at.Forget()
	remote := p.must(t, "inspect", "--remote", name)
	if sent := p.at.BytesSent(); sent > 2<<20 {
		t.Errorf("%d bytes were read", sent)
	}
	if models, err := p.store.List(t.Context()); err != nil || len(models) > 0 {
		t.Errorf("the store has %v, %v", models, err)
	}
	p.must(t, "pull", "-q", name)
	var here, there map[string]any
	for text, to := range map[string]*map[string]any{remote: &there, p.must(t, "inspect", name): &here} {
		if err := json.Unmarshal([]byte(text), to); err != nil {
			t.Fatal(err)
		}
	}
	if here["store"] != "podman" || there["store"] != "" || there["gguf"] == nil {
		t.Errorf("stores %v and %v, facts %v", here["store"], there["store"], there["gguf"])
	}
	delete(here, "store")
	delete(there, "store")
	a, errA := json.Marshal(here)
	b, errB := json.Marshal(there)
	if string(a) != string(b) || errA != nil || errB != nil {
		t.Errorf("in the store\n%s\nat the origin\n%s", a, b)
	}
	if code, _, err := p.run(t, "inspect", "--remote", p.at.Host()+"/org/m:2"); code != exitNotFound {
		t.Errorf("%d, %v", code, err)
	}
	if code, _, err := p.run(t, "inspect", "--tls-verify=false", name); code != exitUsage {
		t.Errorf("%d, %v", code, err)
	}
}
