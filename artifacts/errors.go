package artifacts

import "errors"

// The errors that callers branch on. Everything that is none of these is a plain failure.
var (
	// ErrNotFound says that the store, or the origin, was read and has no such name. A store that could not be read
	// never returns it.
	ErrNotFound = errors.New("not found")
	// ErrAuthentication says that an origin refused the credentials, or wants some.
	ErrAuthentication = errors.New("authentication failed")
	// ErrPolicy says that containers-policy.json, or registries.conf, forbids the source.
	ErrPolicy = errors.New("refused by policy")
	// ErrVerification says that bytes are not what their digest, size or signature promised.
	ErrVerification = errors.New("verification failed")
	// ErrAmbiguous says that a digest prefix names more than one model.
	ErrAmbiguous = errors.New("ambiguous")
	// ErrIsImage says that a name is a container image, where an artifact was asked for.
	ErrIsImage = errors.New("is a container image, not an artifact")
	// ErrNameTaken says that a name is that of a model with another origin.
	ErrNameTaken = errors.New("name is taken")
	// ErrInvalidName says that a string is no name that a model can be kept under.
	ErrInvalidName = errors.New("invalid name")
)

// BelongsError says that an entry of a store is not to be removed by itself: it has the unpacked files of a model.
type BelongsError struct {
	// Name is the entry, and Owner the model by a name that the store has, or its digest.
	Name, Owner string
}

// Error names both.
func (e *BelongsError) Error() string {
	return e.Name + " has the unpacked files of " + e.Owner + ", and goes with it"
}

// ErrNoRange says that an origin cannot serve a part of a blob, only the whole. See Opener.
var ErrNoRange = errors.New("origin serves no ranges")
