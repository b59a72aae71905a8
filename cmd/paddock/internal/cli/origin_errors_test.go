package cli

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/tests/fakes/hf"
	"github.com/paddock-dev/paddock/tests/fakes/modelscope"
	"github.com/paddock-dev/paddock/tests/fakes/ollama"
	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
	"github.com/paddock-dev/paddock/transports/registry"
)

// testOrigin is a kind of origin, with one model.
type testOrigin struct {
	// start starts the real fake, which front is in front of, and returns its address.
	start func(t *testing.T, weights []byte) string
	// typed is the reference of the model at a front's host, and vars what the environment says of it.
	typed func(front *url.URL) string
	vars  func(front *url.URL) map[string]string
	flags []string
	// weights says whether a request is for the model's file.
	weights func(req *http.Request) bool
}

func testOrigins(weights []byte) map[string]testOrigin {
	pathHas := func(part string) func(*http.Request) bool {
		return func(req *http.Request) bool { return strings.Contains(req.URL.RequestURI(), part) }
	}
	at := func(name string) func(*url.URL) map[string]string {
		return func(front *url.URL) map[string]string { return map[string]string{name: front.String()} }
	}
	none := func(*url.URL) map[string]string { return nil }
	blob := pathHas("/blobs/" + digest.FromBytes(weights).String())
	return map[string]testOrigin{
		"hf": {
			start: func(t *testing.T, weights []byte) string {
				h := hf.New(t, &hf.Options{Token: "hf_good"})
				h.Put(&hf.Repo{ID: "Org/M"}, map[string]hf.File{"m-Q8_0.gguf": {Data: weights, LFS: true}})
				return h.URL()
			},
			typed: func(*url.URL) string { return "hf://Org/M" }, weights: pathHas("/resolve/"),
			vars: func(front *url.URL) map[string]string {
				return map[string]string{"HF_ENDPOINT": front.String(), "HF_TOKEN": "hf_good"}
			},
		},
		"modelscope": {
			start: func(t *testing.T, weights []byte) string {
				s := modelscope.New(t, nil)
				s.Put(&modelscope.Repo{ID: "Org/M", Commit: strings.Repeat("1", 40), Files: map[string][]byte{"m-Q8_0.gguf": weights}})
				return s.URL()
			},
			typed: func(*url.URL) string { return "ms://Org/M" }, weights: pathHas("FilePath="), vars: at("MODELSCOPE_DOMAIN"),
		},
		"ollama": {
			start: func(t *testing.T, weights []byte) string {
				r := ollama.New(t, nil)
				r.Publish("library/m:1", `{"model_format":"gguf"}`, ollama.Layer{Kind: "model", Data: weights})
				return "http://" + r.Host()
			},
			typed: func(front *url.URL) string { return "ollama://" + front.Host + "/library/m:1" }, weights: blob, vars: none,
			flags: []string{"--tls-verify=false"},
		},
		"url": {
			start: func(t *testing.T, weights []byte) string {
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
					w.Header().Set("ETag", `"one"`)
					http.ServeContent(w, req, "m.gguf", time.Time{}, bytes.NewReader(weights))
				}))
				t.Cleanup(s.Close)
				return s.URL
			},
			typed: func(front *url.URL) string {
				return front.String() + "/m.gguf#sha256=" + digest.FromBytes(weights).Encoded()
			},
			weights: func(req *http.Request) bool { return req.Header.Get("Range") == "" }, vars: none,
		},
		"registry": {
			start: func(t *testing.T, weights []byte) string {
				r := fake.New(t, nil)
				r.PutModel("org/m", "1", weights)
				return "http://" + r.Host()
			},
			typed: func(front *url.URL) string { return front.Host + "/org/m:1" }, weights: blob, vars: none,
			flags: []string{"--tls-verify=false"},
		},
	}
}

// originWords are what a person is told.
type originWords struct {
	code       int
	says, hint string // "" for no hint
}

// originFault is what goes wrong: an answer to every request but a registry's first, or to that for the weights.
type originFault struct {
	status  int // of every answer, with header
	header  http.Header
	tls     bool                                           // the certificate is not trusted
	weights func(w http.ResponseWriter, req *http.Request) // instead of the weights
	// want is what is said of it, and own what is said of an origin that has words of its own.
	want originWords
	own  map[string]originWords
}

