package registry

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.podman.io/image/v5/types"
)

// program is what registries are told of the program that asks.
const program = "paddock"

// Options say how to reach registries. nil, like the zero value, means: as Podman is configured on this machine.
type Options struct {
	// TLSVerify overrules the "insecure" of registries.conf for every registry; nil: registries.conf decides. False allows
	// certificates that do not verify, and plain HTTP where HTTPS does not work.
	TLSVerify *bool
	// AuthFile is the file of credentials; it must exist. "": DefaultAuthFile, then the places of containers-auth.json(5).
	AuthFile string
	// Getenv reads the environment, for credentials alone; nil: an empty one.
	Getenv func(string) string
	// Username and Password are sent to the registry that is named, never to its mirrors. "": AuthFile.
	Username, Password string
	// CertDir holds a CA (*.crt) and a client certificate (*.cert, *.key) for every registry; "": certs.d.
	CertDir string
	// PerHostCertDir replaces the certs.d folders: it holds a folder for each host[:port]. "": the usual ones.
	PerHostCertDir string
	// UserAgent names the program to registries; "": "paddock".
	UserAgent string
	// OS and Architecture choose from an index, in Go's words. "": linux, and this machine's.
	OS, Architecture string
	// RegistriesConf, RegistriesConfDir and ShortNameAliases replace registries.conf, registries.conf.d and
	// short-name-aliases.conf; "": the usual ones.
	RegistriesConf, RegistriesConfDir, ShortNameAliases string
	// Policy replaces policy.json, and RegistriesDir the folder registries.d, which says where signatures are; "": the usual ones.
	Policy, RegistriesDir string
	// Stall is how long a server may be silent; 0: source.DefaultStall.
	Stall time.Duration
	// Say receives, in words for people, what was taken of an index that has more; nil: nobody.
	Say func(string)
	// Waiting is told, in words for people, that a registry wants to be left alone for a while; nil: nobody is.
	Waiting func(string)
	// Logger receives what is decided on the way; nil: nobody.
	Logger *slog.Logger
}

// SystemContext returns the same settings for go.podman.io/image, for what is copied by it. It fails if AuthFile cannot be
// read, or if a file that the library would read is one that it would wait for.
func (o *Options) SystemContext() (*types.SystemContext, error) {
	if o == nil {
		o = &Options{}
	}
	sys := &types.SystemContext{
		AuthFilePath:                o.AuthFile,
		DockerCertPath:              o.CertDir,
		DockerPerHostCertDirPath:    o.PerHostCertDir,
		DockerRegistryUserAgent:     cmp.Or(o.UserAgent, program),
		OSChoice:                    o.OS,
		ArchitectureChoice:          o.Architecture,
		SystemRegistriesConfPath:    o.RegistriesConf,
		SystemRegistriesConfDirPath: o.RegistriesConfDir,
		UserShortNameAliasConfPath:  o.ShortNameAliases,
		SignaturePolicyPath:         o.Policy,
		RegistriesDirPath:           o.RegistriesDir,
	}
	if o.TLSVerify != nil {
		sys.DockerInsecureSkipTLSVerify = types.NewOptionalBool(!*o.TLSVerify)
	}
	if o.Username != "" {
		sys.DockerAuthConfig = &types.DockerAuthConfig{Username: o.Username, Password: o.Password}
	}
	switch {
	case o.AuthFile != "":
		// The library takes a missing file for an empty one, and would go on without credentials.
		if _, err := os.Stat(o.AuthFile); err != nil {
			return nil, fmt.Errorf("reading credentials: %w", err)
		}
	case o.Getenv != nil:
		sys.AuthFilePath = DefaultAuthFile(o.Getenv)
	}
	return sys, checkFiles(sys, o.Getenv)
}

// DefaultAuthFile returns the file of credentials that the environment names, or "": REGISTRY_AUTH_FILE, then config.json in
// DOCKER_CONFIG, as go.podman.io/common/pkg/auth.GetDefaultAuthFile does for Podman; go.podman.io/image reads neither.
func DefaultAuthFile(getenv func(string) string) string {
	if file := getenv("REGISTRY_AUTH_FILE"); file != "" {
		return file
	}
	if dir := getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	return ""
}
