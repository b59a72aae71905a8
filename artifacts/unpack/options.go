package unpack

import "github.com/paddock-dev/paddock/artifacts/packaging"

// The limits that hold unless told otherwise. They are far above any published model.
const (
	// DefaultMaxTotal is how many bytes all archives of a model may hold together.
	DefaultMaxTotal = 4 << 40
	// DefaultMaxFile is how many bytes one file in an archive may have, holes included.
	DefaultMaxFile = 2 << 40
	// DefaultMaxRatio is how many times its own size a layer may expand to. Weights hardly compress; text does so by 20.
	DefaultMaxRatio = 200
	// DefaultMaxEntries is how many entries of any type the archives may have. A derived manifest could not list more files.
	DefaultMaxEntries = packaging.MaxLayers
	// RatioFloor is how many bytes a layer may expand to whatever its ratio.
	RatioFloor = 64 << 20
)

// maxNames is how many bytes the names of all entries may have together: as much as a manifest that lists them.
const maxNames = packaging.MaxManifestSize

// Options tunes Model. nil means the zero value, whose meaning each field states.
type Options struct {
	// MaxTotal and MaxFile are in bytes; 0: DefaultMaxTotal, DefaultMaxFile.
	MaxTotal, MaxFile int64
	// MaxRatio limits what a layer expands to, in multiples of its size; 0: DefaultMaxRatio. RatioFloor is always allowed.
	MaxRatio int64
	// MaxEntries counts the entries of all archives; 0: DefaultMaxEntries.
	MaxEntries int
	// Label is the security.selinux attribute of new files; "": whatever the folder gives them. A file system without such
	// attributes is no error.
	Label string
}

func (o *Options) withDefaults() Options {
	var full Options
	if o != nil {
		full = *o
	}
	full.MaxTotal = orDefault(full.MaxTotal, DefaultMaxTotal)
	full.MaxFile = orDefault(full.MaxFile, DefaultMaxFile)
	full.MaxRatio = orDefault(full.MaxRatio, DefaultMaxRatio)
	full.MaxEntries = orDefault(full.MaxEntries, DefaultMaxEntries)
	return full
}

func orDefault[T int | int64](n, def T) T {
	if n == 0 {
		return def
	}
	return n
}
