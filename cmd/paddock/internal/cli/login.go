package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/transports/registry"
)

type loginOptions struct {
	registry           string
	user, password     string
	passwordStdin, get bool
	authFile, certDir  string
	tlsVerify          types.OptionalBool
}

func loginCommand(env *Env, run func(context.Context, *Env, *loginOptions) error) *cli.Command {
	var o loginOptions
	return &cli.Command{
		Name: "login", Usage: "Log in to a registry, as podman login does", ArgsUsage: "REGISTRY[/REPOSITORY]",
		Description: "The credentials are tried, and then kept where podman login keeps them: podman uses them, too. What is not given\n" +
			"by flags is asked for.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "username", Aliases: []string{"u"}, Destination: &o.user, Usage: "log in as `USER`"},
			&cli.StringFlag{Name: "password", Aliases: []string{"p"}, Destination: &o.password,
				Usage: "use `PASSWORD`, which others on this machine can see meanwhile"},
			&cli.BoolFlag{Name: "password-stdin", Destination: &o.passwordStdin, Usage: "read the password from stdin"},
			&cli.BoolFlag{Name: "get-login", Destination: &o.get, Usage: "print the user that is logged in, and do nothing"},
			&cli.StringFlag{Name: "authfile", Destination: &o.authFile, Usage: "keep credentials in `FILE` (default: as podman login does)"},
			&cli.StringFlag{Name: "cert-dir", Destination: &o.certDir, Usage: "read certificates and keys from `DIR` (default: certs.d)"},
			optionalBoolFlag(&o.tlsVerify, "require HTTPS and verified certificates (default: as registries.conf says)", "tls-verify"),
		},
		Action: func(c *cli.Context) error {
			if err := exactArgs(c, &o.registry); err != nil {
				return err
			}
			if o.passwordStdin && (o.password != "" || o.user == "") {
				return usagef("--password-stdin goes with --username, and without --password")
			}
			return run(c.Context, env, &o)
		},
	}
}

func runLogin(ctx context.Context, env *Env, o *loginOptions) error {
	l := env.login(o.authFile, o.certDir, o.tlsVerify)
	key, err := registry.LoginKey(o.registry)
	if err != nil {
		return asUsage(err)
	}
	known, err := l.User(key)
	if err != nil {
		return err
	}
	if o.get {
		if known == "" {
			return fmt.Errorf("nobody is logged in to %s: %w", key, artifacts.ErrNotFound)
		}
		return ui.Text(env.Out, known)
	}
	if err := o.ask(env, known); err != nil {
		return err
	}
	if err := l.Login(ctx, key, o.user, o.password); err != nil {
		return WithHint(err, hintTLS(err))
	}
	return ui.Text(env.Out, "Login Succeeded!")
}

// login is where credentials are kept, as Podman finds it.
func (e *Env) login(authFile, certDir string, tlsVerify types.OptionalBool) *registry.Login {
	l := &registry.Login{AuthFile: authFile, CertDir: certDir, UserAgent: appName + "/" + version, Getenv: e.Getenv}
	if tlsVerify != types.OptionalBoolUndefined {
		verify := tlsVerify == types.OptionalBoolTrue
		l.TLSVerify = &verify
	}
	if authFile != "" {
		return l
	}
	if file := e.Getenv("REGISTRY_AUTH_FILE"); file != "" {
		l.AuthFile = file
	} else if dir := e.Getenv("DOCKER_CONFIG"); dir != "" {
		l.DockerFile = filepath.Join(dir, "config.json")
	}
	return l
}

// ask fills in what was not given: from stdin, or, unseen, from the terminal.
func (o *loginOptions) ask(env *Env, known string) (err error) {
	in := newPrompt(env)
	if o.user == "" {
		if o.user, err = in.user(known); err != nil {
			return fmt.Errorf("reading the user's name: %w", err)
		}
	}
	if o.password == "" {
		if o.password, err = in.password(o.passwordStdin); err != nil {
			return fmt.Errorf("reading the password: %w", err)
		}
	}
	if o.user == "" || o.password == "" {
		return usagef("a user and a password are needed")
	}
	return nil
}

type logoutOptions struct {
	registry string
	all      bool
	authFile string
}

func logoutCommand(env *Env, run func(context.Context, *Env, *logoutOptions) error) *cli.Command {
	var o logoutOptions
	return &cli.Command{
		Name: "logout", Usage: "Forget the credentials for a registry, as podman logout does", ArgsUsage: "[REGISTRY[/REPOSITORY]]",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Destination: &o.all, Usage: "forget all that are in the file"},
			&cli.StringFlag{Name: "authfile", Destination: &o.authFile, Usage: "look in `FILE` (default: as podman logout does)"},
		},
		Action: func(c *cli.Context) error {
			if o.all {
				if err := noArgs(c); err != nil {
					return err
				}
			} else if err := exactArgs(c, &o.registry); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runLogout(_ context.Context, env *Env, o *logoutOptions) error {
	if o.authFile != "" {
		if _, err := os.Stat(o.authFile); err != nil {
			return fmt.Errorf("reading --authfile: %w", err)
		}
	}
	l := env.login(o.authFile, "", types.OptionalBoolUndefined)
	if o.all {
		if err := l.LogoutAll(); err != nil {
			return err
		}
		return ui.Text(env.Out, "Removed login credentials for all registries")
	}
	key, err := registry.LoginKey(o.registry)
	if err != nil {
		return asUsage(err)
	}
	if err := l.Logout(key); err != nil {
		if errors.Is(err, artifacts.ErrNotFound) {
			return WithHint(err, "paddock login --get-login "+strings.SplitN(key, "/", 2)[0])
		}
		return err
	}
	return ui.Text(env.Out, "Removed login credentials for "+key)
}
