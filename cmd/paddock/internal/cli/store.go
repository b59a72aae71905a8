package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/dirstore"
	"github.com/paddock-dev/paddock/artifacts/dockerstore"
	"github.com/paddock-dev/paddock/artifacts/imagestore"
	"github.com/paddock-dev/paddock/artifacts/podmanstore"
	"github.com/paddock-dev/paddock/artifacts/union"
	"github.com/paddock-dev/paddock/artifacts/workload/podmanargs"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
)

// openStore opens the stores of the engine: those of Podman 5.6 and later are Podman's own; for others models are kept in a
// folder.
func openStore(ctx context.Context, env *Env) (artifacts.Store, error) {
	choice, err := env.Engine(ctx)
	if err != nil {
		return nil, err
	}
	if where := choice.Remote(); where != "" {
		return nil, fmt.Errorf("opening the store: the containers run on %s, and models are to be kept where they run", where)
	}
	if !choice.Native() {
		return openFolder(env, choice)
	}
	store, err := podmanstore.Open(&podmanstore.Options{GraphRoot: choice.Podman.GraphRoot, Logger: env.Log(), Wait: env.tellWait})
	if err != nil {
		return nil, err
	}
	images, err := openImages(env, choice.Podman)
	if err != nil {
		return nil, err
	}
	return union.New(
		union.Member{Store: store, Word: podmanstore.Word, Kinds: []artifacts.Kind{artifacts.KindArtifact}},
		union.Member{Store: images, Word: imagestore.Word, Kinds: []artifacts.Kind{artifacts.KindImage}}), nil
}

// openFolder keeps models in a folder, those that are images too: their files are unpacked there. A Docker that can mount
// images keeps them itself.
func openFolder(env *Env, choice *engine.Choice) (artifacts.Store, error) {
	dir, err := storeFolder(env, choice)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	store, err := dirstore.Open(&dirstore.Options{Dir: dir, Logger: env.Log()})
	if err != nil {
		return nil, err
	}
	folder := union.Member{Store: store, Word: dirstore.Word, Kinds: []artifacts.Kind{artifacts.KindArtifact, artifacts.KindImage}}
	if choice.Docker == nil || !choice.Docker.MountsImages() {
		return union.New(folder), nil
	}
	images, err := openDockerImages(env, choice.Docker, store)
	if err != nil {
		return nil, err
	}
	folder.Kinds = []artifacts.Kind{artifacts.KindArtifact}
	return union.New(folder, union.Member{Store: images, Word: dockerstore.Word, Kinds: []artifacts.Kind{artifacts.KindImage}}), nil
}

// storeFolder is where models are kept for an engine that has no store for them: the setting, or else what is usual for the
// state of the system's services, or for the data of a user (XDG base directory specification).
func storeFolder(env *Env, choice *engine.Choice) (string, error) {
	cfg, err := env.Config()
	if err != nil {
		return "", err
	}
	if dir := cfg.Store.Dir.Value; dir != "" {
		return dir, nil
	}
	if os.Geteuid() == 0 && (choice.Podman == nil || !choice.Podman.Rootless) {
		return filepath.Join("/", env.Root, "var/lib/paddock"), nil
	}
	if data := env.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, appName), nil
	}
	home, err := env.Home()
	if err != nil {
		return "", fmt.Errorf("finding the folder of the user's data: %w", err)
	}
	return filepath.Join(home, ".local/share", appName), nil
}

// storeReason says why models are kept where they are.
func storeReason(env *Env, choice *engine.Choice) string {
	if choice.Native() {
		return "what podman info says"
	}
	why := choice.Engine.Name() + " has no artifact store"
	if choice.Podman != nil {
		why = fmt.Sprintf("podman before %s has no artifact store that paddock can use", podmanargs.MinNative())
	}
	if d := choice.Docker; d != nil && d.MountsImages() {
		why += "; images are loaded into docker"
	} else if d != nil {
		why += "; before 28 it mounts no images"
	}
	if cfg, err := env.Config(); err == nil && cfg.Store.Dir.Value != "" {
		why += "; " + cfg.Store.Dir.Origin + " says where"
	}
	return why
}
