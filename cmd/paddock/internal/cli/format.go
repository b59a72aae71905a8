package cli

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// formatFlag is --format of a command that prints one object or a list.
func formatFlag(dest *string) cli.Flag {
	return &cli.StringFlag{
		Name: "format", Aliases: []string{"f"}, Destination: dest,
		Usage: "print as `FORMAT`: json, or a Go template",
	}
}

// asFormatUsage makes a template that the user got wrong a usage error.
func asFormatUsage(err error) error {
	if errors.Is(err, ui.ErrFormat) {
		return asUsage(err)
	}
	return err
}
