package cli

import (
	"context"
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// version is the next release, with -dev until it is one. Packaging reads it from this line.
const version = "0.1.0-dev"

type versionOptions struct{ format string }

// buildFacts is what version prints.
type buildFacts struct {
	Version   string `json:"version"`
	GoVersion string `json:"goVersion"`
	OsArch    string `json:"osArch"`
	// GitCommit is "" if the build did not record one; a suffix "-dirty" says that the tree had changes.
	GitCommit string `json:"gitCommit"`
	Cgo       bool   `json:"cgo"`
	// Limits says what this build cannot do, one sentence each; never nil.
	Limits []string `json:"limits"`
}

const versionTemplate = `Version:     {{.Version}}
Go version:  {{.GoVersion}}
Git commit:  {{if .GitCommit}}{{.GitCommit}}{{else}}unknown{{end}}
OS/Arch:     {{.OsArch}}
Build:       {{if .Cgo}}with cgo{{else}}static, without cgo{{end}}
{{- range .Limits}}
Limit:       {{.}}
{{- end}}`

func versionCommand(env *Env, run func(context.Context, *Env, *versionOptions) error) *cli.Command {
	var o versionOptions
	return &cli.Command{
		Name: "version", Usage: "Show the version and how it was built",
		Flags: []cli.Flag{formatFlag(&o.format)},
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runVersion(_ context.Context, env *Env, o *versionOptions) error {
	return asFormatUsage(ui.Object(env.Out, env.buildFacts(), o.format, versionTemplate))
}

func (e *Env) buildFacts() *buildFacts {
	f := &buildFacts{
		Version: version, GoVersion: runtime.Version(), OsArch: runtime.GOOS + "/" + runtime.GOARCH,
		Cgo: cgoEnabled, Limits: []string{},
	}
	if info, ok := e.BuildInfo(); ok {
		settings := map[string]string{}
		for _, s := range info.Settings {
			settings[s.Key] = s.Value
		}
		f.GitCommit = settings["vcs.revision"]
		if f.GitCommit != "" && settings["vcs.modified"] == "true" {
			f.GitCommit += "-dirty"
		}
	}
	if !f.Cgo {
		// Entering the user namespace again needs a constructor in C, before Go's threads start.
		f.Limits = append(f.Limits, "cannot write images into the containers-storage of a user other than root")
	}
	return f
}
