package cli

import (
	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/caches"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/config"
)

// localFiles looks for blobs that other tools on this machine have fetched; nil if the settings say not to.
func (e *Env) localFiles(cfg *config.Config) func(digest.Digest, int64) []string {
	if !cfg.Pull.Local.Value {
		return nil
	}
	home, err := e.Home()
	if err != nil {
		e.log.Debug("no home directory, so no caches of the user", "error", err)
		home = ""
	}
	return caches.Open(&caches.Options{Getenv: e.Getenv, Home: home, Root: e.Root, Logger: e.log}).Find
}
