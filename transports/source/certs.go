package source

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.podman.io/image/v5/pkg/tlsclientconfig"
	"go.podman.io/storage/pkg/configfile"
	"go.podman.io/storage/pkg/unshare"

	"github.com/paddock-dev/paddock/artifacts/smallfile"
)

// dockerCertsDir is where Docker keeps what certs.d does for Podman; it comes last. containers-certs.d(5).
const dockerCertsDir = "/etc/docker/certs.d"

// Trust says which certificates a transport takes and shows; the zero value is what containers-certs.d(5) says of each host.
type Trust struct {
	// Insecure takes any certificate.
	Insecure bool
	// CertDir holds a CA (*.crt) and a client certificate (*.cert, *.key) for every host; "": certs.d.
	CertDir string
	// PerHostCertDir replaces the certs.d folders: it holds a folder for each host[:port]. "": the usual ones.
	PerHostCertDir string
}

// Own makes the TLS settings for an origin: its CAs and client certificates.
func (t *Trust) Own(host string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.Insecure}
	dir, err := t.dir(host)
	if err != nil {
		return nil, err
	}
	return config, addCertificates(config, dir, host)
}

// Check fails if what Own would read is a pipe or a device; for others who read the same.
func (t *Trust) Check(host string) error {
	dir, err := t.dir(host)
	if err != nil {
		return err
	}
	return checkCertificates(dir, host)
}

// dir is the folder of certificates for an origin; "" for none.
func (t *Trust) dir(host string) (string, error) {
	if t.CertDir != "" {
		return t.CertDir, nil
	}
	return t.perHost(host)
}

// Other makes the settings for a host that an origin leads to. What the origin's administrator trusts is trusted there
// too, as by Podman; but the origin's client certificates stay at home.
func (t *Trust) Other(own *tls.Config, host string) (*tls.Config, error) {
	config := own.Clone()
	config.Certificates = nil
	if config.RootCAs != nil {
		config.RootCAs = config.RootCAs.Clone()
	}
	if t.CertDir != "" {
		return config, nil
	}
	dir, err := t.perHost(host)
	if err != nil {
		return nil, err
	}
	return config, addCertificates(config, dir, host)
}

func addCertificates(config *tls.Config, dir, host string) error {
	if dir == "" {
		return nil
	}
	if err := checkCertificates(dir, host); err != nil {
		return err
	}
	if err := tlsclientconfig.SetupCertificates(dir, config); err != nil {
		return fmt.Errorf("reading certificates for %s in %s: %w", host, dir, err)
	}
	return nil
}

// checkCertificates looks at the files that tlsclientconfig.SetupCertificates reads, which waits for the writer of a pipe.
func checkCertificates(dir, host string) error {
	for _, pattern := range []string{"*.crt", "*.cert", "*.key"} {
		found, err := fs.Glob(os.DirFS(dir), pattern)
		if err != nil {
			return fmt.Errorf("looking for certificates for %s in %s: %w", host, dir, err)
		}
		for _, name := range found {
			if err := smallfile.Regular(filepath.Join(dir, name)); err != nil {
				return fmt.Errorf("looking at certificates for %s: %w", host, err)
			}
		}
	}
	return nil
}

// perHost returns the first certs.d folder for a host, or "". The rule is that of go.podman.io/image/docker, dockerCertDir,
// which is not exported.
func (t *Trust) perHost(host string) (string, error) {
	if t.PerHostCertDir != "" {
		return filepath.Join(t.PerHostCertDir, host), nil
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
