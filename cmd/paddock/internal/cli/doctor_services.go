package cli

import (
	"context"
	"errors"
	"fmt"

	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/quadlet"
)

// findingService is a service whose model is gone. No store finds it: they know of no services.
const findingService artifacts.FindingKind = "service"

// lackingServices finds the services whose models are not in the store any more. Without Podman there are none.
func lackingServices(ctx context.Context, env *Env) ([]artifacts.Finding, error) {
	if choice, err := env.Engine(ctx); err != nil || choice.Podman == nil {
		env.Log().Debug("looking for no services", "error", err)
		return nil, nil
	}
	units, err := installer(ctx, env)
	if err != nil {
		return nil, fmt.Errorf("looking for services: %w", err)
	}
	services, unreadable := units.List()
	if unreadable != nil {
		ui.Warning(env.Err, unreadable.Error())
	}
	if len(services) == 0 {
		return nil, nil
	}
	store, err := env.Store(ctx)
	if err != nil {
		return nil, err
	}
	var lacking []artifacts.Finding
	for _, s := range services {
		if s.Source == "" {
			continue
		}
		switch _, err := store.Find(ctx, s.Source); {
		case errors.Is(err, artifacts.ErrNotFound):
			lacking = append(lacking, artifacts.Finding{
				Kind: findingService, Name: s.Source, Detail: "the service " + s.Name + " needs it, and it is gone", Action: bringBack(units, s),
			})
		case err != nil:
			return nil, fmt.Errorf("looking for the model of the service %s: %w", s.Name, err)
		}
	}
	return lacking, nil
}

// bringBack is how the model of a service comes into the store again.
func bringBack(units *quadlet.Installer, s *quadlet.Installed) string {
	name, err := artifacts.ParseName(s.Model)
	switch {
	case s.Origin != "":
		return systemctl(units, "restart", s.Service) // its unit has the origin, and what it was pinned to
	case err == nil && reference.Domain(name.Reference()) == localDomain:
		return "pull or pack " + s.Model + " again, and paddock quadlet install --replace --name " + s.Name + " " + s.Model
	}
	return "paddock ensure " + s.Source
}
