package hf

import (
	"cmp"
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
	title    = "Hugging Face"
	endpoint = "https://huggingface.co"
)

// Schemes and Hosts are what stands before a repository of Hugging Face in a reference.
func Schemes() []string { return []string{"hf", "huggingface"} }

// Hosts returns the names of the site; see Schemes.
func Hosts() []string { return []string{"hf.co", "huggingface.co", "www.huggingface.co"} }

// Options say how to reach Hugging Face. The zero value of each field means what its own comment says.
type Options struct {
	hub.Common
	// Getenv reads the environment, as os.Getenv: HF_ENDPOINT, HF_TOKEN and the other variables of huggingface_hub; nil: it is empty.
	Getenv func(string) string
	// Home is the user's home directory, absolute; "" if there is none.
	Home string
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

// New makes the resolver of Hugging Face. It reads neither files nor the network. An HF_ENDPOINT that is no address is an error.
func New(o *Options) (*hub.Resolver, error) {
	getenv := o.Getenv
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	base, err := url.Parse(strings.TrimRight(cmp.Or(getenv("HF_ENDPOINT"), endpoint), "/"))
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" {
		return nil, fmt.Errorf("reading HF_ENDPOINT: it is no http or https address")
	}
	h := &site{base: base, offline: isTrue(getenv("HF_HUB_OFFLINE")), token: tokenReader(getenv, o.Home)}
	h.Web = source.NewWeb(base, &source.WebOptions{
		Explain: h.explain, Agent: o.UserAgent, Trust: o.Trust, Stall: o.Stall,
		Logger: o.Logger, Wait: o.Wait,
		Authorize: func(header http.Header) {
			if token, err := h.token(); err == nil && token != "" { // Look has reported the error
				header.Set("Authorization", "Bearer "+token)
			}
		},
	})
	return &hub.Resolver{
		Common: o.Common, Title: title, Scheme: Schemes()[0], Hosts: Hosts(), Branch: "main", Web: h.Web, Origin: h,
	}, nil
}

// isTrue reads a switch as huggingface_hub does (constants.py, ENV_VARS_TRUE_VALUES).
func isTrue(value string) bool {
	switch strings.ToUpper(value) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}
