package dirstore

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

func TestFolders(t *testing.T) {
	seen := map[string]string{}
	for _, c := range []struct{ name, folder string }{
		{"quay.io/org/m:1", "quay.io+org+m/1"},
		{"quay.io/org/m", "quay.io+org+m/latest"},
		{"quay.io/org-m:1", "quay.io+org-m/1"},
		{"quay.io/org/m_x:1", "quay.io+org+m_x/1"},
		{"quay.io/org/m__x:1", "quay.io+org+m__x/1"},
		{"quay.io/m:Q4_K_M", "quay.io+m/Q4_K_M"},
		{"quay.io/m:q4_k_m", "quay.io+m/q4_k_m"},
		{"localhost:5000/m:1", "localhost~5000+m/1"},
		{"localhost/5000/m:1", "localhost+5000+m/1"},
		{"EXAMPLE.com/m:1", "EXAMPLE.com+m/1"},
		{"quay.io/m@" + emptyDigest, "quay.io+m/" + strings.Replace(emptyDigest, ":", "~", 1)},
		{"quay.io/m:" + strings.TrimPrefix(emptyDigest, "sha256:"), "quay.io+m/" + strings.TrimPrefix(emptyDigest, "sha256:")},
		{"quay.io/m:_.-", "quay.io+m/_.-"},
	} {
		name := storetest.ParseName(t, c.name)
		folder := folderOf(name)
		if folder != c.folder {
			t.Errorf("%s: %s, want %s", c.name, folder, c.folder)
		}
		if other, ok := seen[folder]; ok {
			t.Errorf("%s and %s are both in %s", c.name, other, folder)
		}
		seen[folder] = c.name
		back, err := nameOf(filepath.Split(folder))
		if err == nil {
			t.Errorf("%s: a trailing slash made a name: %s", c.name, back)
		}
		back, err = nameOf(filepath.Dir(folder), filepath.Base(folder))
		if err != nil || back.String() != name.String() {
			t.Errorf("%s: back came %s, %v", c.name, back, err)
		}
	}
}

func TestNoFolders(t *testing.T) {
	for _, c := range []struct{ repository, last string }{
		{"quay.io+m", ""}, {"", "1"}, {"m", "1"}, {"quay.io+m", "1+2"}, {"quay.io+m", ".."}, {"..", ".."}, {"quay.io+..", "1"},
		{"quay.io+m", "sha256~abc"}, {"quay.io+m", "sha256:" + emptyDigest[7:]}, {"quay.io+m~1", "2"}, {"quay.io+M", "1"}, {"quay.io/m", "1"},
		{"quay.io+m", ".1"}, {"quay.io:5000+m", "1"}, {"quay.io+m@" + emptyDigest, "1"}, {"quay.io+m", "1@" + emptyDigest},
		{"quay.io+m", "1~" + emptyDigest}, {"docker.io+m", "1"},
	} {
		if name, err := nameOf(c.repository, c.last); err == nil {
			t.Errorf("%q, %q: is %s", c.repository, c.last, name)
		}
	}
}

// TestLongNames: the longest names that there are have folders.
func TestLongNames(t *testing.T) {
	s := testStore(t)
	m := land(t, s, testOrigin(t, "weights"))
	long := "hf.co/" + strings.Repeat("o/", 60) + strings.Repeat("m", 255-6-120)
	for _, name := range []string{long + ":" + strings.Repeat("t", 128), long + "@" + m.Digest.String()} {
		if err := s.Tag(t.Context(), m, storetest.ParseName(t, name)); err != nil {
			t.Fatal(err)
		}
		found, err := s.Find(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		readBack(t, s, found)
	}
}

// FuzzFolder: every name has one folder of two safe elements, and gets its name back, so that no two share one.
func FuzzFolder(f *testing.F) {
	for _, s := range []string{testName, "localhost:5000/a/b-c__d.e:V_1.2-x", "[fe80::1]/m:1", "quay.io/m@" + emptyDigest, "EXAMPLE.com/m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := artifacts.ParseName(s)
		if err != nil {
			return
		}
		folder := folderOf(name)
		repository, last, two := strings.Cut(folder, "/")
		if !two || len(repository) > 255 || len(last) > 255 || strings.HasPrefix(repository, ".") || strings.HasPrefix(last, ".") || !filepath.IsLocal(folder) || strings.ContainsAny(folder, ":@\\, \x00") || strings.Contains(last, "/") {
			t.Fatalf("%s: folder %q", name, folder)
		}
		if back, err := nameOf(repository, last); err != nil || back.String() != name.String() {
			t.Errorf("%s: folder %q gives %q, %v", name, folder, back, err)
		}
	})
}
