package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/artifacts/imagestore"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/safetensors"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type inspectOptions struct {
	name   string
	format string
	raw    bool
	config bool
	remote bool
	origin originOptions
}

// inspection is what inspect prints.
type inspection struct {
	Name      string     `json:"name"`
	Kind      string     `json:"kind"`
	Packaging string     `json:"packaging"`
	Digest    string     `json:"digest"`
	Size      int64      `json:"size"` // bytes
	Created   *time.Time `json:"created"`
	Store     string     `json:"store"`
	// Main is what the server is given, relative to /models; "" if there is nothing to give.
	Main  string        `json:"main"`
	Files []inspectFile `json:"files"`
	// Unservable says why the model cannot be served; left out if it can.
	Unservable string `json:"unservable,omitempty"`
	// GGUF and Safetensors are left out of a model whose main file, or folder, has no such files.
	GGUF        *gguf.Facts        `json:"gguf,omitempty"`
	Safetensors *safetensors.Facts `json:"safetensors,omitempty"`
	Annotations map[string]string  `json:"annotations,omitempty"`
}

type inspectFile struct {
	Path string `json:"path"`
	Role string `json:"role"`
	// MediaType and Digest are left out where nobody says them, as of a file in a layer of an image.
	MediaType string `json:"mediaType,omitempty"`
	Digest    string `json:"digest,omitempty"`
	Size      int64  `json:"size"` // bytes
	// Encoding is left out of a file that is a layer by itself; any other is an archive, and Path its label.
	Encoding string `json:"encoding,omitempty"`
	// Shard and Shards place a part of a split model, from 1.
	Shard  int `json:"shard,omitempty"`
	Shards int `json:"shards,omitempty"`
}

func inspectCommand(env *Env, run func(context.Context, *Env, *inspectOptions) error) *cli.Command {
	var o inspectOptions
	return &cli.Command{
		Name: "inspect", Usage: "Show a model's files and facts", ArgsUsage: "NAME",
		Description: "NAME is a name as the store has it, a digest, or the unique beginning of one. With --remote it is a reference as for\n" +
			"pull: nothing is stored, and of the weights only the headers are read. What only a pull shows, such as the files in\n" +
			"compressed layers of an image, is left out, and said on stderr.",
		Flags: append([]cli.Flag{
			formatFlag(&o.format),
			&cli.BoolFlag{Name: "raw", Destination: &o.raw, Usage: "print the manifest, byte for byte"},
			&cli.BoolFlag{Name: "raw-config", Destination: &o.config, Usage: "print the config that the manifest names, byte for byte"},
			&cli.BoolFlag{Name: "remote", Aliases: []string{"r"}, Destination: &o.remote, Usage: "look at the origin instead of the store"},
		}, o.origin.flags()...),
		Action: func(c *cli.Context) error {
			if err := exactArgs(c, &o.name); err != nil {
				return err
			}
			if o.raw && o.config || o.format != "" && (o.raw || o.config) {
				return usagef("--raw, --raw-config and --format cannot be used together")
			}
			if err := o.check(); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func (o *inspectOptions) check() error {
	if args := o.origin.unitArgs(); !o.remote && (len(args) > 0 || o.origin.creds != "") {
		return usagef("flags about the registry go with --remote")
	}
	return o.origin.check()
}

func runInspect(ctx context.Context, env *Env, o *inspectOptions) error {
	look := lookInStore
	if o.remote {
		look = lookAtOrigin
	}
	model, reader, err := look(ctx, env, o)
	if err != nil {
		return err
	}
	switch {
	case o.raw:
		return ui.Bytes(env.Out, model.Manifest)
	case o.config:
		config, err := configOf(ctx, reader, model)
		if err != nil {
			return fmt.Errorf("inspecting %s: %w", o.name, err)
		}
		return ui.Bytes(env.Out, config)
	}
	if reader != nil {
		model = corrected(ctx, env, reader, model)
	}
	i := inspectionOf(model)
	var ggufErr, tensorsErr error
	i.GGUF, ggufErr = ggufFacts(ctx, reader, model)
	i.Safetensors, tensorsErr = safetensorsFacts(ctx, reader, model)
	if err := errors.Join(ggufErr, tensorsErr); err != nil {
		ui.Warning(env.Err, err.Error())
	}
	format := o.format
	if format == "" {
		format = "json"
	}
	return asFormatUsage(ui.Object(env.Out, i, format, ""))
}

// lookInStore finds a model, and what reads its files; nil if they cannot be read in place.
func lookInStore(ctx context.Context, env *Env, o *inspectOptions) (*artifacts.Model, artifacts.Reader, error) {
	store, err := env.Store(ctx)
	if err != nil {
		return nil, nil, err
	}
	model, err := findModel(ctx, env, store, o.name)
	if err != nil {
		return nil, nil, hintMissing(err)
	}
	if notUnpacked(model) && model.Packaging.Unservable == nil {
		model.Packaging.Unservable = fmt.Errorf("%w: its files are not unpacked", packaging.ErrUnservable)
	}
	reader, _ := store.(artifacts.Reader)
	return model, reader, nil
}

func inspectionOf(m *artifacts.Model) *inspection {
	i := &inspection{
		Name: m.Name, Kind: string(m.Kind), Packaging: string(m.Packaging.Format), Digest: m.Digest.String(), Size: m.Size,
		Store: m.Store, Main: m.Packaging.Main, Files: []inspectFile{}, Annotations: m.Annotations,
	}
	if !m.Created.IsZero() {
		i.Created = &m.Created
	}
	if m.Packaging.Unservable != nil {
		i.Unservable = m.Packaging.Unservable.Error()
	}
	for _, f := range m.Packaging.Files {
		file := inspectFile{
			Path: f.Path, Role: string(f.Role), MediaType: f.MediaType, Digest: f.Digest.String(), Size: f.Size,
			Shard: f.Shard, Shards: f.Shards,
		}
		if f.Encoding != packaging.Raw {
			file.Encoding = string(f.Encoding)
		}
		if inLayers(m) {
			file.MediaType, file.Digest = "", "" // those are the layer's
		}
		i.Files = append(i.Files, file)
	}
	return i
}

// inLayers says whether the digests of a model's files are those of the layers that they are in. Other stores than Podman's images
// know the digests of what was unpacked.
func inLayers(m *artifacts.Model) bool {
	return m.Kind == artifacts.KindImage && (m.Store == imagestore.Word || m.Store == "")
}

// configOf reads the config blob of a model.
func configOf(ctx context.Context, reader artifacts.Reader, m *artifacts.Model) (data []byte, err error) {
	if reader == nil {
		return nil, fmt.Errorf("reading its config: %w by this kind of store", errors.ErrUnsupported)
	}
	var manifest struct{ Config packaging.Descriptor }
	if err := json.Unmarshal(m.Manifest, &manifest); err != nil {
		return nil, fmt.Errorf("reading its manifest: %w", err)
	}
	r, size, err := reader.OpenFile(ctx, m, &packaging.File{Path: "config", Digest: manifest.Config.Digest, Encoding: packaging.Raw})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if size > packaging.MaxConfigSize {
		return nil, fmt.Errorf("its config has %d bytes, more than the limit of %d", size, packaging.MaxConfigSize)
	}
	data = make([]byte, size)
	if _, err := r.ReadAt(data, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading its config: %w", err)
	}
	return data, nil
}
