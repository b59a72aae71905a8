package artifacts

import (
	"fmt"
	"regexp"
	"strings"

	"go.podman.io/image/v5/docker/reference"
)

// OriginName returns the canonical name of a model whose origin is no registry and spells names its own way: Hugging Face's
// Qwen/Qwen3-0.6B-GGUF is hf.co/qwen/qwen3-0.6b-gguf. host is the registry part, repository the origin's path, tag what
// was chosen there.
//
// The rule: letters of the repository become lower case; a run of ".", "_" and "-" that the grammar of references lacks
// (only ".", "_", "__" and any number of "-" are in it) becomes one "-", and is dropped at the ends of an element. In the
// tag, whose case stays, a character that no tag may have becomes "-", and "_" is put before a first "." or "-". Anything
// else that the grammar lacks is refused with an error that wraps ErrInvalidName. Two origins may have one name: Origin
// tells them apart, and Store.Land is not asked to replace the one by the other.
func OriginName(host, repository, tag string) (Name, error) {
	elements := strings.Split(strings.ToLower(repository), "/")
	for i, e := range elements {
		elements[i] = strings.Trim(separators.regexp().ReplaceAllStringFunc(e, separator), "._-")
	}
	spelled := host + "/" + strings.Join(elements, "/") + ":" + originTag(tag)
	ref, err := reference.ParseNamed(spelled)
	if err != nil {
		return Name{}, fmt.Errorf("%w: %q: %w", ErrInvalidName, spelled, err)
	}
	return NameFrom(ref)
}

// pattern is a regular expression as a constant; compiling one takes microseconds.
type pattern string

func (p pattern) regexp() *regexp.Regexp { return regexp.MustCompile(string(p)) }

const (
	separators pattern = `[._-]+`
	notInTag   pattern = `[^A-Za-z0-9_.-]+`
)

// maxTag is the length of a tag in bytes (distribution/reference, TagRegexp).
const maxTag = 128

func separator(run string) string {
	switch run {
	case ".", "_", "__":
		return run
	}
	if strings.Trim(run, "-") == "" {
		return run
	}
	return "-"
}

func originTag(tag string) string {
	tag = notInTag.regexp().ReplaceAllString(tag, "-")
	if strings.HasPrefix(tag, ".") || strings.HasPrefix(tag, "-") {
		tag = "_" + tag
	}
	if len(tag) > maxTag {
		tag = tag[:maxTag]
	}
	return tag
}
