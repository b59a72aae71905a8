//go:build faults

package faults

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// store is Podman's, below a graph root.
type store struct{ root string }

func (s store) path(parts ...string) string {
	return filepath.Join(append([]string{s.root, "artifacts"}, parts...)...)
}

// check wants exactly the entries given (digest by name), whole, no file that is nobody's, and Podman to say the same.
func (s store) check(t *testing.T, env []string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	used := map[string]bool{"index.json": true, "index.lock": true, "oci-layout": true}
	for _, entry := range s.entries(t) {
		name := entry.Annotations[ocispec.AnnotationRefName]
		if _, twice := got[name]; name == "" || twice {
			t.Errorf("the entry of %s has the name %q", entry.Digest, name)
		}
		got[name] = entry.Digest.String()
		s.checkEntry(t, &entry, used)
	}
	if !maps.Equal(got, want) {
		t.Errorf("the store has %v, want %v", got, want)
	}
	if listed := podmanList(t, env); !maps.Equal(listed, want) {
		t.Errorf("podman lists %v, want %v", listed, want)
	}
	for _, f := range s.files(t) {
		if !used[f] {
			t.Errorf("the file %s is nobody's", f)
		}
	}
}

// entries reads the index; a store that is not there has none.
func (s store) entries(t *testing.T) []ocispec.Descriptor {
	t.Helper()
	raw, err := os.ReadFile(s.path("index.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var index ocispec.Index
	if err == nil {
		err = json.Unmarshal(raw, &index)
	}
	if err != nil {
		t.Fatal(err)
	}
	return index.Manifests
}

// checkEntry wants the manifest and its blobs, and notes them.
func (s store) checkEntry(t *testing.T, entry *ocispec.Descriptor, used map[string]bool) {
	t.Helper()
	var manifest ocispec.Manifest
	raw, err := os.ReadFile(s.path(blobFile(entry)))
	if err == nil {
		err = json.Unmarshal(raw, &manifest)
	}
	if err != nil {
		t.Errorf("manifest %s: %v", entry.Digest, err)
		return
	}
	for _, b := range append([]ocispec.Descriptor{*entry, manifest.Config}, manifest.Layers...) {
		info, err := os.Stat(s.path(blobFile(&b)))
		if err != nil {
			t.Error(err)
		} else if info.Size() != b.Size {
			t.Errorf("blob %s has %d bytes, want %d", b.Digest, info.Size(), b.Size)
		}
		used[blobFile(&b)] = true
	}
}

func blobFile(d *ocispec.Descriptor) string {
	return filepath.Join("blobs", d.Digest.Algorithm().String(), d.Digest.Encoded())
}

func (s store) files(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(s.path(), func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && p == s.path() {
			return fs.SkipAll
		}
		if err == nil && !d.IsDir() {
			p, err = filepath.Rel(s.path(), p)
			all = append(all, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// verify reads every blob and compares it with its name.
func (s store) verify(t *testing.T) {
	t.Helper()
	for _, file := range s.files(t) {
		if !strings.HasPrefix(file, "blobs/sha256/") {
			continue
		}
		f, err := os.Open(s.path(file))
		if err != nil {
			t.Error(err)
			continue
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		f.Close()
		if sum := fmt.Sprintf("%x", h.Sum(nil)); err != nil || sum != filepath.Base(file) {
			t.Errorf("blob %s has the digest %s, %v", file, sum, err)
		}
	}
}

// podmanList is podman's view of the store: digest by name.
func podmanList(t *testing.T, env []string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for line := range strings.Lines(must(t, env, "podman", "artifact", "ls", "--noheading", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.Digest}}")) {
		name, digest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasPrefix(digest, "sha256:") {
			digest = "sha256:" + digest
		}
		got[name] = digest
	}
	return got
}
