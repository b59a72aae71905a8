package gguf

// Facts are what a header says of a model. A number that the header does not give is 0, a text "".
type Facts struct {
	// Architecture is general.architecture: "llama", "qwen3moe", "clip".
	Architecture string `json:"architecture,omitempty"`
	// Type is general.type: "model", "adapter", "mmproj", "imatrix". Older files do not say.
	Type      string `json:"type,omitempty"`
	Name      string `json:"name,omitempty"`
	SizeLabel string `json:"sizeLabel,omitempty"`
	License   string `json:"license,omitempty"`

	// Parameters is the number of weights in all tensors.
	Parameters int64 `json:"parameters"`
	// Quantization is the name of FileType ("Q4_K_M"), or, if that is missing or unknown, of the tensor type that takes
	// the most bytes ("Q4_K"). "" if there is neither.
	Quantization string `json:"quantization,omitempty"`
	// FileType is general.file_type; nil if missing, since 0 is F32.
	FileType *int64 `json:"fileType,omitempty"`
	// Tensors is the number of tensors, TensorBytes what their data take. Tensors of unknown types count no bytes.
	Tensors     int64 `json:"tensors"`
	TensorBytes int64 `json:"tensorBytes"`

	ContextLength     int64 `json:"contextLength,omitempty"` // tokens
	EmbeddingLength   int64 `json:"embeddingLength,omitempty"`
	BlockCount        int64 `json:"blockCount,omitempty"`
	HeadCount         int64 `json:"headCount,omitempty"` // of the layer with the most
	HeadCountKV       int64 `json:"headCountKV,omitempty"`
	FeedForwardLength int64 `json:"feedForwardLength,omitempty"`
	// The same three by layer, where the header has an array; nil where it has one number for all.
	HeadCounts         []int64 `json:"headCounts,omitempty"`
	HeadCountsKV       []int64 `json:"headCountsKV,omitempty"`
	FeedForwardLengths []int64 `json:"feedForwardLengths,omitempty"`
	KeyLength          int64   `json:"keyLength,omitempty"` // of one head
	ValueLength        int64   `json:"valueLength,omitempty"`
	ExpertCount        int64   `json:"expertCount,omitempty"`
	ExpertUsedCount    int64   `json:"expertUsedCount,omitempty"`
	// ExpertFeedForwardLength is the width of one expert; 0 where FeedForwardLength is that.
	ExpertFeedForwardLength int64   `json:"expertFeedForwardLength,omitempty"`
	RopeFreqBase            float64 `json:"ropeFreqBase,omitempty"`

	// VocabSize is <architecture>.vocab_size, or the number of tokens of the tokenizer.
	VocabSize      int64  `json:"vocabSize,omitempty"`
	TokenizerModel string `json:"tokenizerModel,omitempty"`
	// HasChatTemplate says whether the file carries a chat template; ChatTemplate is its text.
	HasChatTemplate bool   `json:"chatTemplate"`
	ChatTemplate    string `json:"-"`

	// Shard and Shards place one part of a split model, counted from 1. Both are 0 for a file that is not split; the facts
	// of a whole split model have Shards only.
	Shard  int64 `json:"shard,omitempty"`
	Shards int64 `json:"shards,omitempty"`

	Version   uint32 `json:"version"` // of the format
	BigEndian bool   `json:"bigEndian"`
	Alignment int64  `json:"alignment"` // of the tensor data, in bytes

	bytesByType  map[string]int64
	splitTensors int64 // of all shards, as split.tensors.count has it; 0 if it does not say
}
