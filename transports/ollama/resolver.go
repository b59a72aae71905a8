package ollama

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports"
	"github.com/paddock-dev/paddock/transports/source"
	"github.com/paddock-dev/paddock/transports/synth"
)

// Transport is the word for the transport, also in containers-policy.json.
const Transport = "ollama"

const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

// Options say how to reach registries; nil is the zero value.
type Options struct {
	// Web says how. Plain HTTP is tried, where HTTPS is not spoken, only if its Trust is Insecure, and never for Ollama's own.
	Web source.WebOptions
	// System says where containers-policy.json is; nil: where Podman has it.
	System *types.SystemContext
}

// Resolver finds models in Ollama registries. Safe for concurrent use.
type Resolver struct{ o Options }

var _ transports.Namer = (*Resolver)(nil)

// New makes a Resolver.
func New(o *Options) *Resolver {
	if o == nil {
		o = &Options{}
	}
	return &Resolver{o: *o}
}

// Names implements transports.Namer.
func (r *Resolver) Names(input string) (*transports.Names, error) {
	at, err := parse(input)
	if err != nil {
		return nil, err
	}
	name, err := at.name()
	if err != nil {
		return nil, err
	}
	return &transports.Names{Queries: []string{name.String()}, Origin: at.String()}, nil
}

// Resolve reads a manifest, its config and its licenses, and makes a ModelPack plan of them. The error wraps
// artifacts.ErrInvalidName, ErrNotFound, ErrAuthentication (as source.RefusedError), ErrPolicy, ErrVerification or
// packaging.ErrUnservable (single tensors), or an artifacts.TemporaryError, when it is one of these.
func (r *Resolver) Resolve(ctx context.Context, input string) (*artifacts.Plan, error) {
	at, err := parse(input)
	if err != nil {
		return nil, err
	}
	plan, err := r.resolve(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	return plan, nil
}

func (r *Resolver) resolve(ctx context.Context, at *ref) (*artifacts.Plan, error) {
	name, err := at.name()
	if err != nil {
		return nil, err
	}
	if err := synth.Admit(ctx, r.o.System, scope(at), &artifacts.Plan{Name: name}); err != nil {
		return nil, err
	}
	e, raw, err := r.manifest(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	parsed, err := packaging.Parse(raw, nil)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the manifest: %w", err)
	case parsed.Format != packaging.Ollama:
		return nil, fmt.Errorf("the manifest is none of Ollama's (%s)", parsed.Format)
	case parsed.Unservable != nil:
		return nil, parsed.Unservable
	}
	model := &synth.Model{Name: name, Origin: at.String()}
	model.Meta = packaging.BuildMeta{
		Name: at.repository, Version: at.tag, Revision: digest.FromBytes(raw).String(), Format: "gguf", SourceURL: e.page(at),
	}
	for i := range parsed.Files {
		model.Files = append(model.Files, e.file(&parsed.Files[i]))
	}
	if err := e.describe(ctx, raw, model); err != nil {
		return nil, err
	}
	return synth.Plan(model)
}

// endpoint is one repository of a registry.
type endpoint struct {
	web  *source.Web
	base *url.URL // /v2/NAMESPACE/NAME
}

// manifest reads the manifest of a reference, and returns where it was.
func (r *Resolver) manifest(ctx context.Context, at *ref) (*endpoint, []byte, error) {
	e := r.endpoint("https", at)
	raw, err := e.get(ctx, "manifests/"+at.tag, http.Header{"Accept": {manifestType}}, packaging.MaxManifestSize)
	insecure := r.o.Web.Trust != nil && r.o.Web.Trust.Insecure && at.host != defaultHost
	if insecure && errors.Is(err, http.ErrSchemeMismatch) {
		e = r.endpoint("http", at)
		raw, err = e.get(ctx, "manifests/"+at.tag, http.Header{"Accept": {manifestType}}, packaging.MaxManifestSize)
	}
	return e, raw, err
}

func (r *Resolver) endpoint(scheme string, at *ref) *endpoint {
	base := &url.URL{Scheme: scheme, Host: at.host, Path: "/v2/" + at.repository}
	return &endpoint{web: source.NewWeb(base, &r.o.Web), base: base}
}

// get reads something small whole.
func (e *endpoint) get(ctx context.Context, what string, header http.Header, limit int64) ([]byte, error) {
	data, _, err := e.web.Get(ctx, e.base.JoinPath(what), header, limit)
	return data, err
}

// blob reads a small blob whole, and checks it.
func (e *endpoint) blob(ctx context.Context, d digest.Digest, size int64) ([]byte, error) {
	data, err := e.get(ctx, "blobs/"+d.String(), nil, size)
	if err != nil {
		return nil, err
	}
	if d.Algorithm().FromBytes(data) != d {
		return nil, fmt.Errorf("%w: blob %s has other bytes", artifacts.ErrVerification, d)
	}
	return data, nil
}

// file is a layer, as a file that is read by ranges.
func (e *endpoint) file(f *packaging.File) synth.File {
	remote := e.web.Remote(e.base.JoinPath("blobs", f.Digest.String()), f.Size, nil, nil)
	return synth.File{Path: f.Path, Role: f.Role, Digest: f.Digest, Size: f.Size, Open: remote.Open}
}

// page is what a person looks at in a browser.
func (e *endpoint) page(at *ref) string {
	if at.host == defaultHost {
		return "https://" + canonicalHost + "/" + at.repository
	}
	return e.base.Scheme + "://" + at.host + "/" + at.repository
}

// scope is where containers-policy.json has rules for a model: HOST/NAMESPACE/NAME, HOST/NAMESPACE and HOST.
func scope(at *ref) synth.Scope {
	host := at.host
	if host == defaultHost {
		host = canonicalHost
	}
	identity := host + "/" + at.repository
	return synth.Scope{Transport: Transport, Identity: identity, Namespaces: []string{path.Dir(identity), host}}
}
