package workload

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Validate says what is wrong with a Spec, naming the input. A valid Spec has
//   - a Name of at most 63 characters [a-z0-9_.-] (and capitals), the first alphanumeric, not all hexadecimal digits:
//     `podman run --replace --name e` was seen to stop and remove a container whose ID begins with e;
//   - an Image and a Network that cannot be taken for an option;
//   - a Pod that has a name as a container's, and another than the container, and then no Network;
//   - a Port from 1 to 65535 and a Host that is an IP literal without zone, or "";
//   - environment names [A-Za-z_][A-Za-z0-9_]*;
//   - Mounts with unique, clean destinations below ModelRoot, none of which is a folder of another, each with one selector; or
//     one folder of an image at ModelRoot itself;
//   - an Access of CDI names and of paths that no engine splits;
//   - limits that engines take, and Secrets of which no two, nor one and an environment variable, are the same variable;
//   - no control characters (NUL and newline among them), none that reorder text, and no invalid UTF-8 in any string.
func (s *Spec) Validate() error {
	if err := validName(s.Name); err != nil {
		return err
	}
	if err := validImage(s.Image); err != nil {
		return err
	}
	if strings.HasPrefix(s.Network, "-") {
		return fmt.Errorf("network %q: it looks like an option", s.Network)
	}
	if err := first([]error{validPod(s.Pod, s.Name, s.Network), validPort(s.Port)}); err != nil {
		return err
	}
	if err := validHost(s.Host); err != nil {
		return err
	}
	if err := validEnv(s.Env); err != nil {
		return err
	}
	if err := s.validMounts(); err != nil {
		return err
	}
	if err := validAccess(&s.Access); err != nil {
		return err
	}
	if err := validLimits(s.Memory, s.CPUs); err != nil {
		return err
	}
	if err := validSecrets(s.Secrets, s.Env); err != nil {
		return err
	}
	return s.validTexts()
}

func validName(name string) error {
	switch lower := strings.ToLower(name); {
	case name == "":
		return errors.New("the name is empty")
	case len(name) > maxName:
		return fmt.Errorf("name %q: it must not be longer than %d characters", name, maxName)
	case strings.ContainsFunc(lower, func(r rune) bool { return !isNameRune(r) }), !isAlnum(rune(lower[0])):
		return fmt.Errorf("name %q: it must be letters, digits, underscores, dots and dashes, the first a letter or a digit", name)
	case allHex(lower):
		return fmt.Errorf("name %q: a name of hexadecimal digits only may be taken for the ID of another container", name)
	}
	return nil
}

// validPod refuses the names that Podman, for which pods and containers are one kind of thing by name, has for two.
func validPod(pod, name, network string) error {
	if pod == "" {
		return nil
	}
	if err := validName(pod); err != nil {
		return fmt.Errorf("pod: %w", err)
	}
	switch {
	case network != "":
		return fmt.Errorf("network %q: the containers of the pod %s share the pod's network", network, pod)
	case name == pod, name == pod+"-infra":
		return fmt.Errorf("pod %s: a container in it cannot be called %s, which the pod needs for itself", pod, name)
	}
	return nil
}

