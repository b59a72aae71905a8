//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// listed is one row of paddock ls --format json.
type listed struct {
	Name, Kind, Packaging, Digest, Created, Store string
	Size                                          int64
}

func paddockLs(t *testing.T, in place) map[string]listed {
	t.Helper()
	var rows []listed
	if err := json.Unmarshal([]byte(in.MustRun(t, "paddock", "ls", "--format", "json")), &rows); err != nil {
		t.Fatalf("paddock ls --format json: %v", err)
	}
	m := map[string]listed{}
	for _, r := range rows {
		m[r.Name] = r
	}
	return m
}

func podmanHas(t *testing.T, in place, name string) bool {
	t.Helper()
	out := in.MustRun(t, "podman", "artifact", "ls", "--noheading", "--format", "{{.Repository}}:{{.Tag}}")
	for _, l := range strings.Split(out, "\n") {
		if strings.TrimSpace(l) == name {
			return true
		}
	}
	return false
}

// TestInterop: what paddock pulls Podman shows, and the reverse; what one removes the other no longer shows.
func TestInterop(t *testing.T) {
	reg := startRegistry(t, nil)
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			a, b := reg.Addr+"/m/ours-"+who.name+":1", reg.Addr+"/m/theirs-"+who.name+":1"
			da := pushModelPack(t, reg, a, single(t))
			db := pushTitled(t, reg, b, single(t))

			out := who.MustRun(t, "paddock", "pull", "--tls-verify=false", a)
			if !strings.Contains(out, a) || !strings.Contains(out, da) {
				t.Errorf("pull printed %q, want the name and %s", out, da)
			}
			if got := who.MustRun(t, "podman", "artifact", "inspect", "--format", "{{.Digest}}", a); !strings.Contains(got, da) {
				t.Errorf("podman artifact inspect says %q, the publisher %s", got, da)
			}
			if !podmanHas(t, who, a) {
				t.Errorf("podman artifact ls does not show %s", a)
			}

			who.MustRun(t, "podman", "artifact", "pull", "--tls-verify=false", b)
			rows := paddockLs(t, who)
			if r := rows[a]; r.Digest != da || r.Packaging != "modelpack" || r.Kind != "artifact" || r.Store != "podman" || r.Size <= 0 {
				t.Errorf("paddock ls of %s: %+v", a, r)
			}
			if r := rows[b]; r.Digest != db || r.Packaging != "artifact" {
				t.Errorf("paddock ls of %s: %+v", b, r)
			}

			who.MustRun(t, "paddock", "rm", b)
			who.MustRun(t, "podman", "artifact", "rm", a)
			if podmanHas(t, who, b) || podmanHas(t, who, a) {
				t.Error("podman still shows a removed artifact")
			}
			if rows := paddockLs(t, who); len(rows) != 0 {
				t.Errorf("paddock still shows %v", rows)
			}
			if r := who.Run(t, "paddock", "rm", a); r.Code != 3 {
				t.Errorf("rm of what is gone: exit %d, %s", r.Code, r.Stderr)
			}
			who.MustRun(t, "paddock", "rm", "--ignore", a)
			assertStoreWhole(t, who)
		})
	}
}

// TestMovedTag: a tag that moved is updated, leaves no unnamed entry, and its old content goes.
func TestMovedTag(t *testing.T) {
	reg := startRegistry(t, nil)
	for _, who := range everyone(t) {
		t.Run(who.name, func(t *testing.T) {
			name := reg.Addr + "/m/moved-" + who.name + ":1"
			first := pushTitled(t, reg, name, single(t))
			who.MustRun(t, "paddock", "pull", "--tls-verify=false", name)
			second := pushModelPack(t, reg, name, split(t))
			who.MustRun(t, "paddock", "pull", "--tls-verify=false", name)
			if first == second {
				t.Fatal("the tag did not move")
			}
			if r := paddockLs(t, who)[name]; r.Digest != second {
				t.Errorf("after the move: %+v, want %s", r, second)
			}
			who.MustRun(t, "podman", "artifact", "ls")
			assertStoreWhole(t, who)
			who.MustRun(t, "paddock", "rm", name)
			if left := who.MustRun(t, "sh", "-c", "ls -A "+storeDir(t, who)+"/blobs/sha256"); strings.TrimSpace(left) != "" {
				t.Errorf("blobs left after the last name was removed: %s", left)
			}
		})
	}
}

// TestImageIsSaid: the name of a container image is recognised as one.
func TestImageIsSaid(t *testing.T) {
	reg := startRegistry(t, nil)
	root := asRoot(t)
	name := reg.Addr + "/m/busybox:1"
	root.MustRun(t, "skopeo", "copy", "-q", "--dest-tls-verify=false", "containers-storage:localhost/busybox:lab", "docker://"+name)
	r := root.Run(t, "paddock", "pull", "--tls-verify=false", name)
	if r.Code != 1 || !strings.Contains(r.Stderr, "image") || !strings.Contains(r.Stderr, "podman pull") {
		t.Errorf("exit %d, %s", r.Code, r.Stderr)
	}
	if rows := paddockLs(t, root); len(rows) != 0 {
		t.Errorf("the store has %v", rows)
	}
}
