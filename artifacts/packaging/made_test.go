package packaging

import (
	"encoding/json"
	"testing"

	"github.com/opencontainers/go-digest"
)

// The tests below write small manifests of their own; the shapes that tools write are in testdata.

func seedDigest(seed string) digest.Digest { return digest.FromString(seed) }

// object is any JSON object.
type object map[string]any

// madeLayer describes a blob whose content is known by a seed; keys and values are annotations.
func madeLayer(mediaType, seed string, size int64, annotations ...string) object {
	l := object{"mediaType": mediaType, "digest": seedDigest(seed), "size": size}
	if len(annotations) > 0 {
		values := map[string]string{}
		for i := 0; i < len(annotations); i += 2 {
			values[annotations[i]] = annotations[i+1]
		}
		l["annotations"] = values
	}
	return l
}

// titled describes a file of an artifact.
func titled(title, seed string, size int64) object {
	return madeLayer("application/octet-stream", seed, size, "org.opencontainers.image.title", title)
}

func madeManifest(t testing.TB, layers ...object) []byte {
	t.Helper()
	return marshal(t, object{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": madeLayer("application/vnd.oci.empty.v1+json", "{}", 2), "layers": layers,
	})
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func mustParse(t testing.TB, manifest []byte) *Model {
	t.Helper()
	m, err := Parse(manifest, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