func validHost(host string) error {
	if host == "" {
		return nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Zone() != "" {
		return fmt.Errorf("host %q: it must be an IP address without a zone", host)
	}
	return nil
}

func validImage(image string) error {
	if image == "" || strings.HasPrefix(image, "-") {
		return fmt.Errorf("image %q: it must be the name of an image", image)
	}
	return nil
}

func validPort(port int) error {
	if port < 1 || port > 65535 {
		return fmt.Errorf("port %d: it must be from 1 to 65535", port)
	}
	return nil
}

func validEnv(env []EnvVar) error {
	for _, e := range env {
		if !validEnvName(e.Name) {
			return fmt.Errorf("environment variable %q: its name must be letters, digits and underscores, and not begin with a digit", e.Name)
		}
		if err := validText("environment variable "+e.Name, e.Value); err != nil {
			return err
		}
	}
	return nil
}

func validEnvName(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

func (s *Spec) validMounts() error {
	if len(s.Mounts) == 0 {
		return errors.New("there is no file to mount")
	}
	if m := &s.Mounts[0]; m.ImagePath != "" {
		return s.validImageMount(m)
	}
	seen := make(map[string]bool, len(s.Mounts))
	for _, m := range s.Mounts {
		if !isBelowModelRoot(m.Destination) {
			return fmt.Errorf("file %q: it must be a clean absolute path below %s", m.Destination, ModelRoot)
		}
		if seen[m.Destination] {
			return fmt.Errorf("file %q: it is mounted twice", m.Destination)
		}
		seen[m.Destination] = true
		if err := m.validSelector(s.Artifact()); err != nil {
			return fmt.Errorf("file %q: %w", m.Destination, err)
		}
	}
	for _, m := range s.Mounts {
		for dir := filepath.Dir(m.Destination); dir != ModelRoot; dir = filepath.Dir(dir) {
			if seen[dir] {
				return fmt.Errorf("file %q: %q is a file too", m.Destination, dir)
			}
		}
	}
	return nil
}

func (s *Spec) validImageMount(m *FileMount) error {
	switch {
	case len(s.Mounts) > 1:
		return fmt.Errorf("folder %q of an image: nothing else can be mounted beside it", m.ImagePath)
	case m.Destination != ModelRoot:
		return fmt.Errorf("folder %q of an image: it is mounted at %q, not at %s", m.ImagePath, m.Destination, ModelRoot)
	case m.Digest != "" || m.Title != "" || m.HostPath != "":
		return fmt.Errorf("folder %q of an image: digest %q, title %q and host path %q must not be given", m.ImagePath, m.Digest, m.Title, m.HostPath)
	case !path.IsAbs(m.ImagePath) || path.Clean(m.ImagePath) != m.ImagePath:
		return fmt.Errorf("folder %q of an image: it must be a clean absolute path", m.ImagePath)
	}
	return validImage(s.Artifact())
}

func (m *FileMount) validSelector(artifact string) error {
	set := 0
	for _, v := range []string{string(m.Digest), m.Title, m.HostPath, m.ImagePath} {
		if v != "" {
			set++
		}
	}
	if set != 1 {
		return fmt.Errorf("one of digest %q, title %q and host path %q must be given", m.Digest, m.Title, m.HostPath)
	}
	if m.ImagePath != "" {
		return errors.New("the folder of an image must be the first and only mount")
	}
	if m.HostPath != "" {
		if !filepath.IsAbs(m.HostPath) {
			return fmt.Errorf("host path %q must be absolute", m.HostPath)
		}
		return nil
	}
	if artifact == "" {
		return errors.New("there is no artifact to mount it from")
	}
	if m.Digest != "" {
		if err := m.Digest.Validate(); err != nil {
			return fmt.Errorf("digest %q: %w", m.Digest, err)
		}
	}
	return nil
}

// validTexts looks at every string that reaches an engine or a unit.
func (s *Spec) validTexts() error {
	errs := []error{
		validText("model", s.Model), validText("mount source", s.MountSource), validText("image", s.Image), validText("network", s.Network),
		validText("health command", s.Health.Command), validText("model digest", string(s.ModelDigest)),
	}
	for _, m := range s.Mounts {
		errs = append(errs, validText("file", m.Destination), validText("title", m.Title), validText("host path", m.HostPath),
			validText("image path", m.ImagePath))
	}
	for _, a := range s.Args {
		errs = append(errs, validText("server argument", a))
	}
	return first(errs)
}

func validText(what, value string) error {
	if !utf8.ValidString(value) || strings.ContainsFunc(value, isHidden) {
		return fmt.Errorf("%s %q: control characters, characters that reorder text, and invalid UTF-8 are not allowed", what, value)
	}
	return nil
}

// isHidden says whether a character could make a command read as another than it is.
func isHidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// first returns the first error that is one.
func first(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
