package tests

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// layer says what the packages at dir may import of ours. A pattern ending in "/..." covers what lies below, too; the
// packages of such a layer may import what lies below themselves.
type layer struct {
	dir string
	may []string
}

// layers is the direction of imports. The first entry that fits a package counts; a package that none fits is an error,
// so a new package needs a decision here.
func layers() []layer {
	model := []string{"artifacts", "artifacts/packaging"}
	disk := append(slices.Clone(model), "artifacts/staging")
	derive := append(slices.Clone(disk), "artifacts/atrest", "artifacts/unpack")
	store := append(slices.Clone(derive), "artifacts/derive")
	serving := append(slices.Clone(model), "gpu/...", "artifacts/workload/...")
	return []layer{
		{"gpu/...", nil},
		{"artifacts", []string{"artifacts/packaging"}},
		{"artifacts/packaging/...", nil},
		{"artifacts/gguf/...", nil},
		{"artifacts/safetensors/...", nil},
		{"artifacts/workload/...", serving},
		{"artifacts/staging/...", model},
		{"artifacts/caches/...", nil},
		{"artifacts/smallfile/...", nil},
		{"artifacts/asimage/...", model},
		{"artifacts/pack/...", append(slices.Clone(model), "artifacts/gguf", "artifacts/safetensors")},
		{"artifacts/storetest/...", model},
		{"artifacts/imagetree/...", []string{"artifacts/packaging"}},
		{"artifacts/unpack/...", append(slices.Clone(model), "artifacts/imagetree")},
		{"artifacts/atrest/...", append(slices.Clone(disk), "artifacts/pack", "artifacts/smallfile")},
		{"artifacts/derive/...", derive},
		{"artifacts/podmanstore/...", store},
		{"artifacts/imagestore/...", append(slices.Clone(store), "artifacts/imagetree")},
		{"artifacts/dirstore/...", store},
		{"artifacts/dockerstore/...", derive},
		{"artifacts/memstore/...", append(slices.Clone(store), "artifacts/pack")},
		{"artifacts/union/...", store},
		{"transports", append(slices.Clone(model), "transports/source")},
		{"transports/source/...", append(slices.Clone(model), "artifacts/smallfile")},
		{"transports/synth/...", model},
		{"transports/repofiles/...", model},
		{"transports/hub/...", append(slices.Clone(model), "transports", "transports/source", "transports/synth", "transports/repofiles")},
		{"transports/file/...", append(slices.Clone(model), "artifacts/pack", "transports", "transports/synth")},
		{"transports/*/...", append(slices.Clone(model), "artifacts/smallfile", "transports", "transports/source", "transports/synth", "transports/hub")},
		{"quadlet/...", serving},
		{"cmd/paddock/internal/suggest", nil},
		{"cmd/paddock/internal/config", []string{"artifacts/smallfile", "cmd/paddock/internal/suggest", "gpu"}},
		{"cmd/paddock/internal/ui", model},
		{"cmd/paddock/internal/engine/...", serving},
		{"cmd/paddock/internal/cli", []string{"artifacts/...", "transports/...", "quadlet/...", "gpu/...", "cmd/paddock/internal/..."}},
		{"cmd/paddock", []string{"cmd/paddock/internal/cli", "cmd/paddock/internal/ui"}},
		{"tests/...", []string{"artifacts/...", "transports/...", "quadlet/...", "gpu/...", "tests/..."}},
		{"contrib/...", nil},
	}
}

// fence keeps a foreign package to some folders.
type fence struct {
	imported string   // and what lies below it
	to       []string // folders that may import it
	tests    bool     // only in their tests
}

func fences() []fence {
	return []fence{
		{"github.com/urfave/cli", []string{"cmd/paddock/internal/cli"}, false},
		{"go.podman.io/common/pkg/libartifact", []string{"artifacts/podmanstore"}, true},
		{"github.com/BurntSushi/toml", []string{"cmd/paddock/internal/config", "transports/aliases"}, false},
		{"github.com/vbauerster/mpb", []string{"cmd/paddock/internal/ui"}, false},
	}
}

// pure lists the packages that reach neither the network nor other programs.
func pure() []string {
	return []string{"gpu", "artifacts/packaging", "artifacts/gguf", "artifacts/safetensors", "artifacts/workload", "transports/repofiles", "quadlet/kube", "quadlet/compose"}
}

// fits says whether a package's folder matches a pattern: "*" is one name.
func fits(pattern, dir string) bool {
	base, below := strings.CutSuffix(pattern, "/...")
	want, got := strings.Split(base, "/"), strings.Split(dir, "/")
	if len(got) < len(want) || len(got) > len(want) && !below {
		return false
	}
	for i, w := range want {
		if w != "*" && w != got[i] {
			return false
		}
	}
	return true
}

