package workload

import "strings"

// LoadError says why llama.cpp cannot load a model, in words for people.
type LoadError struct {
	// Why is a sentence without a capital and a period.
	Why string
	// Damaged says that the file at rest may be damaged, so that verifying it helps; Missing that files are not there.
	Damaged, Missing bool
}

// loadErrors returns what llama.cpp says, in the order in which the causes are looked for, and what it means (measured with
// build 11669 except for the architecture and the memory, which are of src/llama-model.cpp and ggml-alloc.c).
func loadErrors() []struct {
	said string
	LoadError
} {
	return []struct {
		said string
		LoadError
	}{
		{"illegal split file idx", LoadError{Why: "the server was given another shard of the model than the first"}},
		{"invalid split file name", LoadError{Why: "the shards of the model have names from which llama.cpp cannot tell their order"}},
		{"failed to open GGUF file", LoadError{Why: "a file of the model is not there", Missing: true}},
		{"is not within the file bounds", LoadError{Why: "a file of the model ends too early: it is cut short or damaged", Damaged: true}},
		{"failed to read magic", LoadError{Why: "the model's file is no GGUF file", Damaged: true}},
		{"invalid magic characters", LoadError{Why: "the model's file is no GGUF file", Damaged: true}},
		{"unknown model architecture", LoadError{Why: "the server's image is too old for the model: it does not know its architecture"}},
		{"unable to allocate", LoadError{Why: "there is not enough memory for the model and its context"}},
		{"failed to allocate", LoadError{Why: "there is not enough memory for the model and its context"}},
		{"out of memory", LoadError{Why: "there is not enough memory for the model and its context"}},
	}
}

// ExplainLoad finds in a line of llama.cpp's log why it cannot load the model; nil if the line does not say.
func ExplainLoad(line string) *LoadError {
	for _, e := range loadErrors() {
		if !strings.Contains(line, e.said) {
			continue
		}
		found := e.LoadError
		if name := quoted(line); name != "" {
			found.Why += " (" + name + ")"
		}
		return &found
	}
	return nil
}

// quoted returns what stands between the first two single quotes of a line, with them: the file, tensor or architecture.
func quoted(line string) string {
	const longest = 300
	_, rest, ok := strings.Cut(line, "'")
	name, _, closed := strings.Cut(rest, "'")
	if !ok || !closed || len(name) > longest || strings.ContainsFunc(name, isHidden) {
		return ""
	}
	return "'" + name + "'"
}
