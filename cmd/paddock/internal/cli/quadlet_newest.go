package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/workload"
	"github.com/paddock-dev/paddock/quadlet"
)

// newest returns the model that the name of the service's stands for by now, pulled, but for a dry run; nil if then only the pull
// can tell. A name of this machine's own, or one that cannot move, is looked up in the store.
func (u *serviceUpdate) newest(ctx context.Context, fetch *fetchOptions) (*artifacts.Model, error) {
	name, err := artifacts.ParseName(u.old.Model)
	if err != nil {
		return nil, err
	}
	from := u.old.Origin
	if from == "" {
		if reference.Domain(name.Reference()) == localDomain || name.Digest() != "" {
			model, err := u.stored(ctx, u.old.Model, u.old.Source)
			if err != nil {
				return nil, err
			}
			return model, u.fromSamePath(model)
		}
		from = u.old.Model
	}
	if !u.o.dryRun {
		return fetchAs(ctx, u.env, u.store, from, name, fetch)
	}
	origin := fetch.origin
	origin.store = u.store
	resolver, err := u.env.Resolver(&origin)
	if err != nil {
		return nil, err
	}
	plan, err := resolver.Resolve(ctx, from)
	if err != nil {
		return nil, hintFetch(naming(from, err), from, &origin)
	}
	plan.Name = name
	if plan.Complete != nil {
		return nil, nil
	}
	model, err := plannedModel(plan)
	if err != nil {
		return nil, err
	}
	if model.Digest.String() == u.old.Digest {
		return u.stored(ctx, u.old.Source)
	}
	if undecided(model) {
		return nil, nil
	}
	return model, nil
}

// stored returns the model that the store has by the first of the names, called as the service calls it.
func (u *serviceUpdate) stored(ctx context.Context, names ...string) (model *artifacts.Model, err error) {
	for _, name := range names {
		if model, err = u.store.Find(ctx, name); !errors.Is(err, artifacts.ErrNotFound) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	called := *model
	called.Name = u.old.Model
	return &called, nil
}

// fromSamePath refuses a model that came from another path than the service's. Of a model that did not come from a path, or of which
// that is not remembered, there is nothing to tell by.
func (u *serviceUpdate) fromSamePath(model *artifacts.Model) error {
	was, now := u.env.recorded(digest.Digest(u.old.Digest)), u.env.recorded(model.Digest)
	if was == nil || now == nil || was.has(model.Digest) || now.has(digest.Digest(u.old.Digest)) {
		return nil
	}
	err := fmt.Errorf("%w: %s is from %s by now, not from %s", artifacts.ErrNameTaken, model.Name, now.Path, was.Path)
	return WithHint(err, "paddock quadlet install --replace --name "+u.old.Name+" "+model.Name)
}

// changes says what is other than it was.
func (u *serviceUpdate) changes() []string {
	if u.model == nil {
		return []string{"model " + u.old.Model + " is pulled to find out what it is"}
	}
	var changes []string
	if now := u.model.Digest.String(); now != u.old.Digest {
		changes = append(changes, "model "+shortID(u.old.Digest)+" → "+shortID(now))
	}
	switch {
	case u.image.name != u.old.Image:
		changes = append(changes, "image "+u.old.Image+" → "+u.image.name)
	case u.image.moved():
		changes = append(changes, "image "+shortID(u.image.before)+" → "+shortID(u.image.now))
	}
	if len(changes) == 0 && !quadlet.Same(u.oldSet, u.set) {
		changes = append(changes, "settings")
	}
	return changes
}

func joinChanges(changes []string) string { return strings.Join(changes, ", ") }

// shortID is as much of a digest or an ID as people look at.
func shortID(id string) string {
	if d, err := digest.Parse(id); err == nil {
		id = d.Encoded()
	}
	return id[:min(len(id), 12)]
}

// hintNoService adds where to look for the names of services.
func hintNoService(err error) error {
	if errors.Is(err, artifacts.ErrNotFound) {
		return WithHint(err, "paddock quadlet ls")
	}
	return err
}

// explainRollback adds what the service said, and where to read more.
func explainRollback(units *quadlet.Installer, name string, err error) error {
	var back *quadlet.RolledBackError
	if !errors.As(err, &back) {
		return err
	}
	return WithHint(fmt.Errorf("%w%s", err, reasonIn(back.Said)), journal(units, name+".service"))
}

// reasonIn finds in a journal why a server did not start: in words of ours, or else its last lines.
func reasonIn(said string) string {
	const few = 5
	var last []string
	for line := range strings.Lines(said) {
		if found := workload.ExplainLoad(line); found != nil {
			return ": " + found.Why
		}
		if line = strings.TrimSpace(line); line != "" {
			last = append(last, line)
		}
	}
	if len(last) == 0 {
		return ""
	}
	return "\nit said:\n" + strings.Join(last[max(0, len(last)-few):], "\n")
}
