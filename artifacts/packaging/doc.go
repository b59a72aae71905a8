// Package packaging knows every way in which a manifest describes a model: it tells which packaging a manifest is in
// (Detect), what its files, their roles and paths are (Parse), which manifest of an index to take (ChooseInstance), and
// it writes the one packaging that paddock publishes itself (BuildModelPack).
//
// It works on bytes alone: it opens nothing, fetches nothing, and knows no store, origin or engine. Everything it reads
// was written by a stranger, so every size is bounded and every path is checked before it is handed on.
package packaging

// The limits on what is read. They bound memory and time on hostile input.
const (
	// MaxManifestSize is the largest manifest or index in bytes; registries and containers/image have the same limit.
	MaxManifestSize = 4 << 20
	// MaxConfigSize is the largest config blob in bytes that Parse looks into.
	MaxConfigSize = 4 << 20
	// MaxLayers is the largest number of layers of a manifest, and of entries of an index.
	MaxLayers = 10000
	// MaxIndexDepth is how many indexes may be nested in one another before a manifest must come. Following them is the
	// caller's loop; an index that is the answer at this depth is refused by it.
	MaxIndexDepth = 4
)
