package atrest

import (
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// CheckPlan refuses a plan of which no store on disk can make a whole artifact: an image (artifacts.ErrIsImage), and what
// CheckWhole refuses.
func CheckPlan(p *artifacts.Plan) error {
	if p.Kind == artifacts.KindImage {
		return artifacts.ErrIsImage
	}
	return CheckWhole(p)
}

// CheckWhole refuses a plan, of whatever kind, of which no store on disk can make a whole model: one without a name, an
// index, a manifest that is not of the digest (artifacts.ErrVerification), a name that pins another
// (artifacts.ErrInvalidName), a manifest longer than MaxManifest, and blobs that are not exactly those of the manifest. So
// it does a plan one of whose bases has a manifest of another digest.
func CheckWhole(p *artifacts.Plan) error {
	if p.Name.IsZero() {
		return fmt.Errorf("%w: the plan has no name", artifacts.ErrInvalidName)
	}
	if IsIndex(p.MediaType, p.Manifest) {
		return errors.New("the manifest is an index of several: the store keeps single manifests only")
	}
	if d := digest.FromBytes(p.Manifest); d != p.Digest {
		return fmt.Errorf("%w: the manifest has digest %s, not %s", artifacts.ErrVerification, d, p.Digest)
	}
	if err := CheckPin(p.Name, p.Digest); err != nil {
		return err
	}
	if len(p.Manifest) > MaxManifest {
		return fmt.Errorf("the manifest has %d bytes: at most %d are read", len(p.Manifest), MaxManifest)
	}
	for base := p.Base; base != nil; base = base.Base {
		if d := digest.FromBytes(base.Manifest); d != base.Digest {
			return fmt.Errorf("%w: the manifest of %s has digest %s, not %s", artifacts.ErrVerification, base.Name, d, base.Digest)
		}
	}
	return checkBlobs(p)
}

// CheckPin refuses a name that pins another digest than d. Podman 6.0 finds repository@digest by the digest of the
// manifest itself; one that pins, say, the digest of an index could be stored but never found.
func CheckPin(name artifacts.Name, d digest.Digest) error {
	if pin := name.Digest(); pin != "" && pin != d {
		return fmt.Errorf("%w: %s pins another digest than that of the manifest, %s", artifacts.ErrInvalidName, name, d)
	}
	return nil
}

// IsIndex believes what others say of the manifest as little as what the manifest says of itself.
func IsIndex(mediaType string, manifest []byte) bool {
	return packaging.IsIndex(mediaType, manifest) || packaging.IsIndex("", manifest)
}

// checkBlobs compares the blobs of the plan with those of the manifest: an entry is whole only if all are there.
func checkBlobs(p *artifacts.Plan) error {
	refs, err := ParseRefs(p.Manifest)
	if err != nil {
		return fmt.Errorf("parsing the manifest: %w", err)
	}
	planned := make(map[digest.Digest]int64, len(p.Blobs))
	for i := range p.Blobs {
		planned[p.Blobs[i].Digest] = p.Blobs[i].Size
	}
	for _, r := range refs.Blobs {
		if err := r.Digest.Validate(); err != nil {
			return fmt.Errorf("the manifest names blob %q: %w", r.Digest, err)
		}
		size, ok := planned[r.Digest]
		if !ok {
			return fmt.Errorf("the plan lacks blob %s of the manifest", r.Digest)
		}
		if size != r.Size {
			return fmt.Errorf("blob %s has %d bytes in the plan, %d in the manifest", r.Digest, size, r.Size)
		}
	}
	if len(planned) != len(refs.Blobs) {
		return fmt.Errorf("the plan has %d blobs, the manifest %d", len(planned), len(refs.Blobs))
	}
	return nil
}
