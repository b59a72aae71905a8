package dirstore

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// record is a layout with its manifest, as read under the lock.
type record struct {
	layout layout
	// digest is what the manifest should hash to; "" if nothing says it.
	digest   digest.Digest
	manifest []byte
	err      error // why there is no manifest: fs.ErrNotExist, atrest.ErrCorrupt or another
	// unpacked is the digest of the manifest that was derived from this one; "" if none was. derived is that manifest; nil if
	// there is none, or derivedErr says why it cannot be used.
	unpacked   digest.Digest
	derived    []byte
	derivedErr error
}

// read reads and verifies the manifest. A layout of another tool has no record: then the name's pin, or else the manifest
// itself, says the digest.
func (l *layout) read() record {
	r := record{layout: *l}
	if r.digest, r.err = l.promised(); r.err != nil {
		return r
	}
	path := l.file(manifestFile)
	if r.digest != "" {
		r.manifest, r.err = atrest.ReadVerified(path, r.digest, atrest.MaxManifest)
	} else if r.manifest, r.err = atrest.ReadBounded(path, atrest.MaxManifest); r.err == nil {
		r.digest = digest.FromBytes(r.manifest)
	}
	if r.err == nil {
		r.readDerived()
	}
	return r
}

// promised returns the digest that the manifest should have; "" if nothing says it.
func (l *layout) promised() (digest.Digest, error) {
	d, err := l.readDigest(recordFile)
	if d == "" && err == nil {
		return l.name.Digest(), nil
	}
	return d, err
}

// readDigest reads a file that holds a digest; "" if there is none.
func (l *layout) readDigest(name string) (digest.Digest, error) {
	text, err := atrest.ReadBounded(l.file(name), maxSmall)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("reading the record of a manifest's digest: %w", err)
	}
	d, err := digest.Parse(strings.TrimSuffix(string(text), "\n"))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", l.file(name), err)
	}
	return d, nil
}

// readDerived reads what was unpacked from the model. One that cannot be used counts as none, but Check says so.
func (r *record) readDerived() {
	if r.unpacked, r.derivedErr = r.layout.readDigest(derivedFile); r.unpacked == "" {
		return
	}
	path, err := r.layout.blob(r.unpacked)
	var raw []byte
	if err == nil {
		raw, err = atrest.ReadVerified(path, r.unpacked, atrest.MaxManifest)
	}
	if err == nil && packaging.DerivedFrom(packaging.Annotations(raw)) != r.digest {
		err = errors.New("it was derived from another manifest")
	}
	if err != nil {
		r.derivedErr = fmt.Errorf("reading the manifest of its unpacked files: %w", err)
		return
	}
	r.derived = raw
}

// needs returns every blob that the layout needs: those of its manifest and of the derived one, and that itself.
func (r *record) needs() ([]atrest.Blob, error) { return needs(r.manifest, r.derived) }

func needs(manifest, derived []byte) ([]atrest.Blob, error) {
	refs, err := atrest.ParseRefs(manifest)
	if err != nil {
		return nil, fmt.Errorf("parsing the manifest: %w", err)
	}
	if derived == nil {
		return refs.Blobs, nil
	}
	more, err := atrest.ParseRefs(derived)
	if err != nil {
		return nil, fmt.Errorf("parsing the manifest of its unpacked files: %w", err)
	}
	all := append(more.Blobs, atrest.Blob{Digest: digest.FromBytes(derived), Size: int64(len(derived))})
	have := map[digest.Digest]bool{}
	for _, b := range refs.Blobs {
		have[b.Digest] = true
	}
	for _, b := range all {
		if !have[b.Digest] {
			refs.Blobs = append(refs.Blobs, b)
		}
	}
	return refs.Blobs, nil
}
