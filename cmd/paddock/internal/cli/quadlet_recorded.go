package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"
	"go.podman.io/image/v5/types"
)

// installed reads how the service was installed, as if it were typed again, and sets the env in which it means the same: without
// what the environment says today of servers.
func (u *serviceUpdate) installed(ctx context.Context, env *Env) (*quadletInstallOptions, error) {
	if u.old.Install == nil {
		return nil, WithHint(errors.New("its unit does not say how it was installed"), "install it again, with --replace")
	}
	own, err := withoutServerVariables(env)
	if err != nil {
		return nil, err
	}
	u.env = own
	var got *quadletInstallOptions
	command := quadletInstallCommand(own, func(_ context.Context, _ *Env, o *quadletInstallOptions) error {
		got = o
		return nil
	})
	app := &cli.App{
		Name: appName + " quadlet", Commands: []*cli.Command{command}, HideHelp: true, HideVersion: true, Writer: io.Discard, ErrWriter: io.Discard,
		ExitErrHandler: func(*cli.Context, error) {}, OnUsageError: onUsageError,
	}
	harden(app.Commands)
	words, _, err := permute(grammarOf(app), append([]string{command.Name, u.old.Model}, u.old.Install...))
	if err == nil {
		err = app.RunContext(ctx, append([]string{app.Name}, words...))
	}
	if err != nil { // nobody typed that: it is no usage error
		err = fmt.Errorf("the flags that its unit has in Install= are not right: %v", err)
		return nil, WithHint(err, "install it again, by paddock quadlet install --replace")
	}
	return got, nil
}

// withoutServerVariables returns an env of the same run whose settings do not have what the environment says of servers and units.
func withoutServerVariables(env *Env) (*Env, error) {
	cfg, err := env.Config()
	if err != nil {
		return nil, err
	}
	var not []string
	for _, s := range cfg.All() {
		if table, _, _ := strings.Cut(s.Key, "."); slices.Contains([]string{"serve", "images", "quadlet"}, table) {
			not = append(not, s.Variable)
		}
	}
	own := *env
	own.Environ = func() []string {
		return slices.DeleteFunc(slices.Clone(env.Environ()), func(kv string) bool {
			name, _, _ := strings.Cut(kv, "=")
			return slices.Contains(not, name)
		})
	}
	loading := own
	loading.Err = io.Discard // its warnings were given at the first time
	own.loaded = sync.OnceValues(loading.loadConfig)
	return &own, nil
}

// over returns the options with those of another where these say nothing.
func (o *originOptions) over(other *originOptions) originOptions {
	all := *o
	if all.tlsVerify == types.OptionalBoolUndefined {
		all.tlsVerify = other.tlsVerify
	}
	if all.authFile == "" {
		all.authFile = other.authFile
	}
	if all.certDir == "" {
		all.certDir = other.certDir
	}
	return all
}
