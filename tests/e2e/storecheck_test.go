//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"testing"
)

// assertStoreWhole checks Podman's artifact store entry by entry: every entry has a name of its own, a manifest, and every
// blob of its size; no blob is an orphan, and no file is foreign.
func assertStoreWhole(t *testing.T, in place) {
	t.Helper()
	dir := storeDir(t, in)
	sizes := map[string]int64{}
	for _, l := range strings.Split(strings.TrimSpace(in.MustRun(t, "sh", "-c", "find "+dir+" -type f -printf '%P %s\\n' 2>/dev/null || :")), "\n") {
		name, size, _ := strings.Cut(l, " ")
		if n, err := strconv.ParseInt(size, 10, 64); err == nil {
			sizes[name] = n
		}
	}
	if len(sizes) == 0 {
		return // there is no store yet
	}
	used := map[string]bool{"index.json": true, "index.lock": true, "oci-layout": true}
	for _, problem := range checkEntries(t, in, dir, sizes, used) {
		t.Error(problem)
	}
	for name := range sizes {
		if !used[name] {
			t.Errorf("%s: the file %s is nobody's", dir, name)
		}
	}
}

type descriptor struct {
	Digest      string
	Size        int64
	Annotations map[string]string
}

func checkEntries(t *testing.T, in place, dir string, sizes map[string]int64, used map[string]bool) (problems []string) {
	t.Helper()
	var index struct{ Manifests []descriptor }
	if err := json.Unmarshal([]byte(in.MustRun(t, "cat", dir+"/index.json")), &index); err != nil {
		return []string{fmt.Sprintf("index.json: %v", err)}
	}
	names := map[string]bool{}
	for _, entry := range index.Manifests {
		name := entry.Annotations["org.opencontainers.image.ref.name"]
		if name == "" || names[name] {
			problems = append(problems, fmt.Sprintf("entry %s has the name %q", entry.Digest, name))
		}
		names[name] = true
		var manifest struct {
			Config descriptor
			Layers []descriptor
		}
		if err := json.Unmarshal([]byte(in.MustRun(t, "cat", path.Join(dir, blobFile(entry.Digest)))), &manifest); err != nil {
			problems = append(problems, fmt.Sprintf("manifest of %s: %v", name, err))
		}
		for _, b := range append([]descriptor{entry, manifest.Config}, manifest.Layers...) {
			if size, ok := sizes[blobFile(b.Digest)]; !ok || size != b.Size {
				problems = append(problems, fmt.Sprintf("%s: blob %s has %d bytes (there: %t), want %d", name, b.Digest, size, ok, b.Size))
			}
			used[blobFile(b.Digest)] = true
		}
	}
	return problems
}

func blobFile(digest string) string { return "blobs/" + strings.Replace(digest, ":", "/", 1) }

// assertStoreVerified is assertStoreWhole, and reads every blob.
func assertStoreVerified(t *testing.T, in place) {
	t.Helper()
	assertStoreWhole(t, in)
	out := in.MustRun(t, "sh", "-c", "cd "+storeDir(t, in)+"/blobs/sha256 && find . -type f -exec sha256sum {} +")
	for _, l := range strings.Split(strings.TrimSpace(out), "\n") {
		sum, name, ok := strings.Cut(l, "  ./")
		if ok && sum != name {
			t.Errorf("blob %s has the digest %s", name, sum)
		}
	}
}
