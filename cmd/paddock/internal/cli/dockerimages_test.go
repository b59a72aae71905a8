package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/engine"
)

// TestDockerImages: images are in a Docker that can mount them, if both it and its program can; else in the folder.
func TestDockerImages(t *testing.T) {
	for _, c := range []struct{ server, client, images, why string }{
		{"28.5.2", "28.5.2", "docker", "images are loaded into docker"},
		{"29.0.0", "28.0.0", "docker", "images are loaded into docker"},
		{"27.5.1", "28.5.2", "", "before 28"},
		{"28.5.2", "26.1.5+dfsg1", "", "before 28"},
	} {
		choice := dockerChoice()
		choice.Docker.Version, choice.Docker.Client = c.server, c.client
		w := foldered(t, choice)
		out := w.must(t, "info", "--format", "{{with .Store.Images}}{{.Kind}}{{end}}: {{.Store.Kind}}: {{.Store.Reason}}")
		if !strings.HasPrefix(out, c.images+": dir: ") || !strings.Contains(out, c.why) {
			t.Errorf("server %s, client %s: %s", c.server, c.client, out)
		}
	}
}

// TestDockerFails: what Docker says is in the error, and its status is not paddock's.
func TestDockerFails(t *testing.T) {
	choice := dockerChoice()
	choice.Docker.Client = "28.5.2"
	w := foldered(t, choice)
	store := strings.TrimSpace(w.must(t, "info", "--format", "{{.Store.Path}}"))
	w.must(t, "ls") // Docker is not asked: no image was landed
	record := filepath.Join(store, "docker", strings.Repeat("0", 64)+".json")
	if err := os.MkdirAll(filepath.Dir(record), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(record, []byte(`{"ID": "sha256:`+strings.Repeat("0", 64)+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	w.env.Services.Run = func(_ context.Context, argv []string, streams *engine.Streams) error {
		if argv[0] != choice.Docker.Path || argv[1] != "image" {
			t.Errorf("ran %q", argv)
		}
		fmt.Fprintln(streams.Err, "Cannot connect to the Docker daemon")
		return &engine.ExitError{Name: "docker", Code: 125}
	}
	if code, _, err := w.run(t, "ls"); code != 1 || !strings.Contains(err.Error(), "docker image ls: Cannot connect to the Docker daemon") {
		t.Errorf("exit %d, %v", code, err)
	}
}

// TestHintInUse: of an image in use Docker says by which container.
func TestHintInUse(t *testing.T) {
	for said, want := range map[string]string{
		`Error response from daemon: conflict: unable to remove repository reference "m:1" (must force) - container bddf0a is using its referenced image 1a2b`: "docker rm --force bddf0a",
		"Error response from daemon: conflict: unable to delete 1a2b (cannot be forced) - image is being used by running container bddf0a":                     "docker rm --force bddf0a",
		"Error response from daemon: No such image: m:1": "",
		"the container is gone":                          "",
	} {
		if got := hintInUse(said); got != want {
			t.Errorf("%s: %q", said, got)
		}
	}
}
