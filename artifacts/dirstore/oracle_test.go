package dirstore

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"
	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/directory"
	"go.podman.io/image/v5/pkg/blobinfocache/none"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/storetest"
)

func dirReference(t *testing.T, dir string) types.ImageReference {
	t.Helper()
	ref, err := directory.NewReference(dir)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// readBack reads a model with the dir: transport of containers/image, as skopeo does, and by the paths of its mount.
func readBack(t *testing.T, s *Store, m *artifacts.Model) {
	t.Helper()
	l, err := s.layoutNamed(m.Name)
	if err != nil {
		t.Fatal(err)
	}
	src, err := dirReference(t, l.dir).NewImageSource(t.Context(), nil)
	if err != nil {
		t.Fatalf("opening dir:%s: %v", l.dir, err)
	}
	defer src.Close()
	raw, _, err := src.GetManifest(t.Context(), nil)
	if err != nil || digest.FromBytes(raw) != m.Digest {
		t.Fatalf("%s: manifest %s, want %s, %v", m.Name, digest.FromBytes(raw), m.Digest, err)
	}
	refs, err := atrest.ParseRefs(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range refs.Blobs {
		r, size, err := src.GetBlob(t.Context(), types.BlobInfo{Digest: b.Digest, Size: b.Size}, none.NoCache)
		if err != nil {
			t.Fatalf("%s: blob %s: %v", m.Name, b.Digest, err)
		}
		v := b.Digest.Verifier()
		n, err := io.Copy(v, r)
		if err := errors.Join(err, r.Close()); err != nil || n != b.Size || size != b.Size || !v.Verified() {
			t.Errorf("%s: blob %s: %d bytes of %d, verified %v, %v", m.Name, b.Digest, n, b.Size, v.Verified(), err)
		}
	}
	checkMount(t, m)
}

func checkMount(t *testing.T, m *artifacts.Model) {
	t.Helper()
	how, ok := m.Mount.(artifacts.BindMount)
	if !ok || len(how.Files) != len(m.Packaging.Files) {
		t.Fatalf("%s: mount %+v for %d files", m.Name, m.Mount, len(m.Packaging.Files))
	}
	for _, f := range m.Packaging.Files {
		path := how.Files[f.Path]
		data, err := os.ReadFile(path)
		if err != nil || !filepath.IsAbs(path) || digest.FromBytes(data) != f.Digest {
			t.Errorf("%s: %s is %q: %s, want %s, %v", m.Name, f.Path, path, digest.FromBytes(data), f.Digest, err)
		}
	}
}

// TestForeign: what skopeo copies into the folder of a name is a model under that name, and what it copies out is the same.
func TestForeign(t *testing.T) {
	s := testStore(t)
	land(t, s, testOrigin(t, "weights"))
	ours, err := s.layoutNamed(testName)
	if err != nil {
		t.Fatal(err)
	}
	const other = "localhost:5000/copied:V2"
	theirs, err := s.layoutNamed(other)
	if err != nil {
		t.Fatal(err)
	}
	copyDir(t, ours.dir, theirs.dir)
	m, err := s.Find(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != other || m.Packaging.Format != packaging.ModelPack || m.Packaging.Main != "m.gguf" {
		t.Errorf("got %+v", m)
	}
	readBack(t, s, m)
	again := testOrigin(t, "weights")
	again.Plan.Name = storetest.ParseName(t, other)
	if land(t, s, again); again.Read() != 0 {
		t.Errorf("%d bytes moved for what was copied in", again.Read())
	}
	diagnose(t, s)
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	policy, err := signature.NewPolicyContext(&signature.Policy{Default: signature.PolicyRequirements{signature.NewPRInsecureAcceptAnything()}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err = copy.Image(t.Context(), policy, dirReference(t, to), dirReference(t, from), &copy.Options{PreserveDigests: true}); err != nil {
		t.Fatal(err)
	}
	if err := policy.Destroy(); err != nil {
		t.Fatal(err)
	}
}

// TestOtherAlgorithm: a blob by its sha512 makes a layout of version 1.2, which containers/image reads.
func TestOtherAlgorithm(t *testing.T) {
	s := testStore(t)
	weights := []byte("weights")
	d := digest.SHA512.FromBytes(weights)
	raw := `{"schemaVersion":2,"mediaType":"` + imgspecv1.MediaTypeImageManifest + `","artifactType":"application/x","config":{"mediaType":"` +
		imgspecv1.MediaTypeEmptyJSON + `","digest":"` + emptyDigest + `","size":2},"layers":[{"mediaType":"application/x","digest":"` + d.String() +
		`","size":7,"annotations":{"org.opencontainers.image.title":"m.gguf"}}]}`
	plan := &artifacts.Plan{
		Name: storetest.ParseName(t, testName), Kind: artifacts.KindArtifact, Manifest: []byte(raw),
		MediaType: imgspecv1.MediaTypeImageManifest, Digest: digest.FromString(raw),
		Blobs: []artifacts.Blob{{Digest: emptyDigest, Size: 2, Data: []byte("{}")}, {Digest: d, Size: 7, Data: weights}},
	}
	m, err := s.Land(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.layoutNamed(m.Name)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(l.file(versionFile)); string(text) != version12 {
		t.Errorf("version %q, %v", text, err)
	}
	src, err := dirReference(t, l.dir).NewImageSource(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	r, _, err := src.GetBlob(t.Context(), types.BlobInfo{Digest: d, Size: 7}, none.NoCache)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if data, err := io.ReadAll(r); err != nil || !slices.Equal(data, weights) {
		t.Errorf("got %q, %v", data, err)
	}
	diagnose(t, s)
}
