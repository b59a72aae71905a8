package cli

import (
	"context"
	"time"

	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/transports"
	"github.com/paddock-dev/paddock/transports/hf"
	"github.com/paddock-dev/paddock/transports/hub"
	"github.com/paddock-dev/paddock/transports/modelscope"
	"github.com/paddock-dev/paddock/transports/source"
)

// hubRows are the transports of sites with repositories of files.
func hubRows(env *Env, o *originOptions, stall time.Duration, sys *types.SystemContext) ([]transports.Transport, error) {
	common := hub.Common{
		Include: o.include, Exclude: o.exclude, System: sys,
		Say: func(text string) { ui.Note(env.Err, text) },
	}
	if o.store != nil {
		common.Known = func(ctx context.Context, query string) ([]byte, error) {
			model, err := o.store.Find(ctx, query)
			if err != nil {
				return nil, err
			}
			return model.Manifest, nil
		}
	}
	trust := &source.Trust{Insecure: o.tlsVerify == types.OptionalBoolFalse, CertDir: o.certDir}
	agent := appName + "/" + version
	home, err := env.Home()
	if err != nil {
		home = "" // then only the environment has a token
	}
	face, err := hf.New(&hf.Options{
		Common: common, Getenv: env.Getenv, Home: home, UserAgent: agent, Trust: trust, Stall: stall, Logger: env.Log(),
	})
	if err != nil {
		return nil, err
	}
	scope, err := modelscope.New(&modelscope.Options{
		Common: common, Getenv: env.Getenv, UserAgent: agent, Trust: trust, Stall: stall, Logger: env.Log(),
	})
	if err != nil {
		return nil, err
	}
	return []transports.Transport{
		{Name: "hf", Schemes: hf.Schemes(), Hosts: hf.Hosts(), Resolver: face},
		{Name: "modelscope", Schemes: modelscope.Schemes(), Hosts: modelscope.Hosts(), Resolver: scope},
	}, nil
}
