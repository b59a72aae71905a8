package packaging

import (
	"testing"

	"github.com/opencontainers/go-digest"
)

// TestArchives: what unpacking needs to know of the archives in testdata.
func TestArchives(t *testing.T) {
	const modelDiff, partDiff = "sha256:a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa",
		"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
	const orasDiff = "sha256:6762fb0892994ed5a016b626e416e0550bfeeebf8c1fd0035417556987a64d02"
	for _, c := range []struct {
		name, path, folder string
		family             Role
		diffID             digest.Digest
	}{
		{"modelkit", "tiny-F32.gguf", "", Weights, modelDiff}, {"modelkit", "parts/vision.gguf", "", Projector, partDiff},
		{"modelkit", "LICENSE", "", Doc, ""}, {"modelkit-old", "models", "", Weights, ""},
		{"modelkit-old", "data/train.csv", "data", Dataset, ""}, {"modelkit-old", "data/test.csv", "data", Dataset, ""},
		{"modelkit-old", blob("kc"), "", Code, ""}, {"oras", "sub", "", "", orasDiff},
		{"modelpack-aikit", "config", "", Config, ""}, {"docker-vllm", "vllm-config.tar", "", Config, ""},
	} {
		m, err := Parse(readSeed(t, "manifests/"+c.name+".json"), readConfig(t, c.name))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range m.Files {
			if f.Path != c.path {
				continue
			}
			found = true
			if f.Folder != c.folder || f.Family != c.family || f.DiffID != c.diffID {
				t.Errorf("%s: %s: folder %q, family %q, diffID %q", c.name, c.path, f.Folder, f.Family, f.DiffID)
			}
		}
		if !found || !m.Derivable {
			t.Errorf("%s: %s: found %v, derivable %v", c.name, c.path, found, m.Derivable)
		}
	}
}

// TestDiffIDs: a ModelPack config gives one for each layer, or it gives none.
func TestDiffIDs(t *testing.T) {
	for config, want := range map[string]digest.Digest{
		`{"modelfs":{"diffIds":["sha256:a","sha256:b"]}}`: "sha256:b",
		`{"modelfs":{"diffIds":["sha256:a"]}}`:            "", `{}`: "", `no JSON`: "", `{"modelfs":[]}`: "",
	} {
		manifest := marshal(t, object{
			"schemaVersion": 2,
			"config":        madeLayer("application/vnd.cncf.model.config.v1+json", config, int64(len(config))),
			"layers": []object{
				madeLayer("application/vnd.cncf.model.weight.v1.raw", "1", 1),
				madeLayer("application/vnd.cncf.model.doc.v1.tar+zstd", "2", 1),
			},
		})
		m, err := Parse(manifest, []byte(config))
		if err != nil || m.Files[0].DiffID != "" || m.Files[1].DiffID != want {
			t.Errorf("%s: %+v, %v", config, m, err)
		}
	}
}

func TestDerivable(t *testing.T) {
	const tar, raw = "application/vnd.cncf.model.doc.v1.tar", "application/vnd.cncf.model.weight.v1.raw"
	for _, c := range []struct {
		layers []object
		want   bool
	}{
		{[]object{madeLayer(raw, "1", 1, filepathAnnotation, "a.gguf")}, false},
		{[]object{madeLayer(raw, "1", 1, filepathAnnotation, "a.gguf"), madeLayer(tar, "2", 1)}, true},
		{[]object{madeLayer(raw, "1", 1, filepathAnnotation, "a.gguf"), madeLayer(raw, "1", 1, filepathAnnotation, "b.gguf")}, true},
		{[]object{titled("a", "1", 1), titled("b", "1", 1)}, false}, // told apart by title
		{[]object{titled("a/x", "1", 1), titled("b/x", "1", 1)}, true},
		{[]object{madeLayer("text/plain", "1", 1)}, true}, // unknown
		{nil, false},
	} {
		if m := mustParse(t, madeManifest(t, c.layers...)); m.Derivable != c.want {
			t.Errorf("%v: %v", c.layers, m.Derivable)
		}
	}
	for name, want := range map[string]bool{"modelkit-ref": true, "ollama-tensor": false, "image": false} {
		m, err := Parse(readSeed(t, "manifests/"+name+".json"), readConfig(t, name))
		if err != nil || m.Derivable != want {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

func TestEntryRole(t *testing.T) {
	for _, c := range []struct {
		family Role
		name   string
		want   Role
	}{
		{"", "README.md", Doc}, {"", "x", Other}, {Weights, "README.md", Doc}, {Weights, "x", Weights}, {Weights, "mmproj.gguf", Projector},
		{Config, "tokenizer.json", Tokenizer}, {Config, "x", Config}, {Doc, "LICENSE", License}, {Doc, "config.json", Doc},
		{Dataset, "train.json", Dataset}, {Code, "config.json", Code}, {Projector, "vision.gguf", Projector},
		{Projector, "LICENSE", License}, {Adapter, "x", Adapter}, {Other, "x", Other},
	} {
		f := File{Family: c.family}
		if got := f.EntryRole("dir/" + c.name); got != c.want {
			t.Errorf("%s in %q: %s, want %s", c.name, c.family, got, c.want)
		}
	}
}
