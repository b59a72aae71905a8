package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/paddock-dev/paddock/artifacts/imagestore"
	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
)

// imagesWord is the whole command line of the process that writes Podman's image storage for another. People do not type it.
const imagesWord = "__images"

// openImages opens the images of Podman's storage. Root writes it in this process. Another user's has to be written in
// Podman's user namespace: this program is run there once more, for that alone, by podman unshare, which needs no cgo.
func openImages(env *Env, podman *engine.PodmanInfo) (*imagestore.Store, error) {
	opts := &imagestore.Options{
		Place: imagestore.Place{
			GraphRoot: podman.GraphRoot, RunRoot: podman.RunRoot, Driver: podman.GraphDriver, DriverOptions: podman.GraphOptions,
		},
		Logger: env.Log(),
	}
	if os.Geteuid() != 0 {
		opts.Enter = func(ctx context.Context, request []byte) ([]byte, error) {
			return unshare(ctx, env, podman.Path, request)
		}
	}
	return imagestore.Open(opts)
}

// unshare has a request done in Podman's user namespace. There the program's user is root, and it enters nothing again.
func unshare(ctx context.Context, env *Env, podman string, request []byte) ([]byte, error) {
	self, err := ownPath()
	if err != nil {
		return nil, err
	}
	var answer bytes.Buffer
	err = env.Services.Run(ctx, []string{podman, "unshare", self, imagesWord}, &engine.Streams{
		In: bytes.NewReader(request), Out: &answer, Err: env.Err,
	})
	if err != nil {
		return nil, fmt.Errorf("writing Podman's image storage in its user namespace: %w", err)
	}
	return answer.Bytes(), nil
}

// serveImages is that process.
func serveImages(ctx context.Context, env *Env) error {
	request, err := io.ReadAll(env.In)
	if err != nil {
		return fmt.Errorf("reading what is to be done to Podman's storage: %w", err)
	}
	answer, err := imagestore.Serve(ctx, request)
	if err != nil {
		return err
	}
	_, err = env.Out.Write(answer)
	return err
}
