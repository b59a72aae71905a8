package hub

import (
	"context"
	"net/url"

	"github.com/opencontainers/go-digest"
)

// Origin is a site with repositories.
type Origin interface {
	// Look finds a revision ("": the default branch) of a repository, and all its files. Errors are *MissingError,
	// *AccessError, an artifacts.TemporaryError or plain.
	Look(ctx context.Context, repository, revision string) (*Found, error)
	// URL is where a file of a found revision is.
	URL(f *Found, path string) *url.URL
}

// Found is one revision of a repository. Nothing in it but Guarded may depend on when it was asked for.
type Found struct {
	// Repository is spelled as the site spells it.
	Repository string
	// Commit is the revision's; "" if the site does not say. At is what to ask for: the commit, or a branch.
	Commit, At string
	// Page is the address of the repository for people.
	Page string
	// Licenses are SPDX expressions, BaseModels names of models that it was made from.
	Licenses, BaseModels []string
	// Guarded says that who may list the files may perhaps not read them.
	Guarded bool
	Entries []Entry
}

// Entry is one file of a repository.
type Entry struct {
	Path string
	Size int64 // bytes
	// SHA256 is of the file's bytes; "" if the site does not say. GitHash is the name of the file's git object, in hex; "" if
	// it is not of the file's bytes.
	SHA256  digest.Digest
	GitHash string
}
