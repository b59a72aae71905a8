package packaging

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"
)

// Parse reads a manifest. config is the blob of its config, or nil when that is not at hand; without it every image is
// Format Image (never RamaLamaImage), the layers of a ModelKit, whose config holds the names, go by the names of their
// blobs, and the archives of a ModelPack have no DiffID. No other packaging depends on it. A config that is given must be
// the one that the manifest names.
//
// The error wraps ErrInvalidManifest, or ErrUnsafePath if two files cannot both exist or one may not, and names the
// layer, counted from 1. An index is an error: see IsIndex and ChooseInstance. A sound manifest that describes no model,
// or one that nothing can serve yet, is no error: Model.Unservable says why.
//
// Two layers with one path and one digest are one file. In the packaging Artifact, layers without a name are no files, as
// for oras. An archive's path is a label; if another file has it, the archive goes by the name of its blob.
func Parse(manifest, config []byte) (*Model, error) {
	doc, err := decode(manifest)
	if err != nil {
		return nil, err
	}
	found := detect(doc)
	if found.Index {
		return nil, fmt.Errorf("%w: it is an index, of which one entry is to be chosen", ErrInvalidManifest)
	}
	if err := doc.checkConfig(config); err != nil {
		return nil, err
	}
	r, err := read(found.Format, doc, config)
	if err != nil {
		return nil, err
	}
	entries, err := doc.expand(r)
	if err != nil {
		return nil, err
	}
	files, err := place(doc, entries)
	if err != nil {
		return nil, err
	}
	return finish(doc, r, files), nil
}

// entry is what a packaging says of one layer, or of one file of a layer that is several.
type entry struct {
	layer    int    // set by expand
	name     string // the path as the publisher wrote it; "" if it wrote none
	fallback string // the path if there is no name, made unique by place; never empty
	family   Role   // what the media type says; "" if nothing
	role     Role   // set if neither the media type nor the name decides
	encoding Encoding
	skip     bool // the layer is no file of the model
	within   bool // the archive's entries are relative to the folder of name
	diffID   digest.Digest
}

// reading is what a packaging says of a manifest.
type reading struct {
	format  Format
	entries []entry // one for each layer; none for an image
	blocked string  // why the model cannot be served, whatever its files; "" if nothing stands in the way
	base    string  // see Model.Base
}

// read asks the packaging that was detected.
func read(f Format, doc *document, config []byte) (*reading, error) {
	switch f {
	case ModelPack:
		return readModelPack(doc, config)
	case Docker:
		return readDocker(doc)
	case ModelKit:
		return readModelKit(doc, config)
	case Ollama:
		return readOllama(doc), nil
	case Artifact, OMLMD:
		return readTitled(f, doc)
	case Image:
		return readImage(doc, config)
	}
	return readUnknown(doc), nil
}

// finish joins the files to a model: shards, what the runtime is given, and what stands in the way of serving.
func finish(doc *document, r *reading, files []File) *Model {
	if r.format == Artifact || r.format == OMLMD || r.format == ModelPack {
		promoteOnlyFile(files)
	}
	numberShards(files)
	m := &Model{Format: r.format, Files: files, Base: r.base, blocked: r.blocked != ""}
	switch {
	case r.format == Unknown:
		m.Derivable = len(files) > 0
	case r.blocked == "":
		m.Derivable = slices.ContainsFunc(files, unmountable)
	default:
		m.Derivable = r.base != ""
	}
	main, why := "", r.blocked
	if why == "" {
		main, why = chooseMain(files)
		m.Main = main
	}
	if archive := firstArchive(doc, r.entries); r.blocked == "" && archive != "" {
		why = archive
	}
	if why != "" {
		m.Unservable = fmt.Errorf("%w: %s", ErrUnservable, why)
	}
	return m
}

// unmountable says whether no mount can show the file by itself: it is in an archive, or Podman cannot tell its layer from
// another.
func unmountable(f File) bool { return f.Encoding != Raw || f.Repeated && !f.TitleUnique }

// firstArchive names the first layer that must be unpacked, "" if there is none.
func firstArchive(doc *document, entries []entry) string {
	for i := range entries {
		if !entries[i].skip && entries[i].encoding != Raw {
			return fmt.Sprintf("%s of type %s is an archive (%s) to be unpacked first",
				doc.label(i), doc.Layers[i].MediaType, entries[i].encoding)
		}
	}
	return ""
}

// checkConfig holds a config against the manifest; nil is always right.
func (d *document) checkConfig(config []byte) error {
	switch {
	case config == nil:
		return nil
	case len(config) > MaxConfigSize:
		return fmt.Errorf("%w: config: %d bytes, more than the limit of %d", ErrInvalidManifest, len(config), MaxConfigSize)
	case int64(len(config)) != *d.Config.Size || d.Config.Digest.Algorithm().FromBytes(config) != d.Config.Digest:
		return fmt.Errorf("%w: config: the %d bytes given are not %s", ErrInvalidManifest, len(config), d.Config.Digest)
	}
	return nil
}

// unmarshalConfig reads a config whose content the packaging depends on; nil leaves v as it is.
func (d *document) unmarshalConfig(config []byte, v any) error {
	if config == nil {
		return nil
	}
	if err := json.Unmarshal(config, v); err != nil {
		return fmt.Errorf("%w: config (%s): %w", ErrInvalidManifest, d.Config.Digest, err)
	}
	return nil
}
