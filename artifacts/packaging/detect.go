package packaging

import (
	"slices"
	"strings"
)

// Detection is which packaging a manifest is in, and what gave it away.
type Detection struct {
	// Format is Unknown for an index.
	Format Format
	// Index says that the document is an index, of which ChooseInstance takes one entry.
	Index bool
	// Rule is the number of the rule that matched, 0 to 8, and Why what it looks for, in words for people.
	Rule int
	Why  string
}

// Detect says which packaging a manifest, or an index, is in. The first matching row of a table decides, in the order
// that is unambiguous on everything that the known tools write. It looks at the manifest alone, so that every image is
// Format Image: only its config tells a RamaLamaImage (see Parse), and only its files a ModelCar.
// The error wraps ErrInvalidManifest.
func Detect(manifest []byte) (Detection, error) {
	doc, err := decode(manifest)
	if err != nil {
		return Detection{}, err
	}
	return detect(doc), nil
}

// rule is one row of the table.
type rule struct {
	format Format
	why    string
	match  func(*document) bool
}

// rules returns the table; a row's index is its number.
func rules() []rule {
	return []rule{
		{Unknown, "it lists manifests", (*document).isIndex},
		{Ollama, "a layer has an Ollama type", layerPrefix(ollamaPrefix)},
		{Docker, "the config or a layer has a Docker AI type", either(configPrefix(dockerAIConfig), layerPrefix(dockerAIPrefix))},
		{ModelKit, "the config or a layer has a KitOps type", either(configPrefix(kitConfig), layerPrefix(kitPrefix))},
		{ModelPack, "the artifact type, the config or a layer has a ModelPack type", hasModelPack},
		{Image, "the config and all layers are a container image's, and no layer has a title", isImage},
		{OMLMD, "a layer has omlmd's type", isOMLMD},
		{Artifact, "a layer has a title", hasTitle},
		{Unknown, "nothing names a model's files", func(*document) bool { return true }},
	}
}

func detect(doc *document) Detection {
	table := rules()
	i := slices.IndexFunc(table, func(r rule) bool { return r.match(doc) })
	return Detection{Format: table[i].format, Index: i == 0, Rule: i, Why: table[i].why}
}

func layerPrefix(prefix string) func(*document) bool {
	return func(d *document) bool {
		return d.anyLayer(func(l *layer) bool { return strings.HasPrefix(l.MediaType, prefix) })
	}
}

func configPrefix(prefix string) func(*document) bool {
	return func(d *document) bool { return strings.HasPrefix(d.Config.MediaType, prefix) }
}

func either(a, b func(*document) bool) func(*document) bool {
	return func(d *document) bool { return a(d) || b(d) }
}

// hasModelPack tests all three places, since each is the only one that some tool writes: RamaLama the artifact type, old
// AIKit the config, and in the first drafts of the specification a layer's own artifact type.
func hasModelPack(d *document) bool {
	return isModelPack(d.ArtifactType) || isModelPack(d.Config.MediaType) ||
		d.anyLayer(func(l *layer) bool { return isModelPack(l.modelType()) })
}

func isImage(d *document) bool {
	return isImageConfig(d.Config.MediaType) &&
		!d.anyLayer(func(l *layer) bool { return !isRootfs(l.MediaType) || l.title() != "" })
}

func isOMLMD(d *document) bool {
	if layerPrefix(omlmdModel)(d) {
		return true
	}
	return d.Config.MediaType == omlmdConfig &&
		d.anyLayer(func(l *layer) bool { return l.title() == "model_metadata.omlmd.json" })
}

func hasTitle(d *document) bool {
	return d.anyLayer(func(l *layer) bool { return l.title() != "" })
}

func (d *document) anyLayer(match func(*layer) bool) bool {
	for i := range d.Layers {
		if match(&d.Layers[i]) {
			return true
		}
	}
	return false
}
