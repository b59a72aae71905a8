//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/paddock-dev/paddock/tests/fixtures"
)

// TestInspectRemote: of a GGUF file of 2 GiB less than 16 MiB are read, and what is said of it is what inspect says after the pull.
func TestInspectRemote(t *testing.T) {
	const size = 2 << 30
	reg := startRegistry(t, nil)
	data, err := fixtures.GGUF(&fixtures.Options{})
	if err != nil {
		t.Fatal(err)
	}
	root := asRoot(t)
	dir := root.temp(t)
	root.Stdin(string(data)).MustRun(t, "sh", "-c", fmt.Sprintf("cat >%s/model.gguf; truncate -s %d %s/model.gguf", dir, size, dir))
	name := reg.Addr + "/team/big:1"
	root.configure(t, "registries.conf.d/lab.conf", insecure(reg))
	root.MustRun(t, "paddock", "pack", "-q", "-t", name, dir)
	root.MustRun(t, "paddock", "push", "-q", name)
	var here, there map[string]any
	decode := func(text string, to *map[string]any) {
		if err := json.Unmarshal([]byte(text), to); err != nil {
			t.Fatal(err)
		}
		delete(*to, "store")
	}
	decode(root.MustRun(t, "paddock", "inspect", name), &here)
	root.MustRun(t, "paddock", "rm", name)
	read := 0
	for _, r := range reg.during(t, func() { decode(root.MustRun(t, "paddock", "inspect", "--remote", name), &there) }) {
		read += r.bytes
	}
	if read == 0 || read > 16<<20 {
		t.Errorf("%d bytes were read", read)
	}
	t.Logf("%d bytes were read of %d", read, size)
	if there["gguf"] == nil || !reflect.DeepEqual(here, there) {
		t.Errorf("in the store\n%v\nat the origin\n%v", here, there)
	}
}
