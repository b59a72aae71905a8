package registry

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/types"
	"go.podman.io/storage/pkg/configfile"
	"go.podman.io/storage/pkg/homedir"
	"go.podman.io/storage/pkg/unshare"

	"github.com/paddock-dev/paddock/artifacts/smallfile"
	"github.com/paddock-dev/paddock/transports/source"
)

// registriesConf is how go.podman.io/image finds registries.conf.
func registriesConf(sys *types.SystemContext) *configfile.File {
	return &configfile.File{
		Name: "registries", Extension: "conf", EnvironmentName: "CONTAINERS_REGISTRIES_CONF", UserId: unshare.GetRootlessUID(),
		CustomConfigFilePath: sys.SystemRegistriesConfPath, CustomConfigFileDropInDirectory: sys.SystemRegistriesConfDirPath,
	}
}

// registriesDir is how it finds registries.d.
func registriesDir(sys *types.SystemContext) *configfile.File {
	return &configfile.File{
		Name: "registries", Extension: "yaml", DoNotLoadMainFiles: true, DoNotUseExtensionForConfigName: true,
		UserId: unshare.GetRootlessUID(), CustomConfigFileDropInDirectory: sys.RegistriesDirPath,
	}
}

// policyConf is how it finds policy.json.
func policyConf(sys *types.SystemContext) *configfile.File {
	return &configfile.File{
		Name: "policy", Extension: "json", DoNotLoadDropInFiles: true, EnvironmentName: "CONTAINERS_POLICY_JSON",
		CustomConfigFilePath: sys.SignaturePolicyPath,
	}
}

// checkFiles fails if a file that go.podman.io/image would read is a pipe or a device: the library waits for the writer of a pipe,
// who may never come. What else may be wrong with a file, the library says itself. getenv reads the environment; nil: an empty one.
func checkFiles(sys *types.SystemContext, getenv func(string) string) error {
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	files := append(authFiles(sys, getenv), aliasFile(sys))
	for _, conf := range []*configfile.File{registriesConf(sys), registriesDir(sys), policyConf(sys)} {
		files = append(files, filesOf(conf)...)
	}
	for _, file := range files {
		if err := smallfile.Regular(file); err != nil {
			return fmt.Errorf("looking at the configuration: %w", err)
		}
	}
	return nil
}

// filesOf returns the files that configfile.Read would open, without opening one.
func filesOf(conf *configfile.File) []string {
	paths, err := configfile.GetSearchPaths(conf)
	if err != nil {
		return nil // nor will Read find any
	}
	var files []string
	for _, file := range paths.MainFiles {
		if _, err := os.Stat(file); err == nil {
			files = append(files, file)
			break
		}
	}
	seen := map[string]bool{}
	for _, dir := range paths.DropInDirectories {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if name := e.Name(); strings.HasSuffix(name, "."+conf.Extension) && !seen[name] {
				seen[name] = true
				files = append(files, filepath.Join(dir, name))
			}
		}
	}
	if paths.ExtraOverrideFile != "" {
		files = append(files, paths.ExtraOverrideFile)
	}
	return files
}

// authFiles returns the places of credentials: containers-auth.json(5), and getAuthFilePaths of go.podman.io/image/pkg/docker/config.
func authFiles(sys *types.SystemContext, getenv func(string) string) []string {
	if one := cmp.Or(sys.AuthFilePath, sys.DockerCompatAuthFilePath); one != "" {
		return []string{one}
	}
	home := homedir.Get()
	below := func(variable, otherwise, file string) string {
		return filepath.Join(cmp.Or(getenv(variable), otherwise), file)
	}
	session := fmt.Sprintf("/run/containers/%d/auth.json", os.Getuid())
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" {
		session = filepath.Join(dir, "containers/auth.json")
	}
	return []string{
		session,
		below("XDG_CONFIG_HOME", filepath.Join(home, ".config"), "containers/auth.json"),
		below("DOCKER_CONFIG", filepath.Join(home, ".docker"), "config.json"),
		filepath.Join(home, ".dockercfg"),
	}
}

// aliasFile returns the file of the short names that Podman was told by people: shortNameAliasesConfPath of
// go.podman.io/image/pkg/sysregistriesv2. "" if there is no place for it.
func aliasFile(sys *types.SystemContext) string {
	const name = "containers/short-name-aliases.conf"
	switch {
	case sys.UserShortNameAliasConfPath != "":
		return sys.UserShortNameAliasConfPath
	case unshare.GetRootlessUID() == 0:
		return filepath.Join("/var/cache", name)
	}
	cache, err := homedir.GetCacheHome()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, name)
}

// checkCertificates is checkFiles of the certificates for each place that a reference is read from.
func (r *Resolver) checkCertificates(ref reference.Named) error {
	places, err := pullSources(r.sys, ref)
	if err != nil {
		return err
	}
	trust := &source.Trust{CertDir: r.sys.DockerCertPath, PerHostCertDir: r.sys.DockerPerHostCertDirPath}
	for _, place := range places {
		if err := trust.Check(reference.Domain(place.Reference)); err != nil {
			return err
		}
	}
	return nil
}
