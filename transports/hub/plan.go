package hub

import (
	"context"
	"fmt"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports/repofiles"
	"github.com/paddock-dev/paddock/transports/synth"
)

// baseAnnotation names the models that a model was made from, as their origin spells them.
const baseAnnotation = "org.paddock.model.base"

// plan makes the Plan of the files that a reference means.
func (r *Resolver) plan(ctx context.Context, found *Found, asked *repofiles.Ref) (*artifacts.Plan, error) {
	paths := make([]string, len(found.Entries))
	byPath := map[string]*Entry{}
	for i := range found.Entries {
		paths[i] = found.Entries[i].Path
		byPath[paths[i]] = &found.Entries[i]
	}
	chosen, err := repofiles.Select(paths, asked)
	if err != nil {
		return nil, fmt.Errorf("choosing files of %s: %w", found.Repository, err)
	}
	ref := &chosen.Ref
	ref.Repository = found.Repository
	name, err := r.name(found.Repository, ref)
	if err != nil {
		return nil, err
	}
	model := &synth.Model{Name: name, Origin: ref.Origin(r.Scheme), Meta: *describe(found, chosen)}
	known, err := r.same(ctx, model)
	if err != nil {
		return nil, err
	}
	if chosen.Defaulted && known == nil && r.Say != nil {
		r.Say(fmt.Sprintf("%s: taking %s by default%s", found.Repository, ref.Quant, others(chosen.Others)))
	}
	if found.Guarded && known == nil {
		if err := r.Web.Probe(ctx, r.Origin.URL(found, chosen.Files[0].Path)); err != nil {
			return nil, err
		}
	}
	if model.Files, err = r.files(ctx, found, chosen, byPath, known); err != nil {
		return nil, err
	}
	return synth.Plan(model)
}

// others lists what else could have been chosen.
func others(quants []string) string {
	if len(quants) == 0 {
		return ""
	}
	return "; there are also " + strings.Trim(strings.Join(quants, ", "), ", ")
}

// same returns the files of the manifest that the store has of the same revision of the same origin, by path; nil if it has
// none.
func (r *Resolver) same(ctx context.Context, m *synth.Model) (map[string]packaging.File, error) {
	manifest, err := r.known(ctx, m.Name.String())
	notes := packaging.Annotations(manifest)
	if err != nil || m.Meta.Revision == "" || notes[synth.OriginAnnotation] != m.Origin || notes[ocispec.AnnotationRevision] != m.Meta.Revision {
		return nil, err
	}
	parsed, err := packaging.Parse(manifest, nil)
	if err != nil {
		return nil, nil // it will be replaced
	}
	files := map[string]packaging.File{}
	for _, f := range parsed.Files {
		files[f.Path] = f
	}
	return files, nil
}

// describe says of a model what is the same whenever it is asked for.
func describe(found *Found, s *repofiles.Selection) *packaging.BuildMeta {
	owner, repository, ok := strings.Cut(found.Repository, "/")
	if !ok {
		owner, repository = "", owner
	}
	meta := &packaging.BuildMeta{
		Name: repository, Vendor: owner, Revision: found.Commit, SourceURL: found.Page, Licenses: found.Licenses,
		Format: s.Format, Quantization: s.Ref.Quant,
	}
	if len(found.BaseModels) > 0 {
		meta.Annotations = map[string]string{baseAnnotation: strings.Join(found.BaseModels, ", ")}
	}
	return meta
}

// files describes the chosen files. Those that neither the site nor the store says a digest of are read for it.
func (r *Resolver) files(ctx context.Context, found *Found, s *repofiles.Selection, byPath map[string]*Entry, known map[string]packaging.File) ([]synth.File, error) {
	files := make([]synth.File, len(s.Files))
	var read []small
	for i, pick := range s.Files {
		e := byPath[pick.Path]
		as, err := packaging.CleanPath(pick.As)
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", found.Repository, err)
		}
		f := &files[i]
		*f = synth.File{Path: as, Digest: e.SHA256, Size: e.Size, Open: r.Web.Remote(r.Origin.URL(found, pick.Path), e.Size, nil, nil).Open}
		if k, ok := known[as]; ok && f.Digest == "" && k.Size == e.Size {
			f.Digest = k.Digest
		}
		if f.Digest == "" {
			read = append(read, small{entry: e, file: f})
		}
	}
	return files, r.readSmall(ctx, found, read)
}
