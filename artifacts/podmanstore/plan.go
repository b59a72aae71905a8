package podmanstore

import (
	"fmt"
	"time"

	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/manifest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// checkPlan refuses what Podman could not read back. One such entry makes every call of libartifact fail, for all models
// (getArtifacts reads each manifest; DeleteImage counts the blobs of each entry), so the checks are Podman's own.
func checkPlan(p *artifacts.Plan) error {
	if err := atrest.CheckPlan(p); err != nil {
		return err
	}
	if err := checkReserved(p.Name); err != nil {
		return err
	}
	if t := packaging.ManifestMediaType(p.MediaType, p.Manifest); t != imgspecv1.MediaTypeImageManifest {
		return fmt.Errorf("the manifest is of type %q: Podman's artifact store keeps %s only", t, imgspecv1.MediaTypeImageManifest)
	}
	if err := checkManifest(p.Manifest); err != nil {
		return fmt.Errorf("the manifest is none that Podman can read: %w", err)
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
