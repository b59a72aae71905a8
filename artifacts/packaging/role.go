package packaging

import (
	"path"
	"slices"
	"strings"
)

// RoleByName says what a file is by its base name, in any case of letters; Other if the name says nothing. The rules
// are tried in the order of nameRoles.
func RoleByName(name string) Role {
	base := strings.ToLower(path.Base(name))
	for _, r := range nameRoles() {
		if r.match(base) {
			return r.role
		}
	}
	return Other
}

type nameRole struct {
	role  Role
	match func(base string) bool
}

// nameRoles returns the rules; the first that matches decides. A projector and an adapter are weights in every other
// respect, and a license may be a text, so the order matters.
func nameRoles() []nameRole {
	return []nameRole{
		{Projector, func(b string) bool {
			return strings.HasSuffix(b, ".mmproj") || isGGUF(b) && strings.Contains(b, "mmproj")
		}},
		{Adapter, func(b string) bool {
			return strings.HasPrefix(b, "adapter_model.") || isGGUF(b) && strings.Contains(b, "lora")
		}},
		{Weights, endsIn(".gguf", ".safetensors", ".bin", ".pt", ".pth", ".onnx", ".dduf")},
		{Template, func(b string) bool { return strings.HasSuffix(b, ".jinja") || b == "chat_template.json" }},
		{Tokenizer, isTokenizer},
		{Config, func(b string) bool {
			return endsIn(".json", ".yaml", ".yml")(b) || b == "modelfile" || b == "kitfile"
		}},
		{License, func(b string) bool {
			return slices.ContainsFunc([]string{"license", "licence", "copying", "notice"},
				func(word string) bool { return strings.HasPrefix(b, word) })
		}},
		{Doc, endsIn(".md", ".txt")},
		{Code, endsIn(".py", ".ipynb")},
		{Dataset, endsIn(".parquet", ".csv", ".jsonl")},
	}
}

func isTokenizer(base string) bool {
	switch base {
	case "merges.txt", "spiece.model", "special_tokens_map.json", "added_tokens.json":
		return true
	}
	return strings.HasPrefix(base, "tokenizer") || strings.HasPrefix(base, "vocab.") || strings.HasSuffix(base, ".tiktoken")
}

func endsIn(extensions ...string) func(string) bool {
	return func(base string) bool {
		return slices.ContainsFunc(extensions, func(e string) bool { return strings.HasSuffix(base, e) })
	}
}

func isGGUF(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".gguf") }

func isSafetensors(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".safetensors") }

// familyRole joins what a media type says of a file (family) with what its name says: the name decides among the roles
// that the type cannot express, and never overrides the type otherwise. An empty family says nothing.
func familyRole(family Role, name string) Role {
	named := RoleByName(name)
	switch family {
	case "":
		return named
	case Weights:
		if slices.Contains([]Role{Projector, Adapter, Tokenizer, Template, Config}, named) {
			return named
		}
	case Config:
		if named == Tokenizer || named == Template {
			return named
		}
	case Doc:
		if named == License {
			return named
		}
	}
	return family
}

// EntryRole says what a file of an archive is, by its name in the archive. The family of an archive with a whole folder in
// it ("model", "weight.v1.tar") says less of each file than its name does; only code, datasets and documents are so by their
// family, as are the weights of a projector or an adapter. The family decides where the name says nothing.
func (f *File) EntryRole(name string) Role {
	named := RoleByName(name)
	switch f.Family {
	case Code, Dataset, Doc:
		return familyRole(f.Family, name)
	case Projector, Adapter, Draft:
		if named == Weights || named == Other {
			return f.Family
		}
	}
	if named == Other && f.Family != "" {
		return f.Family
	}
	return named
}

// parseRole reads a role as this package writes it; "" if it is none.
func parseRole(s string) Role {
	switch r := Role(s); r {
	case Weights, Projector, Adapter, Draft, Config, Tokenizer, Template, Params, License, Doc, Code, Dataset, Other:
		return r
	}
	return ""
}
