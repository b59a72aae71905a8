package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/paddock-dev/paddock/artifacts/dirstore"
	"github.com/paddock-dev/paddock/artifacts/dockerstore"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
)

// openDockerImages opens the images in Docker. Their records, and what is downloaded for them, are beside the artifacts.
func openDockerImages(env *Env, docker *engine.DockerInfo, folder *dirstore.Store) (*dockerstore.Store, error) {
	return dockerstore.Open(&dockerstore.Options{
		Dir: filepath.Join(folder.Root(), dockerstore.Word), Staging: folder.StagingDir(), Logger: env.Log(),
		Run: func(ctx context.Context, in io.Reader, out io.Writer, args ...string) error {
			var said bytes.Buffer
			err := env.Services.Run(ctx, append([]string{docker.Path}, args...), &engine.Streams{In: in, Out: out, Err: &said})
			text := strings.TrimSpace(said.String())
			if err == nil || ctx.Err() != nil || text == "" {
				return err
			}
			// Not wrapped: the status of this docker is not that of paddock.
			return WithHint(fmt.Errorf("docker %s: %s", strings.Join(args[:2], " "), text), hintInUse(text))
		},
	})
}

// hintInUse is for an image that Docker does not remove because of a container; "" for any other words of Docker's.
func hintInUse(said string) string {
	_, after, found := strings.Cut(said, "container ")
	id, _, _ := strings.Cut(after, " ")
	if !found || !strings.Contains(said, "conflict: unable to ") {
		return ""
	}
	return "docker rm --force " + id
}
