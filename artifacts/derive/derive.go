package derive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/unpack"
)

// Options say where a model is staged and how to derive from it. All but Label and Wait are required.
type Options struct {
	// Staged is where a blob of the plan (artifacts.Plan.Needed) is, whole; "" for one that is not the plan's.
	Staged func(digest.Digest) string
	// Parent is the folder of the workspaces, on the store's file system.
	Parent string
	// Ready returns the derived manifest of the plan that the store has already, whole and Current; nil if it has none. It is asked while
	// nobody else can derive from the same manifest.
	Ready func() ([]byte, error)
	// Label is the security.selinux attribute of new files; "": whatever the folder gives them.
	Label string
	// Wait hears what is waited for, as artifacts.Progress.Wait does; nil: nobody listens.
	Wait func(string)
	// Logger receives what only a developer wants to know.
	Logger *slog.Logger
}

// Derived is a derived artifact, not yet in a store. nil is one of a model that needs none. It must be closed.
type Derived struct {
	// Manifest is that of the single files, byte for byte; Blobs are its config and layers.
	Manifest []byte
	Blobs    []artifacts.Blob
	staged   func(digest.Digest) string
	space    *Workspace // nil if the store has the artifact already
}

// Make makes the derived artifact of a plan whose blobs are staged; nil if it needs none. It takes no lock of the store.
func Make(ctx context.Context, plan *artifacts.Plan, opts *Options) (_ *Derived, err error) {
	o, err := derivable(plan, opts)
	if o == nil || err != nil {
		return nil, err
	}
	space, err := OpenWorkspace(ctx, opts.Parent, plan.Digest, opts.Wait)
	if err != nil {
		return nil, err
	}
	d := &Derived{staged: opts.Staged, space: space}
	// Another process may have made it while this one waited for the workspace.
	ready, err := opts.Ready()
	if err != nil {
		return nil, errors.Join(err, space.Close())
	}
	if ready != nil {
		return &Derived{Manifest: ready, staged: opts.Staged}, space.Close()
	}
	if opts.Wait != nil {
		opts.Wait("unpacking the files of " + plan.Name.String())
		defer opts.Wait("")
	}
	err = d.unpack(ctx, plan, o, opts)
	if errors.Is(err, unpack.ErrNothing) {
		return nil, space.Close()
	} else if err != nil {
		return nil, errors.Join(err, space.Close())
	}
	return d, nil
}

// Current says whether a derived manifest was made from a plan, and from the bases that it has now.
func Current(derived []byte, plan *artifacts.Plan) bool {
	return packaging.DerivedOf(packaging.Annotations(derived), plan.Digest, plan.Bases())
}

// origin is what the manifest and the config of a plan say.
type origin struct {
	model  *packaging.Model
	config []byte
}

// derivable parses the manifest of a plan; nil if nothing is to be derived from it, be it that it cannot be parsed. Files that
// may not exist are refused: the error wraps packaging.ErrUnsafePath.
func derivable(plan *artifacts.Plan, opts *Options) (*origin, error) {
	config, err := stagedConfig(plan, opts)
	if err != nil {
		return nil, err
	}
	model, err := packaging.Parse(plan.Manifest, config)
	switch {
	case errors.Is(err, packaging.ErrUnsafePath):
		return nil, err // the config of a ModelKit names files, too
	case err != nil:
		opts.Logger.Debug("not deriving from a manifest", "name", plan.Name, "error", err)
		return nil, nil
	}
	if !model.Derivable && !model.Format.IsImage() {
		return nil, nil
	}
	if model.Base != "" {
		if err := addBases(model, plan, opts); err != nil {
			return nil, err
		}
	}
	return &origin{model: model, config: config}, nil
}

