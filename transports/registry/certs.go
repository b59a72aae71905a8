package registry

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.podman.io/image/v5/pkg/tlsclientconfig"
	"go.podman.io/image/v5/types"
	"go.podman.io/storage/pkg/configfile"
	"go.podman.io/storage/pkg/unshare"
)

// dockerCertsDir is where Docker keeps what certs.d does for Podman; it comes last. containers-certs.d(5).
const dockerCertsDir = "/etc/docker/certs.d"

// ownTLS makes the TLS settings for a registry: its CAs and client certificates.
func ownTLS(sys *types.SystemContext, host string, insecure bool) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure}
	dir := sys.DockerCertPath
	if dir == "" {
		var err error
		if dir, err = perHostCertDir(sys, host); err != nil {
			return nil, err
		}
	}
	return config, addCertificates(config, dir, host)
}

// otherTLS makes the settings for a host that a registry leads to. What the registry's administrator trusts is trusted
// there too, as by Podman; but the registry's client certificates stay at home.
func otherTLS(sys *types.SystemContext, own *tls.Config, host string) (*tls.Config, error) {
	config := own.Clone()
	config.Certificates = nil
	if config.RootCAs != nil {
		config.RootCAs = config.RootCAs.Clone()
	}
	if sys.DockerCertPath != "" {
		return config, nil
	}
	dir, err := perHostCertDir(sys, host)
	if err != nil {
		return nil, err
	}
	return config, addCertificates(config, dir, host)
}

func addCertificates(config *tls.Config, dir, host string) error {
	if dir == "" {
		return nil
	}
	if err := tlsclientconfig.SetupCertificates(dir, config); err != nil {
		return fmt.Errorf("reading certificates for %s in %s: %w", host, dir, err)
	}
	return nil
}

// perHostCertDir returns the first certs.d folder for a host, or "". The rule is that of go.podman.io/image/docker, dockerCertDir,
// which is not exported.
func perHostCertDir(sys *types.SystemContext, host string) (string, error) {
	if sys.DockerPerHostCertDirPath != "" {
		return filepath.Join(sys.DockerPerHostCertDirPath, host), nil
	}
	paths, err := configfile.GetSearchPaths(&configfile.File{
		Name: "certs", Extension: "d", DoNotUseExtensionForConfigName: true, UserId: unshare.GetRootlessUID(),
	})
	if err != nil {
		return "", fmt.Errorf("finding certs.d: %w", err)
	}
	for _, base := range append(paths.DropInDirectories, dockerCertsDir) {
		dir := filepath.Join(base, host)
		_, err := os.Stat(dir)
		switch {
		case err == nil:
			return dir, nil
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return "", fmt.Errorf("finding certificates for %s: %w", host, err)
		}
	}
	return "", nil
}
