package imagestore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"syscall"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// request is what is to be done to the storage, by a process that may write it.
type request struct {
	Place Place
	// Do is one of the words below.
	Do string
	// Name is the name to add or to take away; ID the image.
	Name string `json:",omitempty"`
	ID   string `json:",omitempty"`
	// Manifest and Blobs are what is to be landed: paths of verified blobs by digest. Temp is the folder
	// of the folders for large files, one for each image that is being written.
	Manifest  []byte                   `json:",omitempty"`
	MediaType string                   `json:",omitempty"`
	Blobs     map[digest.Digest]string `json:",omitempty"`
	Temp      string                   `json:",omitempty"`
}

// What a request can be.
const (
	doLand   = "land"   // write an image, and name it
	doTag    = "tag"    // add a name
	doRemove = "remove" // take a name away, and what nothing else uses with the last one
	doDrop   = "drop"   // remove an image with all its names
	doVerify = "verify" // read every layer of an image; the answer lists those that are damaged
)

// answer is what came of a request.
type answer struct {
	// Error is "" if it was done; Class then says which of the errors below it wraps, "" for none.
	Error   string   `json:",omitempty"`
	Class   string   `json:",omitempty"`
	Damaged []string `json:",omitempty"` // IDs of layers
}

// classes are the errors that survive the way through another process.
func classes() map[string]error {
	return map[string]error{
		"verification": artifacts.ErrVerification, "not-found": artifacts.ErrNotFound, "unsafe": packaging.ErrUnsafePath,
		"lost": errLost, "image": artifacts.ErrIsImage, "canceled": context.Canceled, "full": syscall.ENOSPC, "quota": syscall.EDQUOT,
	}
}

// errLost says that a blob which was in the storage when the landing began is so no more.
var errLost = errors.New("a layer was removed meanwhile")

// answeredError is an error that came through another process.
type answeredError struct {
	text string
	is   error
}

func (e *answeredError) Error() string { return e.text }
func (e *answeredError) Unwrap() error { return e.is }

// ask has a request done.
func (s *Store) ask(ctx context.Context, r *request) (*answer, error) {
	r.Place = s.place
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	out, err := s.enter(ctx, data)
	if err != nil {
		return nil, err
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		return nil, fmt.Errorf("reading the answer of the process that writes Podman's storage: %w", err)
	}
	if a.Error != "" {
		return nil, &answeredError{a.Error, classes()[a.Class]}
	}
	return &a, nil
}

// Serve does a request that a Store made, in a process that may write Podman's storage: root's, or one in Podman's user
// namespace. Others are refused: nothing is entered from here. The error is for a request that cannot be read; what went
// wrong in doing it is in the answer.
func Serve(ctx context.Context, data []byte) ([]byte, error) {
	var r request
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("reading what is to be done to Podman's storage: %w", err)
	}
	a, err := serve(ctx, &r)
	if err != nil {
		a = &answer{Error: err.Error()}
		for class, is := range classes() {
			if errors.Is(err, is) {
				a.Class = class
			}
		}
	}
	return json.Marshal(a)
}
