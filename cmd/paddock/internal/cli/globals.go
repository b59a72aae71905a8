package cli

import (
	"log/slog"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/config"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/suggest"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

// globals are the flags that every command has.
type globals struct {
	config   *string
	engine   *string
	logLevel string
	version  bool
}

func (g *globals) flags() []cli.Flag {
	return []cli.Flag{
		optionalStringFlag(&g.config, "", "read settings from `FILE` alone, instead of containers/paddock.conf", "config"),
		optionalStringFlag(&g.engine, "", "run containers with `ENGINE`: podman or docker", "engine"),
		&cli.StringFlag{
			Name: "log-level", Value: "warn", Destination: &g.logLevel,
			Usage: "log to stderr from `LEVEL` on: debug, info, warn or error",
		},
		&cli.BoolFlag{Name: "version", Aliases: []string{"v"}, Destination: &g.version, Usage: "show the version and exit"},
	}
}

// forRun returns a copy of e for one run, with flags and settings of its own.
func (e *Env) forRun() *Env {
	run := *e
	run.globals = &globals{}
	run.log = slog.New(slog.DiscardHandler)
	run.chosen = &chosenEngine{}
	run.loaded = sync.OnceValues(run.loadConfig)
	if run.Services == nil {
		run.Services = realServices()
	}
	return &run
}

// start applies the global flags. It runs after they are parsed and before the command.
func (e *Env) start(c *cli.Context) error {
	level, err := parseLevel(e.globals.logLevel)
	if err != nil {
		return err
	}
	if e.globals.version && c.Args().Present() {
		return usagef("--version goes with no command, got %q", c.Args().First())
	}
	e.log = ui.NewLog(e.Err, level)
	if e.LibraryLog != nil {
		e.LibraryLog(level)
	}
	return nil
}

func parseLevel(s string) (slog.Level, error) {
	switch strings.ToLower(s) {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn", "warning":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	err := usagef("unknown log level %q: want debug, info, warn or error", s)
	if near := suggest.Nearest(strings.ToLower(s), []string{"debug", "info", "warn", "error"}); near != "" {
		return 0, WithHint(err, "did you mean --log-level="+near+"?")
	}
	return 0, err
}

func (e *Env) loadConfig() (*config.Config, error) {
	home, err := e.Home()
	if err != nil {
		e.log.Debug("no home directory, so no settings of the user", "error", err)
		home = ""
	}
	src := &config.Sources{Root: e.Root, Home: home, ConfigHome: e.Getenv("XDG_CONFIG_HOME"), Environ: e.Environ()}
	if e.globals.config != nil {
		src.File, src.FileOrigin = *e.globals.config, "--config"
	}
	cfg, warnings, err := config.Load(src)
	for _, w := range warnings {
		ui.Warning(e.Err, w)
	}
	if err != nil {
		return nil, err
	}
	if err := cfg.Engine.Name.Override(e.globals.engine, "--engine"); err != nil {
		return nil, asUsage(err)
	}
	return cfg, nil
}
