//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestOCIPaths: what skopeo wrote is landed with its digest, and served.
func TestOCIPaths(t *testing.T) {
	reg := startRegistry(t, nil)
	name := reg.Addr + "/m/paths:1"
	digest := pushModelPack(t, reg, name, single(t))
	who := asRoot(t)
	dir := strings.TrimSpace(who.MustRun(t, "mktemp", "-d", "/var/tmp/paths.XXXXXX"))
	t.Cleanup(func() { who.Run(t, "rm", "-rf", dir) })
	for at, want := range map[string]string{
		"oci:" + dir + "/layout:v1":        "localhost/layout:v1",
		"oci-archive:" + dir + "/m.tar:v1": "localhost/m:v1",
		"dir:" + dir + "/folder":           "localhost/folder:latest",
	} {
		who.MustRun(t, "skopeo", "copy", "-q", "--preserve-digests", "--src-tls-verify=false", "docker://"+name, at)
		if got, d := pulled(t, who, at); got != want || d != digest {
			t.Errorf("%s: %s %s, want %s %s", at, got, d, want, digest)
		}
		served(t, who, "18233", at)
		assertStoreVerified(t, who)
		who.MustRun(t, "paddock", "rm", at)
	}
	if r := who.Run(t, "paddock", "pull", "-q", "oci:"+dir+"/none"); r.Code != 3 {
		t.Errorf("exit %d\n%s", r.Code, r.Stderr)
	}
}
