package dockerstore

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/reference"
)

// fakeDocker does what the docker program of Docker 28 does. Arguments that it would not like fail the test.
type fakeDocker struct {
	t *testing.T

	mu         sync.Mutex
	fail       error
	images     map[string]*fakeImage // by ID
	containers map[string]*fakeImage
	loads      int
}

type fakeImage struct {
	tags  []string // in the short form
	files map[string]string
	used  bool
}

func newFake(t *testing.T) *fakeDocker {
	return &fakeDocker{t: t, images: map[string]*fakeImage{}, containers: map[string]*fakeImage{}}
}

func (d *fakeDocker) run(ctx context.Context, in io.Reader, out io.Writer, args ...string) error {
	var input []byte
	if in != nil {
		var err error
		if input, err = io.ReadAll(in); err != nil {
			return err
		}
	}
	d.mu.Lock()
	answer, err := d.do(input, args)
	d.mu.Unlock()
	if err := errors.Join(ctx.Err(), err); err != nil {
		return err
	}
	_, err = out.Write(answer)
	return err
}

func (d *fakeDocker) do(in []byte, args []string) ([]byte, error) {
	line := strings.Join(args, " ")
	fits := func(start string, n int) bool { return strings.HasPrefix(line, start) && len(args) == n }
	switch {
	case d.fail != nil:
		return nil, d.fail
	case line == "image ls --all --no-trunc --format {{json .}}":
		return d.list(), nil
	case line == "image load --quiet":
		return d.load(in)
	case fits("image tag sha256:", 4):
		return nil, d.tag(args[2], args[3])
	case fits("image rm ", 3):
		return nil, d.remove(args[2])
	case fits("container create --network none sha256:", 6):
		i := d.images[args[4]]
		if i == nil {
			return nil, errors.New("No such image: " + args[4]) //nolint:staticcheck // as Docker says it
		}
		id := fmt.Sprintf("%064d", len(d.containers)+1)
		d.containers[id] = i
		return []byte(id + "\n"), nil
	case fits("container cp --follow-link ", 5) && args[4] == "-":
		return d.copyOut(args[3])
	case fits("container rm --force ", 4):
		d.containers[args[3]] = nil
		return nil, nil
	}
	d.t.Errorf("docker %s", line)
	return nil, errors.ErrUnsupported
}

func (d *fakeDocker) list() []byte {
	var out bytes.Buffer
	for _, id := range slices.Sorted(maps.Keys(d.images)) {
		tags := d.images[id].tags
		if len(tags) == 0 {
			tags = []string{"<none>:<none>"}
		}
		for _, tag := range tags {
			at := strings.LastIndex(tag, ":")
			fmt.Fprintf(&out, "{\"ID\":%q,\"Repository\":%q,\"Tag\":%q,\"Size\":\"1kB\"}\n", id, tag[:at], tag[at+1:])
		}
	}
	return out.Bytes()
}

// load reads an archive as Docker does: every layer has to be what the config says.
func (d *fakeDocker) load(in []byte) ([]byte, error) {
	d.loads++
	entries, err := untar(in)
	if err != nil {
		return nil, err
	}
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal([]byte(entries["manifest.json"]), &manifest); err != nil || len(manifest) != 1 || manifest[0].RepoTags != nil {
		return nil, fmt.Errorf("manifest.json: %v, %w", manifest, err)
	}
	var config struct {
		RootFS struct {
			DiffIDs []digest.Digest `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := json.Unmarshal([]byte(entries[manifest[0].Config]), &config); err != nil || len(config.RootFS.DiffIDs) != len(manifest[0].Layers) {
		return nil, fmt.Errorf("invalid manifest, layers length mismatch: %w", err)
	}
	image := &fakeImage{files: map[string]string{}}
	for i, l := range manifest[0].Layers {
		if digest.FromString(entries[l]) != config.RootFS.DiffIDs[i] {
			return nil, fmt.Errorf("invalid diffID for layer %d", i)
		}
		files, err := untar([]byte(entries[l]))
		if err != nil {
			return nil, err
		}
		maps.Copy(image.files, files)
	}
	id := digest.FromString(entries[manifest[0].Config]).String()
	if d.images[id] == nil {
		d.images[id] = image
	}
	return []byte("Loaded image ID: " + id + "\n"), nil
}

func untar(data []byte) (map[string]string, error) {
	files := map[string]string{}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		} else if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		files[h.Name] = string(content)
	}
}

func (d *fakeDocker) tag(id, name string) error {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return err
	}
	if _, pinned := ref.(reference.Canonical); pinned {
		return errors.New("refusing to create a tag with a digest reference")
	}
	if d.images[id] == nil {
		return fmt.Errorf("No such image: %s", id) //nolint:staticcheck // as Docker says it
	}
	name = reference.FamiliarString(reference.TagNameOnly(ref))
	for _, i := range d.images {
		i.tags = slices.DeleteFunc(i.tags, func(have string) bool { return have == name })
	}
	d.images[id].tags = append(d.images[id].tags, name)
	return nil
}

func (d *fakeDocker) remove(what string) error {
	if i := d.images[what]; i != nil {
		if len(i.tags) > 1 || i.used {
			return errors.New("conflict: unable to delete " + what)
		}
		delete(d.images, what)
		return nil
	}
	ref, err := reference.ParseNormalizedNamed(what)
	if err != nil {
		return err
	}
	name := reference.FamiliarString(ref)
	for id, i := range d.images {
		at := slices.Index(i.tags, name)
		switch {
		case at < 0:
			continue
		case len(i.tags) == 1 && i.used:
			return errors.New("conflict: unable to remove repository reference " + name)
		case len(i.tags) == 1:
			delete(d.images, id)
		default:
			i.tags = slices.Delete(i.tags, at, at+1)
		}
		return nil
	}
	return errors.New("No such image: " + what) //nolint:staticcheck // as Docker says it
}

// copyOut is a file, or a folder with all that is in it, named by the last element of the path.
func (d *fakeDocker) copyOut(from string) ([]byte, error) {
	id, at, _ := strings.Cut(from, ":")
	i := d.containers[id]
	if i == nil {
		return nil, errors.New("No such container: " + id) //nolint:staticcheck // as Docker says it
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(i.files)) {
		if "/"+name != at && !strings.HasPrefix("/"+name, at+"/") {
			continue
		}
		h := tar.Header{Name: path.Base(at) + strings.TrimPrefix("/"+name, at), Mode: 0o644, Size: int64(len(i.files[name]))}
		if err := w.WriteHeader(&h); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, i.files[name]); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), w.Close()
}
