package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/config"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/transports/aliases"
)

type infoOptions struct{ format string }

// infoReport is what info prints. Each part is one struct, so that a template can name its fields.
type infoReport struct {
	Version *buildFacts   `json:"version"`
	Engine  *engineReport `json:"engine"`
	Store   *storeReport  `json:"store"`
	// Accelerator is what serve would use.
	Accelerator *acceleratorReport `json:"accelerator"`
	Config      *configReport      `json:"config"`
}

// acceleratorReport is what info says of the accelerators.
type acceleratorReport struct {
	// Names are the accelerators that --gpu of the settings chooses; none for the processor. Devices are how they are passed.
	Names   []string `json:"names"`
	Devices []string `json:"devices"`
	// Image is the server's.
	Image string `json:"image"`
	// Reason is why there is no accelerator; "" if there is one.
	Reason string `json:"reason"`
}

type configReport struct {
	// Files are the files that were read, in order; never nil.
	Files    []string         `json:"files"`
	Settings []config.Setting `json:"settings"`
	// ShortNames are the files of short names of models that were read, in order; never nil.
	ShortNames []string `json:"shortNames"`
}

const infoTemplate = `version:
  version: {{.Version.Version}}
  goVersion: {{.Version.GoVersion}}
  gitCommit: {{json .Version.GitCommit}}
  osArch: {{.Version.OsArch}}
  cgo: {{.Version.Cgo}}
  limits:{{range .Version.Limits}}
  - {{json .}}{{else}} []{{end}}
engine:
  name: {{json .Engine.Name}}
  version: {{json .Engine.Version}}
  path: {{json .Engine.Path}}
  reason: {{json .Engine.Reason}}
  rootless: {{.Engine.Rootless}}
  runtime: {{json .Engine.Runtime}}
store:
  kind: {{json .Store.Kind}}
  path: {{json .Store.Path}}
  staging: {{json .Store.Staging}}
  reason: {{json .Store.Reason}}{{with .Store.Images}}
  images:
    kind: {{json .Kind}}
    path: {{json .Path}}
    staging: {{json .Staging}}{{end}}
accelerator:
  names:{{range .Accelerator.Names}}
  - {{json .}}{{else}} []{{end}}
  devices:{{range .Accelerator.Devices}}
  - {{json .}}{{else}} []{{end}}
  image: {{json .Accelerator.Image}}
  reason: {{json .Accelerator.Reason}}
config:
  files:{{range .Config.Files}}
  - {{json .}}{{else}} []{{end}}
  shortNames:{{range .Config.ShortNames}}
  - {{json .}}{{else}} []{{end}}
  settings:{{range .Config.Settings}}
  - {key: {{.Key}}, value: {{json .Value}}, origin: {{json .Origin}}}{{end}}`

func infoCommand(env *Env, run func(context.Context, *Env, *infoOptions) error) *cli.Command {
	var o infoOptions
	return &cli.Command{
		Name: "info", Usage: "Show the engine, the store, and the settings and where each comes from",
		Flags: []cli.Flag{formatFlag(&o.format)},
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			return run(c.Context, env, &o)
		},
	}
}

func runInfo(ctx context.Context, env *Env, o *infoOptions) error {
	cfg, err := env.Config()
	if err != nil {
		return err
	}
	short, err := env.aliases()
	if err != nil {
		ui.Note(env.Err, err.Error()) // it stops nothing but short names
		short = &aliases.Aliases{}
	}
	engine, store := reportEngine(ctx, env)
	report := &infoReport{
		Version: env.buildFacts(), Engine: engine, Store: store, Accelerator: reportAccelerator(ctx, env, cfg),
		Config: &configReport{Files: append([]string{}, cfg.Files...), Settings: cfg.All(), ShortNames: append([]string{}, short.Files()...)},
	}
	return asFormatUsage(ui.Object(env.Out, report, o.format, infoTemplate))
}
