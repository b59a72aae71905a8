package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
)

// originOptions say how to reach a registry, in Podman's flags (podman-artifact-pull(1)).
type originOptions struct {
	tlsVerify types.OptionalBool
	authFile  string
	creds     string
	certDir   string
	// include and exclude choose files of a repository.
	include, exclude []string
	// store is where what is resolved will be landed; nil: nowhere. What it has already need not be asked for.
	store artifacts.Store
	// say, if not nil, is told in words what was taken of an index that has more.
	say func(string)
}

func (o *originOptions) flags() []cli.Flag {
	return []cli.Flag{
		optionalBoolFlag(&o.tlsVerify, "require HTTPS and verified certificates (default: as registries.conf says)", "tls-verify"),
		&cli.StringFlag{Name: "authfile", Destination: &o.authFile, Usage: "read credentials from `FILE` (default: as podman login wrote them)"},
		&cli.StringFlag{Name: "creds", Destination: &o.creds, Usage: "use `USER:PASSWORD` for the registry"},
		&cli.StringFlag{Name: "cert-dir", Destination: &o.certDir, Usage: "read certificates and keys from `DIR` (default: certs.d)"},
	}
}

// check refuses what can be seen to be wrong before anything is asked of a registry.
func (o *originOptions) check() error {
	for _, path := range []*string{&o.authFile, &o.certDir} {
		if *path == "" {
			continue
		}
		absolute, err := filepath.Abs(*path) // a unit may have it, which is read elsewhere
		if err != nil {
			return err
		}
		*path = absolute
	}
	if o.authFile != "" {
		if _, err := os.Stat(o.authFile); err != nil {
			return fmt.Errorf("reading --authfile: %w", err)
		}
	}
	if o.certDir != "" {
		if info, err := os.Stat(o.certDir); err != nil {
			return fmt.Errorf("reading --cert-dir: %w", err)
		} else if !info.IsDir() {
			return usagef("--cert-dir %q is no directory", o.certDir)
		}
	}
	if user, _, ok := strings.Cut(o.creds, ":"); o.creds != "" && (!ok || user == "") {
		return usagef("--creds wants USER:PASSWORD")
	}
	return nil
}

// ensureArgs are the arguments of paddock ensure in a unit before the name of its model.
func ensureArgs(env *Env, m *artifacts.Model, o *originOptions) []string {
	args := o.unitArgs()
	if from := originOf(env, m); from != "" {
		args = append(args, "--from", from)
	}
	return args
}

// unitArgs returns the flags that a unit needs to reach the same registry again. A password is none of them: it would
// be there for all to read.
func (o *originOptions) unitArgs() []string {
	var args []string
	if o.tlsVerify != types.OptionalBoolUndefined {
		args = append(args, fmt.Sprintf("--tls-verify=%t", o.tlsVerify == types.OptionalBoolTrue))
	}
	if o.authFile != "" {
		args = append(args, "--authfile", o.authFile)
	}
	if o.certDir != "" {
		args = append(args, "--cert-dir", o.certDir)
	}
	return args
}
