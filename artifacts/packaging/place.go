package packaging

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
)

// placer gives every entry its path.
type placer struct {
	doc     *document
	entries []entry
	paths   []string                 // by entry; "" if it is no file of its own
	owner   map[string]digest.Digest // of each path
	roots   map[string]bool          // first elements of the paths, folded: what a name without a slash must avoid
	next    map[string]int           // the number to try next for a fallback name
}

// place turns entries into files, in the order of the manifest. Files come first, then the labels of archives, then the
// names that nobody wrote, so that what is made up always gives way to what the publisher said.
func place(doc *document, entries []entry) ([]File, error) {
	p := &placer{
		doc: doc, entries: entries, paths: make([]string, len(entries)),
		owner: map[string]digest.Digest{}, roots: map[string]bool{}, next: map[string]int{},
	}
	for i := range entries {
		if err := p.named(i); err != nil {
			return nil, err
		}
	}
	if err := p.nested(); err != nil {
		return nil, err
	}
	for i := range entries {
		if err := p.labelled(i); err != nil {
			return nil, err
		}
	}
	for i := range entries {
		if e := &entries[i]; !e.skip && e.name == "" {
			p.made(i, e.fallback)
		}
	}
	return p.files(), nil
}

// named places a file whose path the publisher wrote.
func (p *placer) named(i int) error {
	e := &p.entries[i]
	if e.skip || e.name == "" || e.encoding != Raw {
		return nil
	}
	clean, err := CleanPath(e.name)
	if err != nil {
		return fmt.Errorf("%s: %w", p.label(i), err)
	}
	if strings.HasSuffix(e.name, "/") {
		return fmt.Errorf("%s: %w: %.300q is a file with the name of a folder", p.label(i), ErrUnsafePath, e.name)
	}
	switch owner, taken := p.owner[clean]; {
	case !taken:
		p.take(i, clean)
	case owner != p.digest(i):
		return fmt.Errorf("%s: %w: %.300q is the path of %s too", p.label(i), ErrUnsafePath, clean, owner)
	}
	return nil
}

// labelled places an archive. Its path names no file, so it may lie across others; it only has to be unique.
func (p *placer) labelled(i int) error {
	e := &p.entries[i]
	if e.skip || e.name == "" || e.encoding == Raw {
		return nil
	}
	clean, err := CleanPath(e.name)
	if err != nil {
		return fmt.Errorf("%s: %w", p.label(i), err)
	}
	if _, taken := p.owner[clean]; taken {
		p.made(i, p.layer(i).blobName())
		return nil
	}
	p.take(i, clean)
	return nil
}

// made places a layer under a name without slashes that nobody wrote, numbered if it is taken: model.gguf,
// model_2.gguf. "_" sorts after ".", so the numbers keep the order of the manifest.
func (p *placer) made(i int, name string) {
	candidate := name
	for p.roots[FoldPath(candidate)] {
		if p.owner[candidate] == p.digest(i) {
			return
		}
		n := max(p.next[name], 2)
		p.next[name] = n + 1
		ext := path.Ext(name)
		candidate = fmt.Sprintf("%s_%d%s", strings.TrimSuffix(name, ext), n, ext)
	}
	p.take(i, candidate)
}

func (p *placer) take(i int, name string) {
	root, _, _ := strings.Cut(name, "/")
	p.paths[i], p.owner[name], p.roots[FoldPath(root)] = name, p.digest(i), true
}

// nested refuses a file at the place of another's folder.
func (p *placer) nested() error {
	names := slices.DeleteFunc(slices.Clone(p.paths), func(name string) bool { return name == "" })
	outer, inner, clash := PathClash(names)
	if !clash {
		return nil
	}
	if FoldPath(outer) == FoldPath(inner) {
		return fmt.Errorf("%s: %w: %.300q is the path of %s but for capitals, %.300q", p.label(slices.Index(p.paths, inner)),
			ErrUnsafePath, inner, p.owner[outer], outer)
	}
	return fmt.Errorf("%s: %w: %.300q lies in %.300q, which is a file (%s)", p.label(slices.Index(p.paths, inner)),
		ErrUnsafePath, inner, outer, p.owner[outer])
}

func (p *placer) layer(i int) *layer         { return &p.doc.Layers[p.entries[i].layer] }
func (p *placer) label(i int) string         { return p.doc.label(p.entries[i].layer) }
func (p *placer) digest(i int) digest.Digest { return p.layer(i).Digest }

// files makes the result of what was placed.
func (p *placer) files() []File {
	digests, titles := p.doc.counts()
	files := make([]File, 0, len(p.entries))
	for i, name := range p.paths {
		if name == "" {
			continue
		}
		files = append(files, p.file(i, digests[p.digest(i)] > 1, titles))
	}
	return files
}

func (p *placer) file(i int, repeated bool, titles map[string]int) File {
	e, l := &p.entries[i], p.layer(i)
	f := File{
		Path: p.paths[i], MadeUp: e.name == "", Role: e.role, MediaType: l.MediaType, Digest: l.Digest, Size: *l.Size,
		Title: l.title(), Encoding: e.encoding, Repeated: repeated,
	}
	if f.Role == "" {
		f.Role = familyRole(e.family, f.Path)
	}
	f.TitleUnique = f.Title != "" && !strings.Contains(f.Title, "/") && titles[f.Title] == 1
	if f.Encoding == Raw {
		return f
	}
	f.DiffID = e.diffID
	if f.Family = e.family; f.Family == "" {
		f.Family = e.role
	}
	// The name was checked when the label was placed.
	if folder := path.Dir(path.Clean(e.name)); e.within && folder != "." {
		f.Folder = folder
	}
	return f
}

// counts says how often each digest and each title occurs among the layers.
func (d *document) counts() (map[digest.Digest]int, map[string]int) {
	digests, titles := map[digest.Digest]int{}, map[string]int{}
	for i := range d.Layers {
		digests[d.Layers[i].Digest]++
		titles[d.Layers[i].title()]++
	}
	return digests, titles
}
