package podmanstore

import (
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/manifest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// checkPlan refuses what Podman could not read back. One such entry makes every call of libartifact fail, for all models
// (getArtifacts reads each manifest; DeleteImage counts the blobs of each entry), so the checks are Podman's own.
func checkPlan(p *artifacts.Plan) error {
	if p.Name.IsZero() {
		return fmt.Errorf("%w: the plan has no name", artifacts.ErrInvalidName)
	}
	if err := checkReserved(p.Name); err != nil {
		return err
	}
	if p.Kind == artifacts.KindImage {
		return artifacts.ErrIsImage
	}
	if isIndex(p.MediaType, p.Manifest) {
		return errors.New("the manifest is an index of several: Podman's artifact store keeps single manifests only")
	}
	if t := packaging.ManifestMediaType(p.MediaType, p.Manifest); t != imgspecv1.MediaTypeImageManifest {
		return fmt.Errorf("the manifest is of type %q: Podman's artifact store keeps %s only", t, imgspecv1.MediaTypeImageManifest)
	}
	if d := digest.FromBytes(p.Manifest); d != p.Digest {
		return fmt.Errorf("%w: the manifest has digest %s, not %s", artifacts.ErrVerification, d, p.Digest)
	}
	if err := checkPin(p.Name, p.Digest); err != nil {
		return err
	}
	if len(p.Manifest) > maxManifest {
		return fmt.Errorf("the manifest has %d bytes: Podman reads at most %d", len(p.Manifest), maxManifest)
	}
	if err := checkManifest(p.Manifest); err != nil {
		return fmt.Errorf("the manifest is none that Podman can read: %w", err)
	}
	return checkBlobs(p)
}

// checkPin: Podman 6.0 finds repository@digest by the digest of the manifest itself; one that pins, say, the digest of an
// index could be stored but never found.
func checkPin(name artifacts.Name, d digest.Digest) error {
	if pin := name.Digest(); pin != "" && pin != d {
		return fmt.Errorf("%w: %s pins another digest than that of the manifest, %s", artifacts.ErrInvalidName, name, d)
	}
	return nil
}

func checkManifest(raw []byte) error {
	m, err := manifest.OCI1FromManifest(raw)
	if err != nil {
		return err
	}
	// podman artifact ls fails as a whole on another form of time (cmd/podman/artifact/list.go).
	created := m.Annotations[imgspecv1.AnnotationCreated]
	if _, err := time.Parse(time.RFC3339Nano, created); created != "" && err != nil {
		return fmt.Errorf("reading annotation %s: %w", imgspecv1.AnnotationCreated, err)
	}
	return nil
}

// checkBlobs compares the blobs of the plan with those of the manifest: an entry is whole only if all are there.
func checkBlobs(p *artifacts.Plan) error {
	refs, err := parseRefs(p.Manifest)
	if err != nil {
		return fmt.Errorf("parsing the manifest: %w", err)
	}
	planned := make(map[digest.Digest]int64, len(p.Blobs))
	for i := range p.Blobs {
		planned[p.Blobs[i].Digest] = p.Blobs[i].Size
	}
	for _, r := range refs.blobs {
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
	if len(planned) != len(refs.blobs) {
		return fmt.Errorf("the plan has %d blobs, the manifest %d", len(planned), len(refs.blobs))
	}
	return nil
}
