package packaging

import "errors"

// The errors that callers branch on.
var (
	// ErrUnservable says that a model can be stored but not yet given to a container. See Model.Unservable.
	ErrUnservable = errors.New("not yet servable")
	// ErrInvalidManifest says that a manifest, an index or a config breaks its specification or a limit of this package.
	ErrInvalidManifest = errors.New("invalid manifest")
	// ErrUnsafePath says that a manifest names a file by a path that may not be created below the model's root, or names
	// two files such that both cannot exist.
	ErrUnsafePath = errors.New("unsafe path")
	// ErrNoInstance says that no entry of an index is for the platform.
	ErrNoInstance = errors.New("no instance for the platform")
	// ErrAmbiguousIndex says that an index has several entries for any platform and none for the one, so that the choice would be
	// a guess.
	ErrAmbiguousIndex = errors.New("ambiguous index")
)
