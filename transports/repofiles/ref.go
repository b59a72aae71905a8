package repofiles

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// Ref names a model in a repository: ORG/REPO[:QUANT][/PATH][@REVISION][?include=GLOB&exclude=GLOB&commit=COMMIT]. The zero value of
// each field but Repository says nothing.
type Ref struct {
	// Repository is ORG/REPO as it was typed; a few old repositories have no ORG.
	Repository string
	// Quant is the quantisation, in upper case.
	Quant string
	// Path is a file or a folder, as packaging.CleanPath returns it.
	Path string
	// Revision is a branch, a tag or a commit; "" for the default branch.
	Revision string
	// Include and Exclude are globs; see Select.
	Include, Exclude []string
	// Commit is what to look at for Revision, wherever that points by now: ?commit=COMMIT. It is no part of the origin, so
	// that the same model comes of it.
	Commit string
	// Digest is that of the manifest that was made of the model once: HOST/ORG/REPO@sha256:… . Then nothing else is set.
	Digest digest.Digest
	// Web says that the name of the site came first: of a URL, or of a name as stores have it.
	Web bool
}

// latest is the tag that means: whatever is chosen by default.
const latest = "latest"

// part is one element of a repository's name; both sites allow these characters and no more.
const part = `^[A-Za-z0-9_][A-Za-z0-9._-]*$`

// tag is what a registry allows as a tag.
const tag = `^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`

// ParseRef reads the argument of a reference. sites are the hosts that may stand before the repository; what follows them
// may be a path of the web site. The error wraps artifacts.ErrInvalidName.
func ParseRef(s string, sites ...string) (*Ref, error) {
	r := &Ref{}
	if err := r.parse(s, sites); err != nil {
		return nil, fmt.Errorf("%w: %q: %w", artifacts.ErrInvalidName, s, err)
	}
	return r, nil
}

func (r *Ref) parse(s string, sites []string) error {
	host, rest, found := strings.Cut(s, "/")
	if found && isSite(host, sites) {
		r.Web, s = true, rest
	}
	s, _, _ = strings.Cut(s, "#")
	s, query, _ := strings.Cut(s, "?")
	s, at, _ := strings.Cut(s, "@")
	if d := digest.Digest(at); r.Web && d.Validate() == nil {
		r.Digest, at = d, ""
	}
	var err error
	if r.Revision, err = url.PathUnescape(at); err != nil {
		return err
	}
	elements := strings.Split(strings.TrimSuffix(s, "/"), "/")
	if r.Web {
		elements = r.webPath(elements)
	}
	if err := r.setRepository(elements); err != nil {
		return err
	}
	if err := r.setQuery(query); err != nil {
		return err
	}
	if first, _, _ := strings.Cut(r.Repository, "/"); isSite(first, sites) {
		return fmt.Errorf("%q is a site, not an organisation", first)
	}
	return r.check()
}

func isSite(host string, sites []string) bool {
	return slices.ContainsFunc(sites, func(site string) bool { return strings.EqualFold(host, site) })
}

// webPath takes the revision out of the path of a web page: ORG/REPO/blob/REVISION/PATH, and at ModelScope
// models/ORG/REPO/file/view/REVISION/PATH.
func (r *Ref) webPath(elements []string) []string {
	if len(elements) > 2 && elements[0] == "models" {
		elements = elements[1:]
	}
	if len(elements) < 3 {
		return elements
	}
	verb := 3
	switch elements[2] {
	case "file":
		verb = 4
	case "blob", "resolve", "tree", "raw":
	case "summary", "files":
		return elements[:2]
	default:
		return elements
	}
	if len(elements) <= verb {
		return elements[:2]
	}
	if revision, err := url.PathUnescape(elements[verb]); err == nil && r.Revision == "" {
		r.Revision = revision
	}
	return append(elements[:2:2], elements[verb+1:]...)
}

func (r *Ref) setRepository(elements []string) error {
	of := min(len(elements), 2)
	path, err := url.PathUnescape(strings.Join(elements[of:], "/"))
	if err != nil {
		return err
	}
	last, quant, tagged := strings.Cut(elements[of-1], ":")
	elements[of-1] = last
	r.Repository, r.Path = strings.Join(elements[:of], "/"), path
	if tagged && !regexp.MustCompile(tag).MatchString(quant) {
		return fmt.Errorf("%q is no quantisation", quant)
	}
	if !strings.EqualFold(quant, latest) {
		r.Quant = strings.ToUpper(quant)
	}
	for _, e := range elements[:of] {
		if !regexp.MustCompile(part).MatchString(e) || strings.Contains(e, "..") {
			return fmt.Errorf("%q is no name of an organisation or a repository: want ORG/REPO[:QUANT][/PATH][@REVISION]", e)
		}
	}
	return nil
}

// setQuery reads what Origin writes, the commit, and the file that a page of Hugging Face shows. Anything else is the web site's own business.
func (r *Ref) setQuery(query string) error {
	q, err := url.ParseQuery(query)
	if err != nil {
		return err
	}
	r.Include, r.Exclude, r.Commit = q["include"], q["exclude"], q.Get("commit")
	if shown := q.Get("show_file_info"); r.Web && r.Path == "" {
		r.Path = shown
	}
	return nil
}

func (r *Ref) check() error {
	first, _, _ := strings.Cut(r.Repository, "/")
	switch {
	case first == "datasets" || first == "spaces":
		return fmt.Errorf("it is one of the %s, not a model", first)
	case r.Path != "" && r.Quant != "":
		return errors.New("it has a quantisation and a path: one is enough")
	case r.Digest != "" && (r.Path != "" || r.Quant != "" || r.Revision != ""):
		return errors.New("a digest goes with nothing else")
	case len(r.Include) > 0 && (r.Path != "" || r.Quant != ""):
		return errors.New("what to include takes the place of a quantisation or a path")
	}
	if r.Path == "" {
		return nil
	}
	clean, err := packaging.CleanPath(r.Path)
	r.Path = clean
	return err
}

// Origin writes the reference so that ParseRef reads it again: SCHEME://ORG/REPO… .
func (r *Ref) Origin(scheme string) string {
	s := scheme + "://" + r.Repository
	if r.Quant != "" {
		s += ":" + r.Quant
	}
	if r.Path != "" {
		s += "/" + strings.ReplaceAll((&url.URL{Path: r.Path}).EscapedPath(), "@", "%40")
	}
	if r.Revision != "" {
		s += "@" + url.PathEscape(r.Revision)
	}
	if q := (url.Values{"include": r.Include, "exclude": r.Exclude}); len(r.Include)+len(r.Exclude) > 0 {
		s += "?" + q.Encode()
	}
	return s
}

// Tag is the tag of the model's name: the quantisation or the path, and the revision if it is not the default branch.
// "latest" stands for neither.
func (r *Ref) Tag() string {
	chosen := r.Quant + strings.ReplaceAll(r.Path, "/", "-")
	switch {
	case chosen == "" && r.Revision == "":
		return latest
	case r.Revision == "":
		return chosen
	case chosen == "":
		return r.Revision
	}
	return chosen + "-" + r.Revision
}
