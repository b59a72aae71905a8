package registry

import (
	"strings"

	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/pkg/sysregistriesv2"
	"go.podman.io/image/v5/types"
	"go.podman.io/storage/pkg/configfile"
)

// policyFile returns the file that the signature policy is read from, by the rule of signature.DefaultPolicy, which does not
// say; "" if there is none.
func policyFile(sys *types.SystemContext) string {
	if sys.SignaturePolicyPath != "" {
		return sys.SignaturePolicyPath
	}
	return strings.Join(configFiles(policyConf(sys)), " and ")
}

// blockingFiles returns the files of registries.conf(.d) that block a reference. Where none does so by itself, it is all places
// that are looked at.
func blockingFiles(sys *types.SystemContext, ref reference.Named) string {
	var blocking []string
	for _, file := range configFiles(registriesConf(sys)) {
		alone := *sys
		alone.SystemRegistriesConfPath = file
		alone.SystemRegistriesConfDirPath = file + ".d/none" // below no folder: no drop-ins
		if found, err := sysregistriesv2.FindRegistry(&alone, ref.Name()); err == nil && found != nil && found.Blocked {
			blocking = append(blocking, file)
		}
	}
	if len(blocking) == 0 {
		return sysregistriesv2.ConfigurationSourceDescription(sys)
	}
	return strings.Join(blocking, " and ")
}

// configFiles returns the files that a configuration is read from. What cannot be read ends the list: it is for messages
// about a configuration that was read already.
func configFiles(conf *configfile.File) []string {
	var files []string
	for item, err := range configfile.Read(conf) {
		if err != nil {
			break
		}
		files = append(files, item.Name)
	}
	return files
}
