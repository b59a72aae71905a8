package packaging

import (
	"fmt"
	"slices"
)

// GGUFRole says what a GGUF file is by its header: general.type and general.architecture (gguf.md, General metadata). ""
// if the header says nothing that a name does not say better, as those of older files.
func GGUFRole(generalType, architecture string) Role {
	switch {
	case generalType == "mmproj", architecture == "clip":
		return Projector
	case generalType == "adapter":
		return Adapter
	case generalType == "imatrix":
		return Other
	case generalType == "model":
		return Weights
	}
	return ""
}

// Correct returns the model with other roles for the files at some paths, as their headers say, and decides anew what a
// runtime is given. The packaging's own word stands where it has one (Ollama's types), and a draft stays a draft, which
// no header tells from a model. Nothing changes for a model that must be unpacked first.
func (m *Model) Correct(roles map[string]Role) *Model {
	changed := *m
	changed.Files = slices.Clone(m.Files)
	same := true
	for i := range changed.Files {
		f := &changed.Files[i]
		role, known := roles[f.Path]
		if f.Encoding != Raw {
			return m
		}
		if known && role != "" && role != f.Role && f.Role != Draft {
			f.Role, f.Shard, f.Shards, same = role, 0, 0, false
		}
	}
	if same || m.blocked || m.Format == Ollama {
		return m
	}
	numberShards(changed.Files)
	changed.Unservable = nil
	main, why := chooseMain(changed.Files)
	changed.Main = main
	if why != "" {
		changed.Unservable = fmt.Errorf("%w: %s", ErrUnservable, why)
	}
	return &changed
}
