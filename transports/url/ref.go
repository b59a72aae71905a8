package url

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports/source"
)

// ref is a reference, taken apart.
type ref struct {
	url    *url.URL // without user and fragment; of the first part, if the file is split
	user   *url.Userinfo
	digest digest.Digest // "" if it is not said
	shards int           // 0 if the file is not split
}

// parse reads a URL. The error wraps artifacts.ErrInvalidName, and repeats neither query nor password.
func parse(input string) (*ref, error) {
	u, err := url.Parse(input)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", artifacts.ErrInvalidName, source.Scrub(fmt.Errorf("%q is no URL", input)))
	}
	refuse := func(why string) (*ref, error) {
		return nil, fmt.Errorf("%w: %s: %s", artifacts.ErrInvalidName, source.Redact(u), why)
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return refuse("no URL of the web")
	case u.Hostname() == "":
		return refuse("it names no host")
	case strings.Trim(u.Path, "/") == "" || strings.HasSuffix(u.Path, "/"):
		return refuse("it names no file")
	}
	r := &ref{url: u, user: u.User}
	if u.Fragment != "" {
		sum, ok := strings.CutPrefix(strings.ToLower(u.Fragment), "sha256=")
		if _, err := hex.DecodeString(sum); !ok || err != nil || len(sum) != digest.SHA256.Size()*2 {
			return refuse("what follows # is not sha256= and 64 hex digits")
		}
		r.digest = digest.NewDigestFromEncoded(digest.SHA256, sum)
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	if names := packaging.ShardNames(u.Path); names != nil {
		if r.digest != "" && len(names) > 1 {
			return refuse(fmt.Sprintf("one sha256 for a file in %d parts", len(names)))
		}
		r.shards = len(names)
		r.url = r.shard(1)
	}
	return r, nil
}

// shard is the URL of one part, counted from 1.
func (r *ref) shard(n int) *url.URL {
	u := *r.url
	if r.shards > 0 {
		u.Path, u.RawPath = packaging.ShardNames(u.Path)[n-1], ""
	}
	return &u
}

// name is what the model is kept under. A host without a dot is not one in a name unless its port is said.
func (r *ref) name() (artifacts.Name, error) {
	host := strings.ToLower(r.url.Host)
	if !strings.ContainsAny(host, ".:") && host != "localhost" {
		host += ":" + cmp.Or(r.url.Port(), map[string]string{"https": "443", "http": "80"}[r.url.Scheme])
	}
	return artifacts.OriginName(host, unspaced(strings.Trim(path.Clean(r.url.Path), "/")), "latest")
}

// unspaced puts "-" for what people write in file names and no name may have.
func unspaced(p string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(" +,()[]=@~%&!'", c) {
			return '-'
		}
		return c
	}, p)
}

// origin is the URL without what may be secret.
func (r *ref) origin() string { return source.Redact(r.url) }
