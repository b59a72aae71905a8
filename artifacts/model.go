package artifacts

import (
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// Kind says what a manifest is to container tools. It is decided once, from the manifest.
type Kind string

// The two kinds of models at rest.
const (
	KindArtifact Kind = "artifact" // an OCI manifest that is not a container image
	KindImage    Kind = "image"    // a container image that carries a model
)

// File is one file of a model.
type File = packaging.File

// Model is a model at rest in a store.
type Model struct {
	// Name is the name as the store has it. Podman before 6.0 keeps what was typed, so it need not be a Name: it may lack
	// the tag. "" for an entry that lost its name.
	Name   string
	Kind   Kind
	Digest digest.Digest // of the manifest's bytes
	// Size is the sum of the config and the layers in bytes, each digest counted once.
	Size int64
	// Created is when the publisher made it; the zero Time if it does not say.
	Created time.Time
	// Store is the word for the store: "podman".
	Store string
	// Packaging is what the manifest says of the files.
	Packaging packaging.Model
	// Manifest is the manifest byte for byte.
	Manifest []byte
	// Annotations are the manifest's.
	Annotations map[string]string
	// Mount says how a container sees the files.
	Mount Mount
}

// Mount is how a container sees a model: a sealed sum of ArtifactMount, ImageMount and BindMount.
//
//sumtype:decl
type Mount interface{ mount() }

// ArtifactMount is an entry of Podman's artifact store, mounted file by file with type=artifact.
type ArtifactMount struct {
	// Source is the entry's name as Podman knows it.
	Source string
}

// ImageMount is a folder of an image, mounted with type=image.
type ImageMount struct {
	Image   string
	Subpath string // absolute in the image
}

// BindMount is a set of files on the host, mounted one by one, read-only.
type BindMount struct {
	// Files maps a path below /models to the absolute path on the host.
	Files map[string]string
}

func (ArtifactMount) mount() {}
func (ImageMount) mount()    {}
func (BindMount) mount()     {}
