package url

import (
	"context"
	"fmt"
	"net/url"
	"path"

	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports"
	"github.com/paddock-dev/paddock/transports/source"
	"github.com/paddock-dev/paddock/transports/synth"
)

// Transport is the word for the transport, also in containers-policy.json.
const Transport = "url"

// Options say how to reach servers; nil is the zero value.
type Options struct {
	// Web says how; the user and password of a URL replace its Authorize.
	Web source.WebOptions
	// System says where containers-policy.json is; nil: where Podman has it.
	System *types.SystemContext
}

// Resolver finds models behind URLs. Safe for concurrent use.
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
	return &transports.Names{Queries: []string{name.String()}, Origin: at.origin(), Exact: true, Digest: at.digest}, nil
}

// Resolve asks for the first bytes of each part. A file whose digest or size is not known is pending in the Plan. The error
// wraps artifacts.ErrInvalidName, ErrNotFound, ErrAuthentication (as source.RefusedError) or ErrPolicy, or an
// artifacts.TemporaryError, when it is one of these.
func (r *Resolver) Resolve(ctx context.Context, input string) (*artifacts.Plan, error) {
	at, err := parse(input)
	if err != nil {
		return nil, err
	}
	name, err := at.name()
	if err != nil {
		return nil, err
	}
	plan := &artifacts.Plan{Name: name, Kind: artifacts.KindArtifact, Origin: at.origin()}
	if err := synth.Admit(ctx, r.o.System, scope(at.url), plan); err != nil {
		return nil, err
	}
	web := r.web(at)
	model := &synth.Model{Name: name, Origin: at.origin()}
	model.Meta = packaging.BuildMeta{Name: path.Base(at.url.Path), SourceURL: at.origin()}
	for n := range max(at.shards, 1) {
		f, err := probe(ctx, web, at.shard(n+1))
		if err != nil {
			return nil, fmt.Errorf("finding out about the file: %w", err)
		}
		if !f.delimited && at.digest == "" {
			return nil, fmt.Errorf("%s does not say where the file ends, so it cannot be told whether it came whole: add #sha256= and its digest",
				source.Redact(f.url))
		}
		model.Files = append(model.Files, synth.File{Path: f.name, Digest: at.digest, Size: f.size, Open: f.opener(web, at.digest != "")})
		plan.Pending = append(plan.Pending, artifacts.Pending{
			Name: f.name, Identity: f.identity(), Digest: at.digest, Size: f.size, Open: model.Files[n].Open,
		})
	}
	if at.digest != "" && model.Files[0].Size >= 0 {
		return synth.Plan(model)
	}
	plan.Complete = func(found []artifacts.Found) (*artifacts.Plan, error) {
		for i := range found {
			model.Files[i].Digest, model.Files[i].Size = found[i].Digest, found[i].Size
		}
		return synth.Plan(model)
	}
	return plan, nil
}

// identity tells one state of the file from any other; "" if the server does not name states.
func (f *remoteFile) identity() string {
	if f.validator == "" {
		return ""
	}
	return fmt.Sprintf("%s\n%s\n%d", f.url, f.validator, f.size)
}

func (r *Resolver) web(at *ref) *source.Web {
	o := r.o.Web
	if at.user != nil {
		password, _ := at.user.Password()
		o.Authorize = source.BasicAuth(at.user.Username(), password)
	}
	return source.NewWeb(at.url, &o)
}

// scope is where containers-policy.json has rules for a URL: host and path, each folder of it, and the host.
func scope(u *url.URL) synth.Scope {
	s := synth.Scope{Transport: Transport, Identity: u.Host + path.Clean("/"+u.Path)}
	for dir := path.Dir(s.Identity); dir != "." && dir != "/"; dir = path.Dir(dir) {
		s.Namespaces = append(s.Namespaces, dir)
	}
	return s
}