// checkLayers returns the imports that go the wrong way.
func checkLayers(sources []*source) []finding {
	var findings []finding
	for _, s := range sources {
		i := slices.IndexFunc(layers(), func(l layer) bool { return fits(l.dir, s.dir) })
		if i < 0 {
			findings = append(findings, finding{"layers", s.path, "package " + s.dir + " is in no layer; add it to layers_test.go"})
			continue
		}
		for _, spec := range s.ast.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue // the parser has refused it
			}
			if what := s.refuse(layers()[i], name); what != "" {
				findings = append(findings, finding{"layers", s.at(spec), what})
			}
		}
	}
	return findings
}

// refuse says why a file may not import name; "" if it may.
func (s *source) refuse(l layer, name string) string {
	own, ours := strings.CutPrefix(name, module+"/")
	switch {
	case ours && s.test && !fits("cmd/...", own):
		return "" // a test may build on anything but the program
	case ours:
		below := own == s.dir || strings.HasSuffix(l.dir, "/...") && strings.HasPrefix(own, s.dir+"/")
		if !below && !slices.ContainsFunc(l.may, func(p string) bool { return fits(p, own) }) {
			return fmt.Sprintf("%s may not import %s", s.dir, own)
		}
		return ""
	}
	for _, f := range fences() {
		if (name == f.imported || strings.HasPrefix(name, f.imported+"/")) && (!s.below(f.to...) || f.tests && !s.test) {
			return fmt.Sprintf("%s may not import %s", s.dir, name)
		}
	}
	if !s.test && s.below(pure()...) && slices.Contains([]string{"os/exec", "net/http"}, name) {
		return fmt.Sprintf("%s is pure, and may not import %s", s.dir, name)
	}
	return ""
}

func TestLayers(t *testing.T) { complain(t, checkLayers(tree(t))) }

// TestLayersFail plants imports.
func TestLayersFail(t *testing.T) {
	for _, c := range []struct {
		file, imports string
		bad           bool
	}{
		{"gpu/a.go", "os", false},
		{"gpu/a.go", module + "/artifacts", true},
		{"gpu/cdi/a.go", module + "/gpu", true},
		{"gpu/a.go", module + "/gpu/cdi", false},
		{"gpu/a.go", "os/exec", true},
		{"artifacts/packaging/a.go", module + "/artifacts", true},
		{"artifacts/packaging/a.go", "net/http", true},
		{"artifacts/a.go", module + "/artifacts/packaging", false},
		{"artifacts/a.go", module + "/artifacts/staging", true},
		{"artifacts/workload/a.go", module + "/gpu", false},
		{"artifacts/workload/a.go", module + "/quadlet", true},
		{"artifacts/podmanstore/a.go", module + "/artifacts/staging", false},
		{"artifacts/podmanstore/a.go", module + "/artifacts/dirstore", true},
		{"artifacts/podmanstore/a.go", module + "/transports/registry", true},
		{"artifacts/podmanstore/a.go", "go.podman.io/common/pkg/libartifact/store", true},
		{"artifacts/podmanstore/a_test.go", "go.podman.io/common/pkg/libartifact/store", false},
		{"artifacts/podmanstore/a_test.go", module + "/artifacts/storetest", false},
		{"artifacts/dirstore/a_test.go", "go.podman.io/common/pkg/libartifact", true},
		{"transports/registry/a.go", module + "/transports/source", false},
		{"transports/registry/a.go", module + "/transports/hf", true},
		{"transports/registry/a.go", module + "/artifacts/podmanstore", true},
		{"transports/hf/a.go", module + "/transports/hub", false},
		{"transports/hub/a.go", module + "/transports/hf", true},
		{"transports/repofiles/a.go", module + "/transports/source", true},
		{"transports/a.go", module + "/transports/registry", true},
		{"quadlet/a.go", module + "/artifacts/workload", false},
		{"quadlet/a.go", module + "/cmd/paddock/internal/engine", true},
		{"cmd/paddock/internal/engine/a.go", module + "/artifacts/workload", false},
		{"cmd/paddock/internal/engine/a.go", module + "/artifacts/podmanstore", true},
		{"cmd/paddock/internal/engine/a.go", "github.com/urfave/cli/v2", true},
		{"cmd/paddock/internal/cli/a.go", "github.com/urfave/cli/v2", false},
		{"cmd/paddock/internal/cli/a.go", module + "/transports/registry", false},
		{"cmd/paddock/main.go", module + "/artifacts", true},
		{"cmd/paddock/main.go", module + "/cmd/paddock/internal/config", true},
		{"tests/x/a_test.go", module + "/cmd/paddock/internal/cli", true},
		{"brandnew/a.go", "os", true},
	} {
		text := "package p\n\nimport _ " + strconv.Quote(c.imports) + "\n"
		sources, err := load(fstest.MapFS{c.file: {Data: []byte(text)}, path.Dir(c.file) + "/testdata/x.go": {Data: []byte("nonsense")}})
		if err != nil {
			t.Fatal(err)
		}
		if found := checkLayers(sources); (len(found) > 0) != c.bad {
			t.Errorf("%s importing %s: %v", c.file, c.imports, found)
		}
	}
}
