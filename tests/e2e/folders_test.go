//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// folderHost is a machine, as one person sees it, whose engine has no artifact store: models are in a folder.
type folderHost struct {
	place
	engine string
	store  string // the folder
	port   string // for servers
}

func (h folderHost) serve(container string) []string {
	return []string{"paddock", "serve", "-d", "--tls-verify=false", "--name", container, "--image", llamaImage, "--port", h.port}
}

// stop removes a container.
func (h folderHost) stop(t *testing.T, container string) {
	t.Helper()
	h.Run(t, h.engine, "rm", "-f", container)
}

// layout is the folder of a name.
func (h folderHost) layout(name string) string {
	at := strings.LastIndex(name, ":")
	encode := strings.NewReplacer("/", "+", ":", "~")
	return h.store + "/models/" + encode.Replace(name[:at]) + "/" + name[at+1:]
}

// testFolders is what must be so on every such machine. An ordinary user, whose folder is at another place, does some of it.
func testFolders(t *testing.T, hosts []folderHost, reg registry) {
	for i, h := range hosts {
		t.Run(h.name, func(t *testing.T) {
			info := h.MustRun(t, "paddock", "info", "--format", "{{.Engine.Name}} {{.Store.Kind}} {{.Store.Path}}")
			if strings.TrimSpace(info) != h.engine+" dir "+h.store {
				t.Fatalf("paddock info: %s", info)
			}
			if i > 0 {
				t.Run("serve", func(t *testing.T) { testFolderServe(t, h, reg, repeating(t)) })
				return
			}
			t.Run("serve", func(t *testing.T) { testFolderServe(t, h, reg, archived(t)) })
			t.Run("names", func(t *testing.T) { testFolderNames(t, h, reg) })
			t.Run("interrupted", func(t *testing.T) { testFolderInterrupted(t, h, reg) })
			t.Run("upkeep", func(t *testing.T) { testFolderUpkeep(t, h, reg) })
		})
	}
}

// testFolderServe: what has to be unpacked is served under its publisher's paths, and goes without a trace.
func testFolderServe(t *testing.T, h folderHost, reg registry, p packedModel) {
	name := fmt.Sprintf("%s/m/packed-%s:1", reg.Addr, h.name)
	d := p.push(t, reg, name)
	assertFolderServes(t, h, name, p.files)
	if rows := paddockLs(t, h.place); len(rows) != 1 || rows[name].Digest != d.String() {
		t.Errorf("paddock ls: %+v", rows)
	}
	assertSkopeoReads(t, h, name, d.String())
	h.MustRun(t, "paddock", "rm", name)
	assertFolderEmpty(t, h)
}

func assertFolderServes(t *testing.T, h folderHost, name string, m model) {
	t.Helper()
	container := "folder-" + h.name
	h.stop(t, container)
	defer h.stop(t, container)
	h.MustRun(t, append(h.serve(container), name, "--", "--threads", "1")...)
	assertTreeBy(t, h.place, h.engine, container, m)
	assertChat(t, h.place, h.port)
}

// assertSkopeoReads checks that the layout of a name is a dir: of its publisher's manifest, to other tools.
func assertSkopeoReads(t *testing.T, h folderHost, name, digest string) {
	t.Helper()
	raw := h.MustRun(t, "sh", "-c", "skopeo inspect --raw dir:"+h.layout(name)+" | sha256sum")
	if "sha256:"+strings.Fields(raw)[0] != digest {
		t.Errorf("skopeo inspect dir: of %s: %s, want %s", name, raw, digest)
	}
	h.MustRun(t, "sh", "-ec", "d=$(mktemp -d); skopeo copy -q --preserve-digests dir:"+h.layout(name)+" dir:$d; rm -r $d")
}

