package cli

import (
	"fmt"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/workload"
)

// plannedModel is the model that landing a plan will give, as far as its manifest says.
func plannedModel(plan *artifacts.Plan) (*artifacts.Model, error) {
	parsed, err := packaging.Parse(plan.Manifest, nil)
	if err != nil {
		return nil, fmt.Errorf("parsing the manifest of %s: %w", plan.Name, err)
	}
	m := &artifacts.Model{
		Name: plan.Name.String(), Kind: plan.Kind, Digest: plan.Digest, Packaging: *parsed, Manifest: plan.Manifest,
		Mount: artifacts.ArtifactMount{Source: plan.Name.String()},
	}
	for i := range plan.Blobs {
		m.Size += plan.Blobs[i].Size
	}
	return m, nil
}

// servable says why a model, of which maybe only the manifest is here, cannot be served. What the files of a ModelKit are is
// said by its config, which comes with the weights.
func servable(m *artifacts.Model, opts *workload.Options) error {
	if m.Packaging.Format == packaging.ModelKit {
		return nil
	}
	_, err := workload.FromModel(m, opts)
	return err
}
