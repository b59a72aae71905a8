package quadlet

import (
	"errors"
	"fmt"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/workload"
)

// CheckOptions says what no unit can carry of the options of a workload, naming the input, before there is a model to render
// one for. The options are valid otherwise (workload.Options.Validate). Unit refuses the same.
func CheckOptions(o *workload.Options) error {
	for _, a := range o.ServerArgs {
		if _, err := word(a); err != nil {
			return fmt.Errorf("server argument %q: %w", a, err)
		}
		if err := noEnd(a); err != nil {
			return fmt.Errorf("server %w", err)
		}
	}
	for _, e := range o.Env {
		if _, err := word(e.Name + "=" + e.Value); err != nil {
			return fmt.Errorf("environment variable %s: %w", e.Name, err)
		}
	}
	if _, err := line(o.Image); err != nil {
		return fmt.Errorf("image: %w", err)
	}
	if o.Network != "" {
		if _, err := line(o.Network); err != nil {
			return fmt.Errorf("network: %w", err)
		}
	}
	return notUnit(o.Image)
}

// noEnd refuses the argument that would end a command.
func noEnd(arg string) error {
	if arg == ";" {
		return errors.New(`argument ";" cannot be put into a unit: systemd takes it for the end of the command`)
	}
	return nil
}

// notUnit refuses an image that Quadlet resolves to another unit by its ending (quadlet.go, handleImageSource).
func notUnit(image string) error {
	for _, ending := range []string{".image", ".build"} {
		if strings.HasSuffix(image, ending) {
			return fmt.Errorf("image %q: Quadlet takes it for a unit; add its tag", image)
		}
	}
	return nil
}
