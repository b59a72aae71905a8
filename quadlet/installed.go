package quadlet

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// ErrForeign says that a unit or a service is there that paddock did not install. It is never touched.
var ErrForeign = errors.New("not installed by paddock")

// ErrInstalled says that a unit of that name is installed already, and was not to be replaced.
var ErrInstalled = errors.New("already installed")

// extension is that of Quadlet's container units.
const extension = ".container"

// ownMark begins the first line of every unit that is installed.
const ownMark = "# Installed by paddock."

// Installed is a unit that paddock installed.
type Installed struct {
	// Name is the name of the unit and of its container, Service that of its service.
	Name, Service string
	// Path is the file.
	Path string
	// Model is what a person calls the model, Source the name that pins it, Digest its manifest's.
	Model, Source, Digest string
	// Image is the server's container image.
	Image string
	// Beside are the names of the files that the service has beside the unit.
	Beside []string
	// Origin is the reference that the model came by, where Model says nothing to a registry.
	Origin string
	// Pod is the pod that it is in; "" if it is in none. Publish is what the pod publishes of it, as PublishPort= has it.
	Pod, Publish string
	// PublishPort is what is published of it otherwise, and Listen the address of its socket, if it starts on demand.
	PublishPort, Listen string
	// Install are the flags by which it was installed; nil for a unit of a paddock that did not note them.
	Install []string
}

// errBroken says that somebody made of a unit of ours what is none.
var errBroken = errors.New("it is broken")

// describe reads what a unit of our own says; name is without extension. The error wraps errBroken.
func describe(dir, name string, data []byte) (*Installed, error) {
	path := filepath.Join(dir, name+extension)
	settings, err := parse(string(data))
	if err != nil {
		return nil, fmt.Errorf("reading the unit %s: %w: %w", path, errBroken, err)
	}
	own := func(key string) string { return strings.ReplaceAll(last(settings, ownSection, key), "%%", "%") }
	in := named(dir, name)
	in.Model, in.Source, in.Digest, in.Origin = own("Model"), own("Source"), own("Digest"), own("Origin")
	in.Pod, in.Publish = own("Pod"), own("Publish")
	in.Listen, in.PublishPort = own("Listen"), last(settings, "Container", "PublishPort")
	in.Image = strings.NewReplacer("%%", "%", "$$", "$").Replace(last(settings, "Container", "Image"))
	if image := own("Image"); image != "" { // else it is the name of a unit
		in.Image = image
	}
	for key, into := range map[string]*[]string{"Install": &in.Install, "Beside": &in.Beside} {
		words := own(key)
		if words == "" {
			continue
		}
		if err := json.Unmarshal([]byte(words), into); err != nil {
			return nil, fmt.Errorf("reading %s= of the unit %s: %w: %w", key, path, errBroken, err)
		}
	}
	for _, file := range in.Beside {
		if ValidateName(file) != nil {
			return nil, fmt.Errorf("reading Beside= of the unit %s: %w: %q is no name of a file", path, errBroken, file)
		}
	}
	return in, nil
}

// named is a unit of which only the name is known.
func named(dir, name string) *Installed {
	return &Installed{Name: name, Service: name + ".service", Path: filepath.Join(dir, name+extension)}
}

// read returns the bytes of a unit of our own. The error wraps artifacts.ErrNotFound or ErrForeign.
func read(dir, name string) ([]byte, error) {
	if err := ValidateName(name); err != nil {
		return nil, err
	}
	return readOwn(filepath.Join(dir, name+extension))
}

// maxName is the longest name in bytes: a file's is 255 at most, with ".tmp-", ".container" and the number of a temporary one.
const maxName = 220

// ValidateName says what is wrong with a name of a unit, naming it. The letters are systemd's (systemd.unit(5)) without those that
// make it a template or a path.
func ValidateName(name string) error {
	bad := strings.ContainsFunc(name, func(r rune) bool { return !isPlain(r) || strings.ContainsRune("@%$+=:,/", r) })
	switch {
	case name == "" || bad || name[0] == '.' || name[0] == '-':
		return fmt.Errorf("unit %q: a name must be letters, digits, underscores, dots and dashes, and not begin with a dot or a dash", name)
	case len(name) > maxName:
		return fmt.Errorf("unit %q: a name must not be longer than %d characters", name, maxName)
	}
	return nil
}
