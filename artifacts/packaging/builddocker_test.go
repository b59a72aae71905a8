package packaging

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

// TestBuildDocker: what is written is read back with the same paths and roles, and is the same in any order of files.
func TestBuildDocker(t *testing.T) {
	var files []BuildFile
	for _, p := range []string{
		"m-00002-of-00002.gguf", "m-00001-of-00002.gguf", "mmproj.gguf", "chat_template.jinja", "LICENSE", "sub/config.json", "tokenizer.json",
	} {
		files = append(files, BuildFile{Path: p, Digest: digest.FromString(p), Size: 1024})
	}
	meta := &BuildMeta{Format: "gguf", Quantization: "Q4_K_M", ParamSize: "0.6b", Annotations: map[string]string{"a": "b"}}
	manifest, config, err := BuildDocker(files, meta)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(files)
	again, _, err := BuildDocker(files, meta)
	if err != nil || string(again) != string(manifest) {
		t.Errorf("another order gives another manifest: %v", err)
	}
	got, err := Parse(manifest, config)
	if err != nil {
		t.Fatal(err)
	}
	if got.Format != Docker || got.Main != "m-00001-of-00002.gguf" || got.Unservable != nil || len(got.Files) != len(files) {
		t.Errorf("got %+v", got)
	}
	for _, f := range got.Files {
		if want := RoleByName(f.Path); f.Role != want || f.MadeUp {
			t.Errorf("%s is %s, want %s", f.Path, f.Role, want)
		}
	}
	var c dockerModelConfig
	if err := json.Unmarshal(config, &c); err != nil || c.Config.Size != "2.00KiB" || len(c.RootFS.DiffIDs) != len(files) || c.Config.Quantization != "Q4_K_M" {
		t.Errorf("the config is %s, %v", config, err)
	}
	if strings.Contains(string(manifest), "artifactType") {
		t.Error("Docker writes no artifactType")
	}
	if _, _, err := BuildDocker(nil, nil); !errors.Is(err, ErrInvalidManifest) {
		t.Errorf("no files: %v", err)
	}
}

func TestRepack(t *testing.T) {
	files := []BuildFile{{Path: "m.gguf", Digest: digest.FromString("m"), Size: 1}, {Path: "LICENSE", Digest: digest.FromString("l"), Size: 1}}
	first, config, err := BuildModelPack(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	model, err := Parse(first, config)
	if err != nil {
		t.Fatal(err)
	}
	second, config, err := Repack(model, Docker, nil)
	if err != nil {
		t.Fatal(err)
	}
	if model, err = Parse(second, config); err != nil || model.Format != Docker {
		t.Fatal(model, err)
	}
	third, _, err := Repack(model, ModelPack, nil)
	if err != nil || string(third) != string(first) {
		t.Errorf("there and back: %v\n%s\n%s", err, first, third)
	}
	for what, m := range map[string]*Model{
		"an archive": {Format: ModelKit, Files: []File{{Path: "x", Encoding: Tar}}},
		"an image":   {Format: ModelCar, Files: []File{{Path: "x", Encoding: Raw}}},
	} {
		if _, _, err := Repack(m, ModelPack, nil); !errors.Is(err, ErrUnservable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, _, err := Repack(model, Ollama, nil); err == nil {
		t.Error("Ollama's packaging was written")
	}
}
