//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestImages: an image that carries a model is pulled into Podman's own storage, as root and as a user, served from there under
// its publisher's paths, and removed. Each has one of the four kinds; TestPackagings has all of them.
func TestImages(t *testing.T) {
	people := everyone(t)
	reg := startRegistry(t, nil)
	m := split(t)
	for i, kind := range []string{"raw", "kserve"} {
		who, image, name := people[i], builtImages(m)[kind], reg.Addr+"/m/"+kind+":1"
		image.publish(t, reg, name, m)
		t.Run(who.name+"/"+kind, func(t *testing.T) { testImage(t, who, name, image.packaging, m) })
	}
}

func testImage(t *testing.T, who place, name, packaging string, m model) {
	t.Cleanup(func() { who.Run(t, "podman", "rmi", "-f", name) })
	pulled := strings.TrimSpace(who.MustRun(t, "paddock", "pull", "--tls-verify=false", name))
	if line := imageLine(t, who, name); line != pulled {
		t.Errorf("podman images shows %q, paddock pulled %q", line, pulled)
	}
	assertImage(t, who, name, packaging)
	const container = "image"
	t.Cleanup(func() { who.Run(t, "podman", "rm", "-f", "-i", "-t", "0", container) })
	who.MustRun(t, "paddock", "serve", "-d", "--name", container, "--image", llamaImage, "--port", "18210", name, "--", "--threads", "1")
	assertTree(t, who, container, m)
	assertChat(t, who, "18210")
	assertHardened(t, who, container)
	if r := who.Run(t, "paddock", "rm", name); r.Code != 1 || !strings.Contains(r.Stderr, "in use") {
		t.Errorf("rm of an image that is in use: exit %d, %s", r.Code, r.Stderr)
	}
	who.MustRun(t, "podman", "rm", "-f", "-t", "0", container)
	who.MustRun(t, "paddock", "rm", name)
	if line := imageLine(t, who, name); line != "" {
		t.Errorf("after rm podman images shows %q", line)
	}
}

// assertImage checks what the commands say of an image, and that they leave other images alone.
func assertImage(t *testing.T, who place, name, packaging string) {
	t.Helper()
	var seen struct {
		Kind, Packaging, Main, Store string
		GGUF                         *struct{ Architecture string }
	}
	if err := json.Unmarshal([]byte(who.MustRun(t, "paddock", "inspect", name)), &seen); err != nil {
		t.Fatal(err)
	}
	if seen.Kind != "image" || seen.Packaging != packaging || seen.Main != "a/b/m-00001-of-00003.gguf" || seen.GGUF == nil || seen.GGUF.Architecture != "llama" {
		t.Errorf("inspect: %+v", seen)
	}
	if ls := who.MustRun(t, "paddock", "ls", "-q"); strings.TrimSpace(ls) != name {
		t.Errorf("ls: %q", ls)
	}
	if df := who.MustRun(t, "paddock", "df", "-v"); !strings.Contains(df, name) {
		t.Errorf("df: %s", df)
	}
	who.MustRun(t, "paddock", "ensure", "--verify", name)
	who.MustRun(t, "paddock", "prune")
	who.MustRun(t, "paddock", "doctor")
}

