package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports"
	"github.com/paddock-dev/paddock/transports/aliases"
	"github.com/paddock-dev/paddock/transports/synth"
)

// findModel returns the model of the store that a person named, in whatever way it may be pulled by, or as the store has it.
func findModel(ctx context.Context, env *Env, store artifacts.Store, typed string) (*artifacts.Model, error) {
	query, err := storedAs(ctx, env, store, typed)
	if err != nil {
		return nil, err
	}
	return store.Find(ctx, query)
}

// storedModel returns the store, and a model of it for a command that pulls none. act says what the model is for.
func storedModel(ctx context.Context, env *Env, typed, act string) (artifacts.Store, *artifacts.Model, error) {
	store, err := env.Store(ctx)
	if err != nil {
		return nil, nil, err
	}
	model, err := findModel(ctx, env, store, typed)
	if errors.Is(err, artifacts.ErrNotFound) {
		err = WithHint(err, "paddock pull "+typed)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w", act, typed, err)
	}
	return store, model, nil
}

// storedAs returns what to ask the store for. Of a model that is not there it is what the model would be called. One that has the
// name of the model that was typed, and is another, is an error that wraps artifacts.ErrNameTaken, or ErrVerification; a path whose
// files have changed is a *changedError, and is returned with the query.
func storedAs(ctx context.Context, env *Env, store artifacts.Store, typed string) (string, error) {
	names, unclear := possibleNames(env, typed)
	if unclear != nil {
		if _, err := store.Find(ctx, names.Queries[0]); errors.Is(err, artifacts.ErrNotFound) {
			return "", unclear // it may well be there, under the name that it stands for
		}
	}
	if len(names.Queries) == 1 && names.Repository == "" && names.Origin == "" {
		return names.Queries[0], nil
	}
	var taken error
	for _, query := range names.Queries {
		model, err := store.Find(ctx, query)
		switch {
		case errors.Is(err, artifacts.ErrNotFound):
			continue
		case err != nil:
			return "", err
		}
		if was := model.Annotations[synth.OriginAnnotation]; !names.Agree(was) {
			taken = nameTaken(query, was, names.Origin)
			continue // another origin that has the same name by chance
		}
		return query, asMeant(ctx, env, store, model, names, typed)
	}
	if names.Repository == "" {
		return names.Queries[0], taken
	}
	return onlyOf(ctx, env, store, names, typed)
}

// onlyOf finds the one model of a repository.
func onlyOf(ctx context.Context, env *Env, store artifacts.Store, names *transports.Names, typed string) (string, error) {
	models, err := store.List(ctx)
	if err != nil {
		return "", err
	}
	var found []string
	var only *artifacts.Model
	for _, m := range models {
		if strings.HasPrefix(m.Name, names.Repository+":") {
			found, only = append(found, m.Name), m
		}
	}
	switch len(found) {
	case 0:
		return names.Queries[0], nil
	case 1:
		return only.Name, asMeant(ctx, env, store, only, names, typed)
	}
	return "", fmt.Errorf("%s: %w: %s", typed, artifacts.ErrAmbiguous, strings.Join(found, ", "))
}

// asMeant refuses a model of the store that has the name and the origin of what was typed, and not what else was said of it.
func asMeant(ctx context.Context, env *Env, store artifacts.Store, m *artifacts.Model, names *transports.Names, typed string) error {
	revision := m.Annotations[ocispec.AnnotationRevision]
	var was, want string
	switch files := m.Packaging.Files; {
	case names.Path != "":
		return checkPath(ctx, env, store, m, typed, names.Path)
	case names.Digest != "" && (len(files) != 1 || files[0].Digest != names.Digest):
		was, want = "has "+filesDigest(m), names.Digest.String()
	case names.Commit != "" && revision != "" && !strings.HasPrefix(revision, names.Commit):
		was, want = "is of the commit "+revision, names.Commit
	default:
		return nil
	}
	err := fmt.Errorf("%w: the store's %s %s, not %s", artifacts.ErrVerification, m.Name, was, want)
	return WithHint(err, "paddock pull takes it from its origin")
}

// filesDigest says what the files of a model are.
func filesDigest(m *artifacts.Model) string {
	if files := m.Packaging.Files; len(files) == 1 {
		return "the digest " + files[0].Digest.String()
	}
	return fmt.Sprintf("%d files", len(m.Packaging.Files))
}

// possibleNames are what a store may call what was typed. What no transport knows is passed on as it is: a digest, or the
// beginning of one. With an error it is only known what the store may have as it was typed.
func possibleNames(env *Env, typed string) (*transports.Names, error) {
	asTyped := &transports.Names{Queries: []string{localName(typed)}}
	resolver, err := env.Resolver(&originOptions{})
	if err != nil {
		return asTyped, err
	}
	namer, ok := resolver.(transports.Namer)
	if !ok {
		return asTyped, nil
	}
	names, err := namer.Names(typed)
	var unclear *aliases.LookupError
	var circle *aliases.CircleError
	switch {
	case errors.As(err, &circle):
		return asTyped, asUsage(err)
	case errors.As(err, &unclear):
		return asTyped, err
	case err != nil || len(names.Queries) == 0:
		return asTyped, nil
	}
	if len(names.Queries) == 1 && names.Queries[0] == asTyped.Queries[0] && names.Origin == "" {
		names.Queries = append(names.Queries, ownName(typed)...)
	}
	return names, nil
}

// ownName is what pack and convert call a model that was given a name without a registry: localhost/NAME, as podman build
// does. nil if what was typed is no such name.
func ownName(typed string) []string {
	if _, err := reference.ParseNamed(typed); !errors.Is(err, reference.ErrNameNotCanonical) || strings.Contains(typed, "://") {
		return nil
	}
	if name, err := artifacts.ParseName(localRegistry + typed); err == nil {
		return []string{name.String()}
	}
	return nil
}

// refuseTaken fails if the name of a plan is that of a model which was made from something else; path is where the files of the
// plan are on this machine, if they are.
func refuseTaken(ctx context.Context, env *Env, store artifacts.Store, plan *artifacts.Plan, path string) error {
	if plan.Origin == "" {
		return nil // a publisher may do with a name what they please
	}
	there, err := store.Find(ctx, plan.Name.String())
	if errors.Is(err, artifacts.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	was := there.Annotations[synth.OriginAnnotation]
	switch {
	case was != plan.Origin:
		return nameTaken(plan.Name.String(), was, plan.Origin)
	case path == "":
		return nil
	}
	p := &pathModel{env: env, store: store, model: there, record: env.recordOf(path)}
	var changed *changedError
	if err := p.compare(ctx, plan.Pending); !errors.As(err, &changed) {
		return err
	}
	return nil
}

// nameTaken says that the model of a name was made from something else than what was meant.
func nameTaken(name, was, not string) error {
	if was == "" {
		was = "something else"
	}
	err := fmt.Errorf("%w: the store has a %s that was made from %s, not from %s", artifacts.ErrNameTaken, name, was, not)
	return WithHint(err, fmt.Sprintf("paddock rm %s first, or keep the new one under another name: paddock pull -t NAME", name))
}
