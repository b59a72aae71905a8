package quadlet

import (
	"context"
	"fmt"
	"strings"
)

// Systemctl is the systemd of the machine, or of a user. The zero value is the machine's.
type Systemctl struct {
	// User is the user's systemd.
	User bool
	// Run runs systemctl; nil really runs it.
	Run Runner
}

// ServiceState is what systemd knows of a service.
type ServiceState struct {
	// Load is "loaded" for a service that can be started, "not-found" for one that there is not.
	Load string
	// Active is "active", "activating", "inactive", "failed"….
	Active string
	// Source is the file that a generator made the service of; "" if it was not generated.
	Source string
	// Fragment is the file of the service itself.
	Fragment string
}

func (s *Systemctl) call(ctx context.Context, args ...string) (string, error) {
	argv := []string{"systemctl"}
	if s.User {
		argv = append(argv, "--user")
	}
	return s.Run.Call(ctx, append(argv, args...)...)
}

func (s *Systemctl) do(ctx context.Context, args ...string) error {
	_, err := s.call(ctx, args...)
	return err
}

// DaemonReload makes systemd run its generators, Quadlet among them, and read all units again.
func (s *Systemctl) DaemonReload(ctx context.Context) error { return s.do(ctx, "daemon-reload") }

// Start starts a service and returns when it is active, which for units of this package is when the server answers.
func (s *Systemctl) Start(ctx context.Context, service string) error {
	return s.do(ctx, "start", "--", service)
}

// startSoon makes systemd start a service, and does not wait for it.
func (s *Systemctl) startSoon(ctx context.Context, service string) error {
	return s.do(ctx, "start", "--no-block", "--", service)
}

// Restart stops services if they run, and starts them, as Start does.
func (s *Systemctl) Restart(ctx context.Context, services ...string) error {
	return s.do(ctx, append([]string{"restart", "--"}, services...)...)
}

// Stop stops a service and returns when it is down.
func (s *Systemctl) Stop(ctx context.Context, service string) error {
	return s.do(ctx, "stop", "--", service)
}

// ResetFailed makes systemd forget that services failed. It fails for a service that is not loaded.
func (s *Systemctl) ResetFailed(ctx context.Context, services ...string) error {
	return s.do(ctx, append([]string{"reset-failed", "--"}, services...)...)
}

// State asks for the state of a service. One that there is not is no error.
func (s *Systemctl) State(ctx context.Context, service string) (*ServiceState, error) {
	out, err := s.call(ctx, "show", "--property=LoadState,ActiveState,SourcePath,FragmentPath", "--", service)
	if err != nil {
		return nil, err
	}
	state := &ServiceState{}
	into := map[string]*string{"LoadState": &state.Load, "ActiveState": &state.Active, "SourcePath": &state.Source, "FragmentPath": &state.Fragment}
	for l := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimRight(l, "\n"), "=")
		if field := into[key]; field != nil {
			*field = value
		}
	}
	if state.Load == "" || state.Active == "" {
		return nil, fmt.Errorf("asking systemd for the state of %s: it said %q", service, out)
	}
	return state, nil
}

// IsActive says whether a service is up.
func (s *Systemctl) IsActive(ctx context.Context, service string) (bool, error) {
	state, err := s.State(ctx, service)
	if err != nil {
		return false, err
	}
	return state.Active == "active", nil
}
