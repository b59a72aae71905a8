//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// dockerImage is the ID of an image in Docker by a name; "" if there is none.
func dockerImage(t *testing.T, in place, name string) string {
	t.Helper()
	return strings.TrimSpace(in.MustRun(t, "docker", "image", "ls", "--no-trunc", "--format", "{{.ID}}", name))
}

// TestDockerImage: an image that carries a model is loaded into Docker, under its name and with its publisher's config, mounted
// from there with the tree that Podman sees, and removed as Docker's images are. It is an image of one kind, for an ordinary user;
// TestPackagings has all of them.
func TestDockerImage(t *testing.T) {
	who := dockerHosts(t)[1]
	reg := startRegistry(t, nil)
	m := split(t)
	image, name, container := builtImages(m)["car"], reg.Addr+"/m/docker-car:1", "docker-image"
	image.publish(t, reg, name, m)
	t.Cleanup(func() {
		who.stop(t, container)
		who.Run(t, "docker", "image", "rm", "-f", name)
	})
	if kind := who.MustRun(t, "paddock", "info", "--format", "{{.Store.Images.Kind}}"); strings.TrimSpace(kind) != "docker" {
		t.Fatalf("info: images are in %s", kind)
	}
	others := who.MustRun(t, "docker", "image", "ls", "-q")
	pulled := who.MustRun(t, "paddock", "pull", "--tls-verify=false", name)
	var manifest struct{ Config struct{ Digest string } }
	if err := json.Unmarshal([]byte(who.MustRun(t, "paddock", "inspect", "--raw", name)), &manifest); err != nil {
		t.Fatal(err)
	}
	if id := dockerImage(t, who.place, name); id == "" || id != manifest.Config.Digest {
		t.Errorf("docker has %q, not the config %s", id, manifest.Config.Digest)
	}
	if again := who.MustRun(t, "paddock", "pull", "--tls-verify=false", name); again != pulled {
		t.Errorf("pulled %q, and then %q", pulled, again)
	}
	assertImage(t, who.place, name, image.packaging)
	who.MustRun(t, append(who.serve(container), name, "--", "--threads", "1")...)
	assertTreeBy(t, who.place, "docker", container, m)
	assertChat(t, who.place, who.port)
	if mounts := who.MustRun(t, "docker", "inspect", "--format", "{{json .HostConfig.Mounts}}", container); !strings.Contains(mounts, `"Type":"image","Source":"`+name+`"`) {
		t.Errorf("mounted as %s", mounts)
	}
	if r := who.Run(t, "docker", "exec", container, "sh", "-c", "echo x >/models/x"); r.Code == 0 {
		t.Error("the model can be written to")
	}
	if r := who.Run(t, "paddock", "rm", name); r.Code != 1 || !strings.Contains(r.Stderr, "is using") || dockerImage(t, who.place, name) == "" {
		t.Errorf("rm of an image that is in use: exit %d, %s", r.Code, r.Stderr)
	}
	who.stop(t, container)
	who.MustRun(t, "paddock", "rm", name)
	if after := who.MustRun(t, "docker", "image", "ls", "-q"); after != others {
		t.Errorf("after rm Docker has %q, before the pull %q", after, others)
	}
	if left := who.MustRun(t, "paddock", "ls", "-q"); left != "" {
		t.Errorf("after rm there is %q", left)
	}
	assertFolderEmpty(t, who)
	if left := who.MustRun(t, "docker", "ps", "-aq"); left != "" {
		t.Errorf("containers were left: %s", left)
	}
}

// TestDockerImageRefused: an image without a model leaves nothing, neither in Docker nor beside it.
func TestDockerImageRefused(t *testing.T) {
	who := dockerHosts(t)[0]
	reg := startRegistry(t, nil)
	name := reg.Addr + "/m/docker-none:1"
	builtImage{"", "FROM localhost/busybox:lab\nCOPY data/models/model.gguf /model.gguf\n"}.publish(t, reg, name, single(t))
	before := who.MustRun(t, "docker", "image", "ls", "-aq")
	if r := who.Run(t, "paddock", "pull", "--tls-verify=false", name); r.Code != 1 || !strings.Contains(r.Stderr, "no model in /models") {
		t.Errorf("exit %d, %s", r.Code, r.Stderr)
	}
	if after := who.MustRun(t, "docker", "image", "ls", "-aq"); after != before {
		t.Errorf("left images: %q, before %q", after, before)
	}
}
