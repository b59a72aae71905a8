package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts"
)

// Origin is a publisher of one model. It serves ranges, and counts the bytes that are taken.
type Origin struct {
	Plan *artifacts.Plan
	// Before, if not nil, runs before a blob is opened, and its error is the answer.
	Before func(ctx context.Context, d digest.Digest) error

	mu     sync.Mutex
	read   map[digest.Digest]int64
	within map[string]digest.Digest // the blob that holds a content, where it is not the content itself
}

// Maker makes the origin of a model with files, by path, under a name. Stores that land something other than artifacts
// bring their own.
type Maker func(t testing.TB, name string, files map[string]string) *Origin

// Config is the config blob of every model that NewOrigin publishes.
const Config = `{"descriptor":{},"modelfs":{"type":"layers","diffIds":[]},"config":{}}`

// NewOrigin publishes files as a ModelPack artifact. It is a Maker. The same name and files give the same digest.
func NewOrigin(t testing.TB, name string, files map[string]string) *Origin {
	t.Helper()
	config := []byte(Config)
	blobs := [][]byte{config}
	m := imgspecv1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: imgspecv1.MediaTypeImageManifest,
		ArtifactType: "application/vnd.cncf.model.manifest.v1+json",
		Config: imgspecv1.Descriptor{
			MediaType: "application/vnd.cncf.model.config.v1+json", Digest: digest.FromBytes(config), Size: int64(len(config)),
		},
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		data := []byte(files[path])
		blobs = append(blobs, data)
		m.Layers = append(m.Layers, imgspecv1.Descriptor{
			MediaType: "application/vnd.cncf.model.weight.v1.raw", Digest: digest.FromBytes(data), Size: int64(len(data)),
			Annotations: map[string]string{"org.cncf.model.filepath": path, imgspecv1.AnnotationTitle: path},
		})
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return Serve(&artifacts.Plan{
		Name: ParseName(t, name), Kind: artifacts.KindArtifact,
		Manifest: raw, MediaType: m.MediaType, Digest: digest.FromBytes(raw),
	}, blobs...)
}

// Serve fills in the blobs of a plan, each digest once.
func Serve(plan *artifacts.Plan, blobs ...[]byte) *Origin {
	o := &Origin{Plan: plan, read: map[digest.Digest]int64{}}
	seen := map[digest.Digest]bool{}
	for _, data := range blobs {
		d := digest.FromBytes(data)
		if seen[d] {
			continue
		}
		seen[d] = true
		plan.Blobs = append(plan.Blobs, artifacts.Blob{Digest: d, Size: int64(len(data)), Open: o.opener(d, data)})
	}
	return o
}

// Lie replaces the bytes of the last blob by others of the same length.
func (o *Origin) Lie() {
	b := &o.Plan.Blobs[len(o.Plan.Blobs)-1]
	b.Open = o.opener(b.Digest, bytes.Repeat([]byte("x"), int(b.Size)))
}

// Read returns how many bytes of blobs were taken from the origin so far.
func (o *Origin) Read() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	var total int64
	for _, n := range o.read {
		total += n
	}
	return total
}

// ReadOf is Read for one content.
func (o *Origin) ReadOf(content string) int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d, ok := o.within[content]; ok {
		return o.read[d]
	}
	return o.read[digest.FromString(content)]
}

// Wrapped says that a blob holds a content, as the layer of an image does a file.
func (o *Origin) Wrapped(content string, blob digest.Digest) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.within == nil {
		o.within = map[string]digest.Digest{}
	}
	o.within[content] = blob
}

func (o *Origin) opener(d digest.Digest, data []byte) artifacts.Opener {
	return func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		if o.Before != nil {
			if err := o.Before(ctx, d); err != nil {
				return nil, err
			}
		}
		if length < 0 {
			length = int64(len(data)) - offset
		}
		return io.NopCloser(&counter{o, d, io.NewSectionReader(bytes.NewReader(data), offset, length)}), nil
	}
}

type counter struct {
	origin *Origin
	digest digest.Digest
	r      io.Reader
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.origin.mu.Lock()
	c.origin.read[c.digest] += int64(n)
	c.origin.mu.Unlock()
	return n, err
}

// ParseName is artifacts.ParseName for names that are right.
func ParseName(t testing.TB, s string) artifacts.Name {
	t.Helper()
	n, err := artifacts.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
