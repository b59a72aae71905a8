package imagestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/signature"
	istorage "go.podman.io/image/v5/storage"
	"go.podman.io/image/v5/types"
	"go.podman.io/storage"
	"go.podman.io/storage/pkg/archive"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/derive"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// writer does requests with the storage library.
type writer struct {
	reader *Store
	store  storage.Store
}

func serve(ctx context.Context, r *request) (*answer, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("writing Podman's storage: it takes root, or Podman's user namespace")
	}
	reader, err := Open(&Options{Place: r.Place})
	if err != nil {
		return nil, err
	}
	store, err := storage.GetStore(storage.StoreOptions{
		GraphRoot: r.Place.GraphRoot, RunRoot: r.Place.RunRoot, GraphDriverName: r.Place.Driver, GraphDriverOptions: r.Place.DriverOptions,
	})
	if err != nil {
		return nil, fmt.Errorf("opening Podman's storage in %s: %w", r.Place.GraphRoot, err)
	}
	w := &writer{reader, store}
	a := &answer{}
	switch r.Do {
	case doLand:
		err = w.land(ctx, r)
	case doTag:
		err = w.name(r.ID, r.Name)
	case doRemove:
		err = w.remove(r.Name)
	case doDrop:
		err = w.drop(r.ID)
	case doVerify:
		a.Damaged, err = w.verify(ctx, r.ID)
	default:
		err = fmt.Errorf("unknown request %q", r.Do)
	}
	return a, err
}

// land writes an image without a name, looks at what it carries, and then names it: an image that is refused leaves nothing.
func (w *writer) land(ctx context.Context, r *request) error {
	refs, err := atrest.ParseRefs(r.Manifest)
	if err != nil || refs.Config == nil {
		return fmt.Errorf("parsing the manifest: it names no config: %w", err)
	}
	id := refs.Config.Digest.Encoded() // as containers/image chooses it
	_, before := w.store.Image(id)
	layers, err := w.store.Layers()
	if err != nil {
		return err
	}
	if err := w.copy(ctx, r, id); err != nil {
		return errors.Join(err, w.sweep(r, layers))
	}
	if err := w.check(id); err != nil {
		if before != nil { // it was not there
			err = errors.Join(err, w.drop(id))
		}
		return err
	}
	return w.name(id, r.Name)
}

// copy writes an image by its ID; the library's large files go into a folder that is locked, so that what a killed process leaves
// is found. Its policy was checked when it was resolved, and its blobs when they arrived.
func (w *writer) copy(ctx context.Context, r *request, id string) (err error) {
	temp, err := derive.OpenWorkspace(ctx, r.Temp, digest.FromBytes(r.Manifest), nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, temp.Close()) }()
	to, err := istorage.Transport.NewStoreReference(w.store, nil, id)
	if err != nil {
		return err
	}
	policy, err := signature.NewPolicyContext(&signature.Policy{Default: signature.PolicyRequirements{signature.NewPRInsecureAcceptAnything()}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, policy.Destroy()) }()
	_, err = copy.Image(ctx, policy, to, &source{request: r}, &copy.Options{
		PreserveDigests: true, DestinationCtx: &types.SystemContext{BigFilesTemporaryDir: temp.Dir},
	})
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), syscall.ENOSPC.Error()) && !errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("writing to Podman's storage: %w: %w", syscall.ENOSPC, err) // a child of the library's tells it in words
	case strings.Contains(err.Error(), "DiffID"):
		// The library has no type for it: the layer is not what the config says that it unpacks to.
		return fmt.Errorf("%w: writing to Podman's storage: %w", artifacts.ErrVerification, err)
	}
	return fmt.Errorf("writing to Podman's storage: %w", err)
}

// sweep removes the layers that a failed copy left, from the uppermost down: the library does not. Those that were there before,
// are of another image, or came to be used stay.
func (w *writer) sweep(r *request, before []storage.Layer) error {
	for removed := true; removed; {
		removed = false
		now, err := w.store.Layers()
		if err != nil {
			return err
		}
		for i := range now {
			l := &now[i]
			_, ours := r.Blobs[l.CompressedDigest]
			if !ours || slices.ContainsFunc(before, func(b storage.Layer) bool { return b.ID == l.ID }) {
				continue
			}
			if w.store.DeleteLayer(l.ID) == nil { // an error says that it is used
				removed = true
			}
		}
	}
	return nil
}

