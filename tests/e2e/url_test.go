//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// pulled pulls, and returns the name and the digest that are printed.
func pulled(t *testing.T, who place, args ...string) (name, digest string) {
	t.Helper()
	out := who.MustRun(t, append([]string{"paddock", "pull", "-q"}, args...)...)
	name, digest, _ = strings.Cut(strings.TrimSpace(out), " ")
	return name, digest
}

// served serves a model under a reference, and asks it.
func served(t *testing.T, who place, port, reference string, flags ...string) {
	t.Helper()
	container := "served-" + port + "-" + who.name
	t.Cleanup(func() { who.Run(t, "podman", "rm", "-f", "-i", "-t", "0", container) })
	args := append([]string{"paddock", "serve", "-d", "--name", container, "--image", llamaImage, "--port", port}, flags...)
	who.MustRun(t, append(args, reference, "--", "--threads", "1")...)
	assertChat(t, who, port)
	who.MustRun(t, "podman", "rm", "-f", "-t", "0", container)
}

// TestURL: a model behind a real web server is pulled, served and found again by its URL, with one digest for everybody and in
// every way that the server sends it.
func TestURL(t *testing.T) {
	web := asRoot(t).startNginx(t)
	data := single(t).files["model.gguf"]
	web.lab.Stdin(string(data)).MustRun(t, "sh", "-c", "cat >"+web.Dir+"/www/m.gguf; touch -d '1 hour ago' "+web.Dir+"/www/m.gguf")
	sum := sha256.Sum256(data)
	var first string
	for _, who := range everyone(t) {
		ref := web.Addr + "/m.gguf"
		name, digest := pulled(t, who, "--cert-dir", web.CA, ref)
		if want := strings.TrimPrefix(web.Addr, "https://") + "/m.gguf:latest"; name != want || first != "" && digest != first {
			t.Errorf("%s: %s %s, want %s %s", who.name, name, digest, want, first)
		}
		first = digest
		served(t, who, "18230", ref)
		if out := who.MustRun(t, "paddock", "inspect", "--format", "{{.Digest}}", ref); strings.TrimSpace(out) != digest {
			t.Errorf("inspect: %s", out)
		}
		before := web.sent(t, "/m.gguf")
		if _, again := pulled(t, who, "--cert-dir", web.CA, ref); again != digest {
			t.Errorf("again: %s", again)
		}
		if n := web.sent(t, "/m.gguf") - before; n > 1<<10 {
			t.Errorf("%d bytes for a second pull", n)
		}
		assertStoreVerified(t, who)
		who.MustRun(t, "paddock", "rm", ref)
		for _, way := range []string{"/whole/m.gguf", "/zip/m.gguf", "/m.gguf#sha256=" + hex.EncodeToString(sum[:]), "/m.gguf?token=secret"} {
			name, _ := pulled(t, who, "--cert-dir", web.CA, web.Addr+way)
			out := who.MustRun(t, "paddock", "inspect", "--format", "json", name)
			if !strings.Contains(out, hex.EncodeToString(sum[:])) || strings.Contains(out, "secret") {
				t.Errorf("%s: %s", way, out)
			}
			who.MustRun(t, "paddock", "rm", name)
		}
		name, _ = pulled(t, who, "--cert-dir", web.CA, "--creds", "me:secret", web.Addr+"/private/m.gguf")
		who.MustRun(t, "paddock", "rm", name)
		for args, want := range map[string]string{
			"--cert-dir " + web.CA + " " + web.Addr + "/none.gguf":                                "3 not found",
			"--cert-dir " + web.CA + " " + web.Addr + "/private/m.gguf":                           "4 --creds",
			"--cert-dir " + web.CA + " " + web.Addr + "/m.gguf#sha256=" + strings.Repeat("0", 64): "5 the bytes have digest",
			web.Addr + "/m.gguf":                          "1 certificate",
			"--cert-dir " + web.CA + " " + web.Addr + "/": "2 names no file",
		} {
			r := who.Run(t, append([]string{"paddock", "pull", "-q"}, strings.Fields(args)...)...)
			code, says, _ := strings.Cut(want, " ")
			if fmt.Sprint(r.Code) != code || !strings.Contains(r.Stderr, says) || r.Stdout != "" {
				t.Errorf("pull %s: exit %d\n%s", args, r.Code, r.Stderr)
			}
		}
		if rows := paddockLs(t, who); len(rows) != 0 {
			t.Errorf("left: %v", rows)
		}
	}
}

// killed starts a pull, kills it once a part of the bytes is on disk, and pulls again to the end.
func killed(t *testing.T, who place, size int64, args ...string) {
	t.Helper()
	who.MustRun(t, "bash", "-c", fmt.Sprintf(`paddock pull -q "$@" & p=$!
		until grep -qs '"ranges":\[\[0,[0-9]\{8,\}' %s/*.journal || ! kill -0 $p 2>/dev/null; do :; done
		kill -KILL $p 2>/dev/null; wait $p; [ $? = 137 ]`, stagingDir(t, who)), "bash", args[0], args[1], args[2])
	pulled(t, who, args...)
}

// TestURLResume: what was killed goes on.
func TestURLResume(t *testing.T) {
	const size = 256 << 20
	web := asRoot(t).startNginx(t)
	web.lab.MustRun(t, "sh", "-c", fmt.Sprintf("{ printf GGUF; head -c %d /dev/urandom; } >%s/www/big.gguf; touch -d '1 hour ago' %[2]s/www/big.gguf", size-4, web.Dir))
	for _, who := range everyone(t) {
		before := web.sent(t, "big.gguf")
		ref := web.Addr + "/slow/big.gguf"
		killed(t, who, size, "--cert-dir", web.CA, ref)
		// what is open when the process dies is sent in part, and not all of it was in the journal
		if n := web.sent(t, "big.gguf") - before; n > size+64<<20 {
			t.Errorf("%s: %d bytes sent for %d", who.name, n, size)
		}
		assertStoreVerified(t, who)
		who.MustRun(t, "paddock", "rm", ref)
	}
}
