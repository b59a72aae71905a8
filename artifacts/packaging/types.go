package packaging

import "github.com/opencontainers/go-digest"

// Format is the way a manifest describes a model. Its string is what users see as "packaging".
type Format string

// The packagings in use. Unknown is a manifest that is readable but describes no model that paddock can name files of.
const (
	ModelPack     Format = "modelpack"
	Docker        Format = "docker"
	ModelKit      Format = "modelkit"
	Artifact      Format = "artifact"
	OMLMD         Format = "omlmd"
	Ollama        Format = "ollama"
	RamaLamaImage Format = "ramalama-image"
	ModelCar      Format = "modelcar"
	Image         Format = "image"
	Unknown       Format = "unknown"
)

// Role is what a file is to the program that runs the model.
type Role string

// The roles of files, in the words that users see.
const (
	Weights   Role = "weights"
	Projector Role = "projector"
	Adapter   Role = "adapter"
	Draft     Role = "draft"
	Config    Role = "config"
	Tokenizer Role = "tokenizer"
	Template  Role = "template"
	Params    Role = "params"
	License   Role = "license"
	Doc       Role = "doc"
	Code      Role = "code"
	Dataset   Role = "dataset"
	Other     Role = "other"
)

// Encoding is how a layer's bytes carry the files of the model.
type Encoding string

// The encodings of a layer: Raw is the file itself, the others an archive to unpack.
const (
	Raw     Encoding = "raw"
	Tar     Encoding = "tar"
	TarGzip Encoding = "tar+gzip"
	TarZstd Encoding = "tar+zstd"
)

// File is one file of a model as a container sees it, and the layer that holds it.
type File struct {
	// Path is relative to the model's root: clean, slash-separated, local (filepath.IsLocal), unique in the model.
	Path string
	// MadeUp says that the publisher gave no name, and Path was chosen here.
	MadeUp bool
	Role   Role
	// MediaType is the layer's, as the publisher wrote it.
	MediaType string
	// Digest and Size are the layer's. Several files may share one digest.
	Digest digest.Digest
	Size   int64 // bytes
	// Title is the layer's org.opencontainers.image.title, the name by which Podman itself knows the file; "" if it has none.
	Title string
	// Encoding is Raw when the layer is the file itself. For an archive, Path is a label and the real files are known
	// only after unpacking; Family, Folder and DiffID are set for archives only.
	Encoding Encoding
	// Family is what the publisher says of all that is in an archive; "" if nothing. See EntryRole.
	Family Role
	// Folder is where the entries of an archive belong, as Path is written; "" is the model's root. Only ModelKits from
	// before 2025 have one.
	Folder string
	// DiffID is the digest of the archive without its compression, as the manifest or the config states it, unchecked; "" if
	// neither does.
	DiffID digest.Digest
	// Shard and Shards place one part of a split model, counted from 1; 0 if the file is not a part.
	Shard, Shards int
	// Repeated says that the manifest lists the layer's digest more than once, be it for another file or this one, as opposed
	// to one layer that says it is several files (see Derive). Podman then refuses to mount it by digest ("more than one match for the digest"); see TitleUnique. The config blob is no
	// layer and does not count.
	Repeated bool
	// TitleUnique says that Title selects this layer and no other: it is not empty, has no slash, and no other layer of
	// the manifest has it. Podman then mounts the file by title= even if its digest is repeated.
	TitleUnique bool
}

// Model is what a manifest says of a model: its packaging, files, and what a runtime is given.
type Model struct {
	Format Format
	// Files are in the order of the manifest.
	Files []File
	// Main is what the runtime is given, relative to the model's root: a file (the first shard of a split model), or a
	// directory for a directory model ("." is the root itself). "" if there is none; Unservable then says why.
	Main string
	// Base is the ModelKit that the model itself is in, as a full reference with a tag or a digest: a Kitfile may refer to
	// another kit. "" if the model is here. See KitModel.
	Base string
	// Unservable is nil when each file can be given to a container as it is. Otherwise it wraps ErrUnservable and says
	// what stands in the way; the model can still be stored, listed and inspected.
	Unservable error
	// blocked says that something stands in the way of serving whatever the files are.
	blocked bool
	// Derivable says that a manifest of single files would help, which Derive writes: there are archives to unpack, or layers
	// that no mount can tell apart, a Base to join, or (Unknown) files without names, and nothing else is known to stand in
	// the way.
	Derivable bool
}

// IsImage says whether manifests of the format are container images to container tools; all others are artifacts.
func (f Format) IsImage() bool {
	return f == RamaLamaImage || f == ModelCar || f == Image
}

// First returns the first file with the role, or nil.
func (m *Model) First(r Role) *File {
	for i := range m.Files {
		if m.Files[i].Role == r {
			return &m.Files[i]
		}
	}
	return nil
}