// testFolderNames: two names share their files, and removing one leaves the other's.
func testFolderNames(t *testing.T, h folderHost, reg registry) {
	m := split(t)
	a, b := reg.Addr+"/m/a-"+h.name+":1", reg.Addr+"/m/b-"+h.name+":2"
	pushModelPack(t, reg, a, m)
	pushModelPack(t, reg, b, m)
	h.MustRun(t, "paddock", "pull", "--tls-verify=false", a)
	h.MustRun(t, "paddock", "pull", "--tls-verify=false", b)
	const inodes = `find "$0" "$1" -type f -size +2k -printf '%i\n' | sort | uniq -c | grep -c ' 2 '`
	if n := strings.TrimSpace(h.MustRun(t, "sh", "-c", inodes, h.layout(a), h.layout(b))); n != "3" {
		t.Errorf("%s weights are shared", n)
	}
	h.MustRun(t, "paddock", "rm", a)
	assertFolderServes(t, h, b, m)
	h.MustRun(t, "paddock", "rm", b)
	assertFolderEmpty(t, h)
}

// testFolderInterrupted: a killed pull names nothing, and the next one goes on where it ended.
func testFolderInterrupted(t *testing.T, h folderHost, reg registry) {
	name := reg.Addr + "/m/big-" + h.name + ":1"
	pushTitled(t, reg, name, big(t, 256<<20))
	for _, signal := range []string{"INT", "KILL"} {
		r := h.Run(t, "bash", "-c", fmt.Sprintf(
			`paddock pull -q --tls-verify=false %s & p=$!
			until [ -n "$(find %s -type f -size +0c 2>/dev/null)" ] || ! kill -0 $p 2>/dev/null; do :; done
			kill -%s $p 2>/dev/null; wait $p; echo "exit $?"`, name, h.store+"/staging", signal))
		if strings.Contains(r.Stdout, "exit 0") {
			h.MustRun(t, "paddock", "rm", name) // it was quicker than the signal
			continue
		}
		if rows := paddockLs(t, h.place); len(rows) != 0 {
			t.Errorf("after %s there is %v", signal, rows)
		}
	}
	h.MustRun(t, "paddock", "pull", "--tls-verify=false", name)
	h.MustRun(t, "paddock", "ensure", "--verify", name)
	h.MustRun(t, "paddock", "rm", name)
	assertFolderEmpty(t, h)
}

// testFolderUpkeep: damage is found and repaired, and what a pull left can be pruned.
func testFolderUpkeep(t *testing.T, h folderHost, reg registry) {
	name := reg.Addr + "/m/upkeep-" + h.name + ":1"
	p := archived(t)
	p.push(t, reg, name)
	h.MustRun(t, "paddock", "pull", "--tls-verify=false", name)
	var df struct {
		Models []struct{ Name string }
		Total  int64
	}
	if err := json.Unmarshal([]byte(h.MustRun(t, "paddock", "df", "--format", "json")), &df); err != nil || len(df.Models) != 1 || df.Total == 0 {
		t.Errorf("paddock df: %+v, %v", df, err)
	}
	h.MustRun(t, "sh", "-c", "find "+h.layout(name)+" -type f -size +2k -delete")
	if r := h.Run(t, "paddock", "doctor"); r.Code == 0 || !strings.Contains(r.Stdout+r.Stderr, name) {
		t.Errorf("doctor: exit %d, %s%s", r.Code, r.Stdout, r.Stderr)
	}
	h.MustRun(t, "paddock", "ensure", "--tls-verify=false", name)
	assertFolderServes(t, h, name, p.files)
	h.MustRun(t, "paddock", "doctor")
	if out := h.MustRun(t, "paddock", "inspect", name); !strings.Contains(out, `"packaging": "modelpack"`) || !strings.Contains(out, `"a/b/m-00001-of-00003.gguf"`) {
		t.Errorf("paddock inspect: %s", out)
	}
	h.MustRun(t, "paddock", "prune")
	h.MustRun(t, "paddock", "rm", name)
	assertFolderEmpty(t, h)
}

// assertFolderEmpty checks that nothing of any model is left.
func assertFolderEmpty(t *testing.T, h folderHost) {
	t.Helper()
	left := h.MustRun(t, "sh", "-c", "[ ! -e "+h.store+" ] || find "+h.store+" -type f -size +0c")
	if strings.TrimSpace(left) != "" {
		t.Errorf("files left: %s", left)
	}
}
