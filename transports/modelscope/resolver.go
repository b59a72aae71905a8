package modelscope

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/paddock-dev/paddock/transports/hub"
	"github.com/paddock-dev/paddock/transports/source"
)

const (
	title    = "ModelScope"
	endpoint = "https://modelscope.cn"
	branch   = "master"
)

// Schemes and Hosts are what stands before a repository of ModelScope in a reference.
func Schemes() []string { return []string{"modelscope", "ms"} }

// Hosts returns the names of the site; see Schemes.
func Hosts() []string { return []string{"modelscope.cn", "www.modelscope.cn"} }

// Options say how to reach ModelScope. The zero value of each field means what its own comment says.
type Options struct {
	hub.Common
	// Getenv reads the environment, as os.Getenv: MODELSCOPE_DOMAIN and MODELSCOPE_API_TOKEN; nil: it is empty.
	Getenv func(string) string
	// UserAgent names the program; "": "paddock".
	UserAgent string
	// Trust are the certificates; nil is the zero value.
	Trust *source.Trust
	// Stall is how long a server may be silent; 0: source.DefaultStall.
	Stall time.Duration
	// Logger receives what is decided on the way; nil: nobody.
	Logger *slog.Logger
	// Wait waits between two tries; nil: as long as it is told.
	Wait func(context.Context, time.Duration) error
}

// New makes the resolver of ModelScope. It reads neither files nor the network. A MODELSCOPE_DOMAIN that is none is an error.
func New(o *Options) (*hub.Resolver, error) {
	getenv := o.Getenv
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	at := endpoint
	if domain := getenv("MODELSCOPE_DOMAIN"); domain != "" {
		// ModelScope's own library allows no scheme here; a mirror for tests has none but http.
		if at = domain; !strings.Contains(domain, "://") {
			at = "https://" + domain
		}
	}
	base, err := url.Parse(strings.TrimRight(at, "/"))
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" {
		return nil, fmt.Errorf("reading MODELSCOPE_DOMAIN: it is no domain")
	}
	token := strings.TrimSpace(getenv("MODELSCOPE_API_TOKEN"))
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' || r == ';' || r == ',' }) {
		return nil, fmt.Errorf("reading MODELSCOPE_API_TOKEN: it is not one word")
	}
	m := &site{base: base}
	m.Web = source.NewWeb(base, &source.WebOptions{
		Explain: explain, Agent: o.UserAgent, Trust: o.Trust, Stall: o.Stall,
		Logger: o.Logger, Wait: o.Wait,
		Authorize: func(header http.Header) {
			if token != "" { // as ModelScope's library sends it (modelscope_hub, HubApi.get_cookies)
				header.Set("Cookie", "m_session_id="+token)
			}
		},
	})
	return &hub.Resolver{
		Common: o.Common, Title: title, Scheme: Schemes()[0], Hosts: Hosts(), Branch: branch, Web: m.Web, Origin: m,
	}, nil
}