func originFaults(weights []byte) map[string]originFault {
	const gated, missing = "GatedRepo", "RepoNotFound" // which only Hugging Face sends
	send := func(body []byte) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(weights)))
			_, _ = w.Write(body)
			if len(body) < len(weights) {
				panic(http.ErrAbortHandler)
			}
		}
	}
	private := originWords{exitAuthentication, "Org/M is not for everybody", "set MODELSCOPE_API_TOKEN"}
	ollamas := originWords{exitAuthentication, "authentication failed", "asked without credentials"}
	return map[string]originFault{
		"401": {status: 401, want: originWords{exitAuthentication, "401", "give --creds USER:PASSWORD if 127.0.0.1"}, own: map[string]originWords{
			"hf": {exitAuthentication, "the token does not allow it", "make a new token, and put it into HF_TOKEN"}, "modelscope": private, "ollama": ollamas,
			"registry": {exitAuthentication, "authentication required", "paddock login --tls-verify=false 127.0.0.1"},
		}},
		"403": {status: 403, header: http.Header{"X-Error-Code": {gated}}, want: originWords{exitAuthentication, "403", "or a new link if it was a signed one"}, own: map[string]originWords{
			"hf":         {exitAuthentication, "Org/M is gated", "ask for access at https://huggingface.co/Org/M with the account of the token"},
			"modelscope": private, "ollama": ollamas, "registry": {exitAuthentication, "403", "paddock login --tls-verify=false 127.0.0.1"},
		}},
		"404": {status: 404, header: http.Header{"X-Error-Code": {missing}}, want: originWords{exitNotFound, "not found", ""}, own: map[string]originWords{
			"hf":         {exitNotFound, "no repository Org/M", "the account of the token in HF_TOKEN"},
			"modelscope": {exitNotFound, "no repository Org/M", "set MODELSCOPE_API_TOKEN"},
		}},
		"429":        {status: 429, header: http.Header{"Retry-After": {"3600"}}, want: originWords{exitError, "429 Too Many Requests", "left alone for 1h0m0s"}},
		"TLS":        {tls: true, want: originWords{exitError, "certificate signed by unknown authority", "trust its CA in certs.d/127.0.0.1"}},
		"time-out":   {weights: func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }, want: originWords{exitError, "timeout", ""}},
		"truncated":  {weights: send(weights[:len(weights)/2]), want: originWords{exitError, "bytes are missing", ""}},
		"wrong hash": {weights: send(bytes.Repeat([]byte("x"), len(weights))), want: originWords{exitRefused, "verification failed", ""}},
	}
}

// front puts a fault in front of an origin.
func (f *originFault) front(t *testing.T, behind string, o *testOrigin) *url.URL {
	t.Helper()
	target, err := url.Parse(behind)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case f.status != 0 && req.URL.Path != "/v2/":
			for name, values := range f.header {
				w.Header()[name] = values
			}
			w.WriteHeader(f.status)
		case f.weights != nil && o.weights(req):
			f.weights(w, req)
		default:
			proxy.ServeHTTP(w, req)
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if f.tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// originWorld is a machine that waits for a server no longer than stall, in seconds.
func originWorld(t *testing.T, vars map[string]string, stall string) *world {
	t.Helper()
	w := hubWorld(t, vars)
	conf := filepath.Join(w.env.Root, "etc/containers")
	write(t, filepath.Join(conf, "paddock.conf"), "[pull]\nstall_timeout = "+stall+"\n")
	write(t, filepath.Join(conf, "registries.conf"), "")
	w.env.Services.Registry = func(env *Env, o *originOptions) (*registry.Resolver, error) {
		opts, err := registryOptions(env, o)
		if err != nil {
			return nil, err
		}
		opts.RegistriesConf, opts.RegistriesConfDir, opts.ShortNameAliases = conf+"/registries.conf", conf+"/none", conf+"/aliases.conf"
		opts.RegistriesDir, opts.Policy, opts.PerHostCertDir = conf+"/none", conf+"/policy.json", conf+"/none"
		return registry.New(opts)
	}
	return w
}

// TestOriginErrors: what goes wrong at an origin has, whatever the origin, its exit code, its words and its hint, and leaves
// nothing behind.
func TestOriginErrors(t *testing.T) {
	weights := ggufFile(t).Data
	for what, fault := range originFaults(weights) {
		for kind, o := range testOrigins(weights) {
			t.Run(what+"/"+kind, func(t *testing.T) {
				t.Parallel()
				front := fault.front(t, o.start(t, weights), &o)
				stall := "15"
				if what == "time-out" || what == "429" { // in which a registry is waited for
					stall = "2"
				}
				w := originWorld(t, o.vars(front), stall)
				args := append([]string{"pull", "-q"}, o.typed(front))
				if !fault.tls {
					args = append(args, o.flags...)
				}
				code, out, err := w.run(t, args...)
				want := fault.want
				if own, ok := fault.own[kind]; ok {
					want = own
				}
				hints := strings.Join(Hints(err), "\n")
				if code != want.code || !strings.Contains(err.Error(), want.says) || !strings.Contains(hints, want.hint) || (hints == "") != (want.hint == "") {
					t.Errorf("exit %d, %v, hints %q; want %+v", code, err, hints, want)
				}
				if out != "" || len(w.names(t)) != 0 || strings.Contains(err.Error(), "\n") {
					t.Errorf("printed %q, left %q, %v", out, w.names(t), err)
				}
			})
		}
	}
}
