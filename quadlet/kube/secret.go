package kube

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"

	"github.com/paddock-dev/paddock/artifacts/workload"
)

// secretDir is where a container sees secrets that have no path of their own, as with podman run --secret.
const secretDir = "/run/secrets"

// secrets gives a container the secrets of a Spec, as Secrets of Kubernetes of the same names, and returns the volumes that they are
// in. The key in a Secret is the name of the variable, or of the file.
func (r *renderer) secrets(c *container) []volume {
	var volumes []volume
	for i, s := range r.spec.Secrets {
		if s.Env != "" {
			c.Env = append(c.Env, env{Name: s.Env, ValueFrom: &valueFrom{keyRef{s.Name, s.Env}}})
			continue
		}
		file := secretFile(&s)
		name := "secret-" + strconv.Itoa(i)
		volumes = append(volumes, volume{Name: name, Secret: &secret{SecretName: s.Name}})
		c.VolumeMounts = append(c.VolumeMounts, mount{Name: name, MountPath: file, SubPath: path.Base(file), ReadOnly: true})
	}
	return volumes
}

func secretFile(s *workload.Secret) string {
	file := s.File
	if file == "" {
		file = s.Name
	}
	if !path.IsAbs(file) {
		file = path.Join(secretDir, file)
	}
	return file
}

const (
	objectName pattern = `^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	secretKey  pattern = `^[-._a-zA-Z0-9]+$`
)

// pattern is a regular expression of at most 253 characters, compiled where it is needed: each start of paddock would pay for it.
type pattern string

func (p pattern) matches(s string) bool {
	return len(s) <= 253 && regexp.MustCompile(string(p)).MatchString(s)
}

// validSecrets refuses what can be no Secret of Kubernetes, nor a key in one.
func validSecrets(secrets []workload.Secret) error {
	for i := range secrets {
		s := &secrets[i]
		key := s.Env
		if key == "" {
			key = path.Base(secretFile(s))
		}
		if !objectName.matches(s.Name) {
			return fmt.Errorf("secret %q: Kubernetes wants lower case letters, digits, dashes and dots", s.Name)
		}
		if !secretKey.matches(key) || slices.Contains([]string{".", ".."}, key) {
			return fmt.Errorf("secret %s: %q can be no key in a Secret of Kubernetes", s.Name, key)
		}
	}
	return nil
}
