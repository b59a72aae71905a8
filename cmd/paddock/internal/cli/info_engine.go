package cli

import (
	"cmp"
	"context"
	"slices"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/union"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/config"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
	"github.com/paddock-dev/paddock/gpu"
)

// engineReport is what info says of the container engine.
type engineReport struct {
	// Name is "podman" or "docker"; "" if there is none, and Reason then says why.
	Name    string `json:"name"`
	Version string `json:"version"`
	Path    string `json:"path"`
	// Reason is why it is this one.
	Reason   string `json:"reason"`
	Rootless bool   `json:"rootless"`
	// Runtime is the program that makes containers, as "crun"; "" if the engine does not say.
	Runtime string `json:"runtime"`
}

// storeReport is what info says of the store.
type storeReport struct {
	// Kind is the word for the store; "" if there is none, and Reason then says why.
	Kind string `json:"kind"`
	// Path is where models are, Staging where downloads arrive.
	Path    string `json:"path"`
	Staging string `json:"staging"`
	Reason  string `json:"reason"`
	// Images is where models are that are images; nil if they are nowhere.
	Images *imagesReport `json:"images,omitempty"`
}

// imagesReport is what info says of the images that carry models.
type imagesReport struct {
	// Kind is the word for their store. Path is where they are; of those in Docker, where paddock's records of them are.
	Kind    string `json:"kind"`
	Path    string `json:"path"`
	Staging string `json:"staging"`
}

// reportEngine asks for the engine and the store. What is missing is part of the report, not a failure of info.
func reportEngine(ctx context.Context, env *Env) (*engineReport, *storeReport) {
	choice, err := env.Engine(ctx)
	if err != nil {
		return &engineReport{Reason: err.Error()}, &storeReport{Reason: "there is no engine"}
	}
	e := &engineReport{Name: choice.Engine.Name(), Reason: choice.Reason}
	switch {
	case choice.Podman != nil:
		e.Version, e.Path, e.Rootless = choice.Podman.Version.String(), choice.Podman.Path, choice.Podman.Rootless
		e.Runtime = choice.Podman.OCIRuntime
	case choice.Docker != nil:
		e.Version, e.Path = choice.Docker.Version, choice.Docker.Path
	}
	store, err := env.Store(ctx)
	if err != nil {
		return e, &storeReport{Reason: err.Error()}
	}
	return e, reportStore(store, storeReason(env, choice))
}

// placed is a store on disk.
type placed interface {
	Root() string
	StagingDir() string
}

// reportStore says where the store is: of a union of several, the first, which holds the artifacts.
func reportStore(store artifacts.Store, reason string) *storeReport {
	all, ok := store.(*union.Store)
	if !ok || len(all.Members()) == 0 {
		return &storeReport{}
	}
	first := all.Members()[0]
	report := &storeReport{Kind: first.Word, Reason: reason}
	if p, ok := first.Store.(placed); ok {
		report.Path, report.Staging = p.Root(), p.StagingDir()
	}
	for _, m := range all.Members()[1:] {
		if p, ok := m.Store.(placed); ok && slices.Contains(m.Kinds, artifacts.KindImage) {
			report.Images = &imagesReport{Kind: m.Word, Path: p.Root(), Staging: p.StagingDir()}
		}
	}
	return report
}

// reportAccelerator says what serve would use. What is missing is part of the report.
func reportAccelerator(ctx context.Context, env *Env, cfg *config.Config) *acceleratorReport {
	r := &acceleratorReport{Names: []string{}, Devices: []string{}}
	choice, err := env.Engine(ctx)
	if err != nil {
		choice = &engine.Choice{}
	}
	access, why, err := chooseAccess(ctx, env, choice, cfg)
	if err != nil {
		access, why = &gpu.Access{}, err.Error()
	}
	r.Image = imageFor(cfg, access)
	if !access.Passed() {
		r.Reason = cmp.Or(why, "none was found, or --gpu is none; the processor computes")
		return r
	}
	for _, a := range access.Chosen {
		r.Names = append(r.Names, a.Name)
	}
	r.Devices = append(r.Devices, slices.Concat(access.CDI, access.Nodes)...)
	return r
}