// stagedConfig reads the config of a plan; nil if it has none, or one that is too large to look into.
func stagedConfig(plan *artifacts.Plan, opts *Options) ([]byte, error) {
	refs, err := atrest.ParseRefs(plan.Manifest)
	if err != nil {
		return nil, fmt.Errorf("parsing the manifest: %w", err)
	}
	if refs.Config == nil || refs.Config.Size > packaging.MaxConfigSize {
		return nil, nil
	}
	config, err := os.ReadFile(opts.Staged(refs.Config.Digest))
	if err != nil {
		return nil, fmt.Errorf("reading the config: %w", err)
	}
	return config, nil
}

// addBases adds the files of the ModelKits that a model is in to its own.
func addBases(model *packaging.Model, plan *artifacts.Plan, opts *Options) error {
	if plan.Base == nil {
		return fmt.Errorf("%w, and only a pull from a registry follows the reference", model.Unservable)
	}
	for base := plan.Base; base != nil; base = base.Base {
		config, err := stagedConfig(base, opts)
		if err != nil {
			return fmt.Errorf("of the ModelKit %s: %w", base.Name, err)
		}
		kit, err := packaging.Parse(base.Manifest, config)
		if err != nil {
			return fmt.Errorf("of the ModelKit %s: %w", base.Name, err)
		}
		model.Files = append(model.Files, kit.KitModel()...)
	}
	return nil
}

// unpack unpacks the layers into the workspace, and writes the manifest of what comes out.
func (d *Derived) unpack(ctx context.Context, plan *artifacts.Plan, o *origin, opts *Options) (err error) {
	open := func(_ context.Context, layer digest.Digest) (io.ReadCloser, error) { return os.Open(d.staged(layer)) }
	limits := &unpack.Options{Label: opts.Label}
	from := &packaging.Origin{Name: plan.Name.Repository(), Manifest: plan.Manifest, Bases: plan.Bases()}
	var res *unpack.Result
	if o.model.Format.IsImage() {
		res, from.Pointer, err = unpack.Image(ctx, plan.Manifest, o.config, open, d.space.Dir, limits)
	} else {
		res, err = unpack.Model(ctx, o.model, open, d.space.Dir, limits)
	}
	if err != nil {
		return err
	}
	var config []byte
	d.Manifest, config, err = packaging.Derive(from, res.Files)
	if err != nil {
		return err
	}
	for _, made := range [][]byte{config, d.Manifest} {
		if err := writeFile(unpack.Path(d.space.Dir, digest.FromBytes(made)), made); err != nil {
			return err
		}
	}
	refs, err := atrest.ParseRefs(d.Manifest)
	if err != nil {
		return fmt.Errorf("parsing the derived manifest: %w", err)
	}
	for _, b := range refs.Blobs {
		d.Blobs = append(d.Blobs, artifacts.Blob{Digest: b.Digest, Size: b.Size})
	}
	return nil
}

// writeFile writes a small new file, synced. 0644 is the mode of blobs at rest: containers of other users read them.
func writeFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return fmt.Errorf("writing what was derived: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// Path is where a blob of the derived artifact, or its manifest, is: unpacked, or a layer of the origin.
func (d *Derived) Path(blob digest.Digest) string {
	if path := d.staged(blob); path != "" {
		return path
	}
	return unpack.Path(d.space.Dir, blob)
}

// New says whether the store has the artifact yet to get.
func (d *Derived) New() bool { return d != nil && d.space != nil }

// Bytes returns the derived manifest; nil if there is none.
func (d *Derived) Bytes() []byte {
	if d == nil {
		return nil
	}
	return d.Manifest
}

// Close removes what was not linked into a store.
func (d *Derived) Close() error {
	if !d.New() {
		return nil
	}
	return d.space.Close()
}

// IsRefused says whether an error is one of archives that no other attempt will unpack.
func IsRefused(err error) bool {
	return errors.Is(err, artifacts.ErrVerification) || errors.Is(err, packaging.ErrUnsafePath) || errors.Is(err, packaging.ErrInvalidManifest)
}