// TestImageIndex: behind an index with an attestation is one image. Its layers were compressed: to the registry that has them it
// is pushed as it was, to another under another digest, as the same image.
func TestImageIndex(t *testing.T) {
	who := asRoot(t)
	reg, other := startRegistry(t, nil), startRegistry(t, nil)
	m := split(t)
	name := reg.Addr + "/m/raw:1"
	builtImages(m)["raw"].publish(t, reg, name, m)
	attest(t, reg, name, reg.Addr+"/m/raw:index")
	digest := strings.TrimSpace(reg.oras(t, "/", append(append([]string{"resolve"}, reg.flags()...), name)...))
	pulled := strings.TrimSpace(who.MustRun(t, "paddock", "pull", "--tls-verify=false", reg.Addr+"/m/raw:index"))
	if pulled != reg.Addr+"/m/raw:index "+digest {
		t.Errorf("pulled %q, want the digest %s", pulled, digest)
	}
	for _, dest := range []string{name, reg.Addr + "/m/same:1"} {
		if kept := digestIn(t, who.MustRun(t, "paddock", "push", "-q", "--tls-verify=false", reg.Addr+"/m/raw:index", dest)); kept != digest {
			t.Errorf("%s: pushed %s, want %s", dest, kept, digest)
		}
	}
	again := other.Addr + "/m/again:1"
	pushed := digestIn(t, who.MustRun(t, "paddock", "push", "-q", "--tls-verify=false", reg.Addr+"/m/raw:index", again))
	if pushed == digest {
		t.Errorf("the digest of compressed layers, %s, is that of uncompressed ones", pushed)
	}
	before := who.MustRun(t, "podman", "image", "inspect", "--format", "{{.Id}}", reg.Addr+"/m/raw:index")
	who.MustRun(t, "paddock", "rm", reg.Addr+"/m/raw:index")
	if after := who.MustRun(t, "podman", "pull", "-q", "--tls-verify=false", again); after != before {
		t.Errorf("what was pushed is the image %s, not %s", after, before)
	}
	assertImage(t, who, again, "ramalama-image")
	who.MustRun(t, "paddock", "rm", "--all")
	if left := who.MustRun(t, "paddock", "ls", "-q"); left != "" || imageLine(t, who, llamaImage) == "" {
		t.Errorf("after rm --all paddock shows %q, and the server's image must stay", left)
	}
}

// TestImageRefused: an image without a model leaves nothing.
func TestImageRefused(t *testing.T) {
	reg := startRegistry(t, nil)
	name := reg.Addr + "/m/none:1"
	builtImage{"", "FROM localhost/busybox:lab\nCOPY data/models/model.gguf /model.gguf\n"}.publish(t, reg, name, single(t))
	for _, who := range everyone(t) {
		before := who.MustRun(t, "podman", "images", "-a", "-q")
		if r := who.Run(t, "paddock", "pull", "--tls-verify=false", name); r.Code != 1 || !strings.Contains(r.Stderr, "no weights below /models") {
			t.Errorf("%s: exit %d, %s", who.name, r.Code, r.Stderr)
		}
		if after := who.MustRun(t, "podman", "images", "-a", "-q"); after != before {
			t.Errorf("%s: left images: %q, before %q", who.name, after, before)
		}
	}
}

// TestImageService: a service of an image starts without its registry, from the digest that it was installed with.
func TestImageService(t *testing.T) {
	NeedPaddock(t)
	b := Boot(t)
	reg := registryIn(t, b.Lab, nil)
	m := split(t)
	name := reg.Addr + "/m/raw:1"
	builtImages(m)["raw"].publish(t, reg, name, m)
	users := b.everyone()
	for _, who := range users {
		out := who.Run(t, "paddock", "quadlet", "install", "--tls-verify=false", "--name", "img."+who.name, "--image", llamaImage, "--port", who.port, name, "--", "--threads", "1")
		if out.Code != 0 {
			t.Fatalf("%s: install: exit %d, %s", who.name, out.Code, out.Stderr)
		}
		if unit := who.MustRun(t, "paddock", "quadlet", "print", "img."+who.name); !strings.Contains(unit, "Mount=type=image,source="+repository(name)+"@sha256:") {
			t.Errorf("%s: the unit mounts no pinned image:\n%s", who.name, unit)
		}
	}
	reg.Stop(t)
	for _, who := range users {
		who.MustRun(t, who.systemctl("start", "img."+who.name+".service")...)
		if s := who.waitActive(t, "img."+who.name); s != "active" {
			t.Fatalf("%s: the service is %s\n%s", who.name, s, who.journal(t, "img."+who.name))
		}
		assertTree(t, who.place, "img."+who.name, m)
		assertChat(t, who.place, who.port)
		who.MustRun(t, "paddock", "quadlet", "rm", "img."+who.name)
		if left := strings.TrimSpace(who.MustRun(t, "paddock", "ls", "-q")); left != name {
			t.Errorf("%s: after rm there is %q", who.name, left)
		}
		who.MustRun(t, "paddock", "rm", name)
	}
}
