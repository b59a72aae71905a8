package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// unitImage is the image of a service, and what its name stood for where the service was started, and now: IDs of images, or for
// a dry run digests; "" where that is not known.
type unitImage struct{ name, before, now string }

func (i *unitImage) moved() bool {
	return i != nil && i.before != "" && i.now != "" && i.before != i.now
}

// findImage pulls the image of the new unit, or asks for it in a dry run. An image that cannot be had anew stays as it is.
func (u *serviceUpdate) findImage(ctx context.Context, name string) (*unitImage, error) {
	podman, err := quadletPodman(ctx, u.env)
	if err != nil {
		return nil, err
	}
	p := &podmanImages{env: u.env, path: podman.Path}
	image := &unitImage{name: name}
	if image.before, err = p.running(ctx, u.old.Name, image.name); err != nil {
		return nil, err
	}
	there, err := p.id(ctx, image.name)
	if err != nil {
		return nil, err
	}
	if image.before == "" {
		image.before = there
	}
	image.now = there
	if !fromRegistry(image.name) {
		return image, nil
	}
	if u.o.dryRun {
		return image, p.ask(ctx, image)
	}
	err = p.pull(ctx, image.name, u.o.fetch.quiet)
	switch {
	case err != nil && (there == "" || ctx.Err() != nil):
		return nil, err
	case err != nil:
		ui.Warning(u.env.Err, fmt.Sprintf("%s stays as it is: %v", image.name, err))
		return image, nil
	}
	image.now, err = p.id(ctx, image.name)
	return image, err
}

// fromRegistry says whether an image may have moved in a registry.
func fromRegistry(image string) bool {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return false
	}
	_, pinned := named.(reference.Digested)
	return !pinned && reference.Domain(named) != localDomain
}

// podmanImages asks Podman about images.
type podmanImages struct {
	env  *Env
	path string
}

func (p *podmanImages) call(ctx context.Context, args ...string) (string, error) {
	return p.env.Services.Quiet.Call(ctx, append([]string{p.path}, args...)...)
}

// running returns the ID of the image that a container runs, if it has that name: a drop-in may have chosen another.
func (p *podmanImages) running(ctx context.Context, container, image string) (string, error) {
	out, err := p.call(ctx, "ps", "--no-trunc", "--filter", "name=^"+container+"$", "--format", "{{.ImageID}} {{.Image}}")
	if err != nil {
		return "", err
	}
	id, name, _ := strings.Cut(strings.TrimSpace(out), " ")
	if name != image {
		return "", nil
	}
	return strings.TrimPrefix(id, "sha256:"), nil
}

// id returns the ID of an image; "" if Podman has none of that name.
func (p *podmanImages) id(ctx context.Context, image string) (string, error) {
	known, err := p.inspect(ctx, image)
	if err != nil || known == nil {
		return "", err
	}
	return strings.TrimPrefix(known.ID, "sha256:"), nil
}

// podmanImage is of podman image inspect.
type podmanImage struct {
	ID          string `json:"Id"`
	RepoDigests []string
}

func (p *podmanImages) inspect(ctx context.Context, image string) (*podmanImage, error) {
	_, err := p.call(ctx, "image", "exists", image)
	if code, ok := exitStatus(err); ok && code == 1 { // podman-image-exists(1)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out, err := p.call(ctx, "image", "inspect", image)
	if err != nil {
		return nil, err
	}
	var found []podmanImage
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		return nil, fmt.Errorf("reading what podman says of the image %s: %w", image, err)
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("reading what podman says of the image %s: it describes %d images", image, len(found))
	}
	return &found[0], nil
}

func (p *podmanImages) pull(ctx context.Context, image string, quiet bool) error {
	streams := &engine.Streams{Out: io.Discard, Err: p.env.Err}
	argv := []string{p.path, "pull", image}
	if quiet {
		argv = []string{p.path, "pull", "--quiet", image}
	}
	if err := p.env.Services.Run(ctx, argv, streams); err != nil {
		return fmt.Errorf("pulling the image %s: %w", image, err)
	}
	return nil
}

// ask asks the registry whether the image has moved, and says so in the image if it has.
func (p *podmanImages) ask(ctx context.Context, image *unitImage) error {
	known, err := p.inspect(ctx, image.name)
	if err != nil || known == nil {
		return err
	}
	registry, err := p.env.Registry(&originOptions{})
	if err != nil {
		return err
	}
	defer registry.Close()
	d, err := registry.Head(ctx, image.name)
	if err != nil {
		ui.Warning(p.env.Err, fmt.Sprintf("it is not known whether %s has moved: %v", image.name, err))
		return nil
	}
	if !slices.ContainsFunc(known.RepoDigests, func(r string) bool { return strings.HasSuffix(r, "@"+d.String()) }) {
		image.now = d.String()
	}
	return nil
}
