package memstore

import "github.com/opencontainers/go-digest"

// silent is the artifacts.Progress of nobody.
type silent struct{}

func (silent) Start(digest.Digest, int64, int64) {}
func (silent) Advance(digest.Digest, int64)      {}
func (silent) Finish(digest.Digest)              {}
func (silent) Wait(string)                       {}
