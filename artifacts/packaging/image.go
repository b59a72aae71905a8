package packaging

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// ImageRoot is where an image that carries a model has its files.
const ImageRoot = "/models"

// The labels by which images say that they carry a model (ramalama, transports/oci/oci.py and transports/rlcr.py).
const (
	imageTypeLabel     = "org.containers.type"
	imageLocationLabel = "com.ramalama.model.file.location"
)

// readImage reads a container image. Its files are known only when its layers are applied to one another, so the model
// has none here; see ImageModel.
func readImage(doc *document, config []byte) (*reading, error) {
	labels, err := imageLabels(doc, config)
	if err != nil {
		return nil, err
	}
	r := &reading{format: Image, blocked: "it is a container image, whose files are known only when it is mounted"}
	if labels.isModel() {
		r.format = RamaLamaImage
	}
	return r, nil
}

type labels map[string]string

func imageLabels(doc *document, config []byte) (labels, error) {
	var image struct {
		Config struct{ Labels labels } `json:"config"`
	}
	err := doc.unmarshalConfig(config, &image)
	return image.Config.Labels, err
}

// isModel says whether the publisher calls the image a model.
func (l labels) isModel() bool {
	kind := l[imageTypeLabel]
	return kind == "ai.image.model.raw" || kind == "ai.image.model.car" || l[imageLocationLabel] != ""
}

// main returns what the publisher says that a runtime is given, relative to ImageRoot; "" if nothing.
func (l labels) main() (string, error) {
	where := l[imageLocationLabel]
	if where == "" {
		return "", nil
	}
	if !path.IsAbs(where) {
		where = path.Join(ImageRoot, where)
	}
	below, ok := strings.CutPrefix(path.Clean(where), ImageRoot+"/")
	if !ok {
		return "", fmt.Errorf("%w: label %s: %.300q is not below %s", ErrUnsafePath, imageLocationLabel, where, ImageRoot)
	}
	return CleanPath(below)
}

// ImageConfig is what the config of a container image says of it.
type ImageConfig struct {
	// Labelled says that the publisher calls it a model. Images without such a label may carry one nevertheless, as KServe's do:
	// only their files tell.
	Labelled bool
	// Created is when the publisher says that it was made; zero if it does not say, or says the epoch, as reproducible builds do.
	Created time.Time
}

// CarriesModel says whether an image is a model, by the files below ImageRoot: the publisher calls it one, or a file has a name
// that only weights have. Many a program has a folder of that name, and is none.
func (c ImageConfig) CarriesModel(files []File) bool {
	return c.Labelled || slices.ContainsFunc(files, func(f File) bool { return RoleByName(f.Path) == Weights })
}

// ReadImageConfig reads a config; one that is none says nothing.
func ReadImageConfig(config []byte) ImageConfig {
	var image struct {
		Created string                  `json:"created"`
		Config  struct{ Labels labels } `json:"config"`
	}
	if json.Unmarshal(config, &image) != nil {
		return ImageConfig{}
	}
	c := ImageConfig{Labelled: image.Config.Labels.isModel()}
	if t, err := time.Parse(time.RFC3339, image.Created); err == nil && t.Unix() != 0 {
		c.Created = t
	}
	return c
}

// ImageModel describes the model in a container image: files are those below ImageRoot when all layers are applied, of which
// Path, Digest and Size are set (the last two the layer's digest, and the file's own size); MediaType becomes the layer's, if the
// manifest has it. pointer is where the link ImageRoot/model.file leads, by which RamaLama's images name their model, relative to ImageRoot; "" if there is none.
// What the label com.ramalama.model.file.location names goes before it; either may be a directory.
// The errors are those of Parse.
func ImageModel(manifest, config []byte, files []File, pointer string) (*Model, error) {
	doc, err := decode(manifest)
	if err == nil {
		err = doc.checkConfig(config)
	}
	if err != nil {
		return nil, err
	}
	labels, err := imageLabels(doc, config)
	if err != nil {
		return nil, err
	}
	main, err := labels.main()
	if err != nil {
		return nil, err
	}
	if main == "" {
		main = pointer
	}
	m := &Model{Format: ModelCar, Files: slices.Clone(files)}
	if labels.isModel() {
		m.Format = RamaLamaImage
	}
	for i := range m.Files {
		f := &m.Files[i]
		if f.Path, err = CleanPath(f.Path); err != nil {
			return nil, err
		}
		f.Role, f.Encoding = RoleByName(f.Path), Raw
		if at := slices.IndexFunc(doc.Layers, func(l layer) bool { return l.Digest == f.Digest }); at >= 0 {
			f.MediaType = doc.Layers[at].MediaType
		}
		if f.Path == main && f.Role == Other {
			f.Role = Weights
		}
	}
	promoteOnlyFile(m.Files)
	numberShards(m.Files)
	m.chooseImageMain(main)
	return m, nil
}

// chooseImageMain decides what a runtime is given: what the publisher named, of a directory what chooseMain takes in it.
func (m *Model) chooseImageMain(main string) {
	candidates := m.Files
	if main != "" && main != "." {
		candidates = slices.DeleteFunc(slices.Clone(m.Files), func(f File) bool {
			return f.Path != main && !strings.HasPrefix(f.Path, main+"/") && !shardOf(f.Path, main)
		})
	}
	why := fmt.Sprintf("there is no %s in it", path.Join(ImageRoot, main))
	if len(candidates) > 0 {
		m.Main, why = chooseMain(candidates)
	}
	if why != "" {
		m.Unservable = fmt.Errorf("%w: %s", ErrUnservable, why)
	}
}

// shardOf says whether two paths are parts of one split model.
func shardOf(a, b string) bool {
	x, _, _, isShard := split(a)
	y, _, _, _ := split(b)
	return isShard && x == y
}
