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
	if plan.Kind == artifacts.KindImage {
		m.Mount = artifacts.ImageMount{Image: m.Name, Subpath: packaging.ImageRoot}
	}
	for _, b := range plan.Needed() {
		m.Size += b.Size
	}
	return m, nil
}

// undecided says whether only a pull shows what the files of a model are: those of a ModelKit are said by its config, which
// comes with the weights, and those in archives and images by unpacking them. Of a manifest that describes no model it is not
// believed that its files are one.
func undecided(m *artifacts.Model) bool {
	return m.Kind == artifacts.KindImage || m.Packaging.Format == packaging.ModelKit || m.Packaging.Derivable && m.Packaging.Format != packaging.Unknown
}

// servable says why a model, of which maybe only the manifest is here, cannot be served.
func servable(m *artifacts.Model, opts *workload.Options) error {
	if undecided(m) {
		return nil
	}
	_, err := workload.FromModel(m, opts)
	return err
}