// check refuses an image that carries no model, or one that no container could see.
func (w *writer) check(id string) error {
	records, err := w.reader.read()
	if err != nil {
		return err
	}
	records.strict = true
	i := slices.IndexFunc(records.images, func(i image) bool { return i.ID == id })
	if i < 0 {
		return fmt.Errorf("image %.12s: %w: it was removed meanwhile", id, errLost)
	}
	d, err := records.describe(&records.images[i])
	switch {
	case err != nil:
		return err
	case d == nil || len(d.model.Packaging.Files) == 0 && d.model.Packaging.Unservable == nil:
		return fmt.Errorf("%w: it has no weights below %s, and no label calls it a model", artifacts.ErrIsImage, packaging.ImageRoot)
	case errors.Is(d.model.Packaging.Unservable, packaging.ErrUnsafePath):
		return d.model.Packaging.Unservable
	case len(d.model.Packaging.Files) == 0:
		return fmt.Errorf("the image carries no model: %w", d.model.Packaging.Unservable)
	}
	return nil
}

// name gives an image one more name, and removes the model that loses it, if that was its last name and nothing uses it. Any
// other image stays without a name, as podman pull leaves it: it is not ours.
func (w *writer) name(id, name string) error {
	old, err := w.store.Image(name)
	if err != nil && !errors.Is(err, storage.ErrImageUnknown) {
		return fmt.Errorf("looking for %s: %w", name, err)
	}
	if err == nil && old.ID == id && slices.Contains(old.Names, name) {
		return nil
	}
	if err := w.store.AddNames(id, []string{name}); errors.Is(err, storage.ErrImageUnknown) || errors.Is(err, storage.ErrLayerUnknown) {
		return fmt.Errorf("naming image %.12s: %w", id, artifacts.ErrNotFound)
	} else if err != nil {
		return fmt.Errorf("naming image %.12s: %w", id, err)
	}
	if old == nil || old.ID == id {
		return nil
	}
	if now, err := w.store.Image(old.ID); err != nil || len(now.Names) > 0 || w.users(now) != nil || !w.isModel(old.ID) {
		return nil //nolint:nilerr // it is gone, or needed
	}
	return w.drop(old.ID)
}

func (w *writer) isModel(id string) bool {
	r, err := w.reader.read()
	if err != nil {
		return false
	}
	i := slices.IndexFunc(r.images, func(i image) bool { return i.ID == id })
	if i < 0 {
		return false
	}
	d, err := r.describe(&r.images[i])
	return err == nil && d != nil
}

// remove takes a name away.
func (w *writer) remove(name string) error {
	i, err := w.store.Image(name)
	if errors.Is(err, storage.ErrImageUnknown) || err == nil && !slices.Contains(i.Names, name) {
		return artifacts.ErrNotFound
	} else if err != nil {
		return err
	}
	if len(i.Names) > 1 {
		return w.store.RemoveNames(i.ID, []string{name})
	}
	return w.drop(i.ID)
}

// drop removes an image, and the layers that nothing else uses.
func (w *writer) drop(id string) error {
	i, err := w.store.Image(id)
	if errors.Is(err, storage.ErrImageUnknown) {
		return nil
	} else if err != nil {
		return err
	}
	if err := w.users(i); err != nil {
		return err
	}
	if _, err := w.store.DeleteImage(i.ID, true); err != nil {
		return fmt.Errorf("removing image %.12s: %w", i.ID, err)
	}
	return nil
}

// users says which container uses an image: was made of it, or has it mounted.
func (w *writer) users(i *storage.Image) error {
	containers, err := w.store.Containers()
	if err != nil {
		return err
	}
	for _, c := range containers {
		if c.ImageID == i.ID {
			return fmt.Errorf("the image is in use by the container %s (%.12s)", strings.Join(c.Names, ", "), c.ID)
		}
	}
	if n, err := w.store.Mounted(i.TopLayer); err == nil && n > 0 {
		return fmt.Errorf("the image is in use: %d containers have it mounted", n)
	}
	return nil
}

// verify reads every layer of an image, and returns those that are not what they were.
func (w *writer) verify(ctx context.Context, id string) ([]string, error) {
	i, err := w.store.Image(id)
	if err != nil {
		return nil, err
	}
	var damaged []string
	for at := i.TopLayer; at != ""; {
		l, err := w.store.Layer(at)
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if l.UncompressedDigest != "" && w.verifyLayer(l) != nil {
			damaged = append(damaged, l.ID)
		}
		at = l.Parent
	}
	return damaged, nil
}

func (w *writer) verifyLayer(l *storage.Layer) (err error) {
	plain := archive.Uncompressed
	r, err := w.store.Diff("", l.ID, &storage.DiffOptions{Compression: &plain})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	got, err := digest.Canonical.FromReader(r)
	if err == nil && got != l.UncompressedDigest {
		err = atrest.ErrCorrupt
	}
	return err
}
