package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/docker/config"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/source"
)

// Login keeps credentials where Podman keeps them, containers-auth.json(5): by the same library as go.podman.io/common/pkg/auth,
// which would bring a second command-line framework along.
type Login struct {
	// AuthFile is the file to use, in the format of Podman, and DockerFile one in that of Docker; both "": Podman's own.
	AuthFile, DockerFile string
	// CertDir and TLSVerify are as in Options.
	CertDir   string
	TLSVerify *bool
	UserAgent string
	// Getenv reads the environment, for what the library reads beside these; nil: an empty one.
	Getenv func(string) string
}

func (l *Login) system() (*types.SystemContext, error) {
	sys := &types.SystemContext{
		AuthFilePath: l.AuthFile, DockerCompatAuthFilePath: l.DockerFile, DockerCertPath: l.CertDir,
		DockerRegistryUserAgent: cmp.Or(l.UserAgent, program),
	}
	if l.TLSVerify != nil {
		sys.DockerInsecureSkipTLSVerify = types.NewOptionalBool(!*l.TLSVerify)
	}
	return sys, checkFiles(sys, l.Getenv)
}

// LoginKey returns what credentials are kept under: a registry, or a repository or namespace in it. As with Podman, a web
// address stands for its host. The error wraps artifacts.ErrInvalidName.
func LoginKey(typed string) (string, error) {
	if _, rest, ok := strings.Cut(typed, "://"); ok && (strings.HasPrefix(typed, "http://") || strings.HasPrefix(typed, "https://")) {
		typed, _, _ = strings.Cut(rest, "/")
	}
	host, path, nested := strings.Cut(typed, "/")
	probe := typed + "/x"
	if nested {
		probe = typed
	}
	ref, err := reference.ParseNormalizedNamed(probe)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %q is no registry: %w", artifacts.ErrInvalidName, typed, err)
	case !reference.IsNameOnly(ref) || nested && path == "" || reference.Domain(ref) != host:
		return "", fmt.Errorf("%w: %q is neither a registry nor a repository", artifacts.ErrInvalidName, typed)
	}
	return typed, nil
}

// User returns who is logged in; "" if nobody is.
func (l *Login) User(key string) (string, error) {
	sys, err := l.system()
	if err != nil {
		return "", err
	}
	credentials, err := config.GetCredentials(sys, key)
	if err != nil {
		return "", fmt.Errorf("reading credentials for %s: %w", key, err)
	}
	return credentials.Username, nil
}

// Login tries credentials at the registry, and keeps them if they are good. The error wraps artifacts.ErrAuthentication if
// they are not: then nothing is kept.
func (l *Login) Login(ctx context.Context, key, user, password string) error {
	host, _, _ := strings.Cut(key, "/")
	sys, err := l.system()
	if err == nil {
		err = (&source.Trust{CertDir: l.CertDir}).Check(host)
	}
	if err != nil {
		return err
	}
	if err := docker.CheckAuth(ctx, sys, user, password, host); err != nil {
		var refused docker.ErrUnauthorizedForCredentials
		if errors.As(err, &refused) {
			return &AuthenticationError{Registry: host, Err: errors.New("wrong user or password")}
		}
		return fmt.Errorf("logging in to %s: %w", host, source.NetError(ctx, source.Scrub(err)))
	}
	if _, err := config.SetCredentials(sys, key, user, password); err != nil {
		return fmt.Errorf("keeping the credentials for %s: %w", key, err)
	}
	return nil
}

// Logout forgets credentials. The error wraps artifacts.ErrNotFound if there are none.
func (l *Login) Logout(key string) error {
	sys, err := l.system()
	if err != nil {
		return err
	}
	err = config.RemoveAuthentication(sys, key)
	if errors.Is(err, config.ErrNotLoggedIn) {
		return fmt.Errorf("logging out of %s: nobody is logged in: %w", key, artifacts.ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("logging out of %s: %w", key, err)
	}
	return nil
}

// LogoutAll forgets all credentials.
func (l *Login) LogoutAll() error {
	sys, err := l.system()
	if err != nil {
		return err
	}
	if err := config.RemoveAllAuthentication(sys); err != nil {
		return fmt.Errorf("forgetting all credentials: %w", err)
	}
	return nil
}
