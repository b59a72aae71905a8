package ollama

import (
	"fmt"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
)

const (
	defaultHost      = "registry.ollama.ai"
	canonicalHost    = "ollama.com" // in names
	defaultNamespace = "library"
	defaultTag       = "latest"
)

// Sites are the web sites whose URLs mean models of this transport.
func Sites() []string { return []string{"ollama.com", "www.ollama.com", defaultHost} }

// ref is a reference, taken apart.
type ref struct{ host, repository, tag string }

// parse reads [HOST/][NAMESPACE/]NAME[:TAG]. The error wraps artifacts.ErrInvalidName.
func parse(input string) (*ref, error) {
	refuse := func(why string) (*ref, error) {
		return nil, fmt.Errorf("%w: ollama://%.300s: %s", artifacts.ErrInvalidName, input, why)
	}
	if strings.ContainsAny(input, "@?#%") {
		return refuse("want [HOST/][NAMESPACE/]NAME[:TAG]")
	}
	elements := strings.Split(strings.TrimSuffix(input, "/"), "/")
	r := &ref{host: defaultHost, tag: defaultTag}
	if first := strings.ToLower(elements[0]); len(elements) > 1 && (strings.ContainsAny(first, ".:") || first == "localhost") {
		r.host, elements = first, elements[1:]
	}
	for _, site := range Sites() {
		if r.host == site {
			r.host = defaultHost
		}
	}
	last := len(elements) - 1
	if name, tag, tagged := strings.Cut(elements[last], ":"); tagged {
		elements[last], r.tag = name, tag
	}
	switch len(elements) {
	case 1:
		elements = []string{defaultNamespace, elements[0]}
	case 2:
	default:
		return refuse("want [HOST/][NAMESPACE/]NAME[:TAG]")
	}
	for _, part := range append(elements, r.tag) {
		if part == "" || part == "." || part == ".." || strings.Contains(part, ":") {
			return refuse("a part of it is missing")
		}
	}
	r.repository = strings.Join(elements, "/")
	if _, err := r.name(); err != nil {
		return nil, err
	}
	return r, nil
}

// name is what the model is kept under.
func (r *ref) name() (artifacts.Name, error) {
	host := r.host
	if host == defaultHost {
		host = canonicalHost
	}
	return artifacts.OriginName(host, r.repository, r.tag)
}

// String is the reference in its one spelling.
func (r *ref) String() string {
	s := r.repository + ":" + r.tag
	if r.host != defaultHost {
		s = r.host + "/" + s
	}
	return "ollama://" + s
}
