package packaging

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"testing"
)

// addSeeds adds every file of a folder of testdata, and fails if there is none.
func addSeeds(f *testing.F, folder string, add func(data []byte, name string)) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.json"))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds in testdata/%s: %v", folder, err)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		add(data, filepath.Base(p))
	}
}

func FuzzParse(f *testing.F) {
	addSeeds(f, "manifests", func(data []byte, name string) {
		config, err := os.ReadFile(filepath.Join("testdata/configs", name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			f.Fatal(err)
		}
		f.Add(data, config)
	})
	addSeeds(f, "indexes", func(data []byte, _ string) { f.Add(data, []byte(nil)) })
	f.Fuzz(func(t *testing.T, manifest, config []byte) {
		m, err := parseMatching(manifest, config)
		again, errAgain := parseMatching(manifest, config)
		if fmt.Sprint(err) != fmt.Sprint(errAgain) || !reflect.DeepEqual(m, again) {
			t.Fatalf("%+v, %v and then %+v, %v", m, err, again, errAgain)
		}
		if err != nil {
			if m != nil || !errors.Is(err, ErrInvalidManifest) && !errors.Is(err, ErrUnsafePath) {
				t.Errorf("%+v, %v", m, err)
			}
			return
		}
		checkModel(t, m)
	})
}

// parseMatching parses with the config if it is the manifest's, and without it otherwise: a fuzzer finds no digests.
func parseMatching(manifest, config []byte) (*Model, error) {
	if m, err := Parse(manifest, config); err == nil {
		return m, nil
	}
	return Parse(manifest, nil)
}

// checkModel holds a model against what its type promises.
func checkModel(t *testing.T, m *Model) {
	t.Helper()
	places := map[string]bool{".": true}
	seen := map[string]bool{}
	for _, f := range m.Files {
		checkPath(t, f.Path)
		if seen[f.Path] {
			t.Errorf("%q occurs twice", f.Path)
		}
		seen[f.Path] = true
		if f.Encoding == Raw {
			places[f.Path], places[path.Dir(f.Path)] = true, true
		}
		if f.Size < 0 || f.Digest.Validate() != nil || parseRole(string(f.Role)) == "" || f.Shard > f.Shards || f.TitleUnique && f.Title == "" {
			t.Errorf("file %+v", f)
		}
	}
	for _, f := range m.Files {
		for dir := path.Dir(f.Path); dir != "." && f.Encoding == Raw; dir = path.Dir(dir) {
			for _, g := range m.Files {
				if g.Path == dir && g.Encoding == Raw {
					t.Errorf("%q lies in the file %q", f.Path, dir)
				}
			}
		}
	}
	if m.Main != "" && !places[m.Main] {
		t.Errorf("main %q is neither a file nor a folder of one", m.Main)
	}
	if m.Main == "" && m.Unservable == nil || m.Unservable != nil && !errors.Is(m.Unservable, ErrUnservable) {
		t.Errorf("main %q, unservable %v", m.Main, m.Unservable)
	}
}

func FuzzChooseInstance(f *testing.F) {
	add := func(data []byte, _ string) { f.Add(data, "amd64", "linux") }
	addSeeds(f, "indexes", add)
	addSeeds(f, "manifests", add)
	f.Fuzz(func(t *testing.T, index []byte, arch, platform string) {
		d, err := ChooseInstance(index, arch, platform)
		if again, errAgain := ChooseInstance(index, arch, platform); !reflect.DeepEqual(d, again) || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatalf("%+v, %v and then %+v, %v", d, err, again, errAgain)
		}
		if err != nil {
			if !errors.Is(err, ErrInvalidManifest) && !errors.Is(err, ErrNoInstance) && !errors.Is(err, ErrAmbiguousIndex) {
				t.Error(err)
			}
			return
		}
		if d.Digest.Validate() != nil || d.Size < 0 || isAttestation(d) {
			t.Errorf("chose %+v", d)
		}
	})
}
