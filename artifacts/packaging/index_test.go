package packaging

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestChooseInstance(t *testing.T) {
	for _, c := range []struct {
		index, platform string
		want            string // the seed of the digest, or a part of the error
	}{
		{"ramalama", "linux/arm64", "one"}, // the only one, for another platform
		{"buildx-one", "linux/arm64", "amd64"},
		{"buildx", "linux/amd64", "amd64"},
		{"buildx", "linux/arm64", "arm64"},
		{"buildx", "linux/s390x", `linux/s390x; the index has "linux/amd64", "linux/arm64"`},
		{"buildx", "windows/amd64", "windows/amd64"},
		{"variants", "linux/arm64", "arm64"}, // without a variant, though later
		{"variants", "linux/arm", "v6"},
		{"fallback", "linux/amd64", "amd64"},
		{"fallback", "linux/riscv64", "any"},
		{"ambiguous", "linux/amd64", "several are for any platform: "},
		{"attestations", "linux/amd64", "no entries but attestations"},
		{"docker-list", "linux/ppc64le", "ppc"},
		{"bare", "linux/arm64", "nested"},
	} {
		os, arch, _ := strings.Cut(c.platform, "/")
		d, err := ChooseInstance(readSeed(t, "indexes/"+c.index+".json"), arch, os)
		if err != nil {
			kind := ErrNoInstance
			if c.index == "ambiguous" {
				kind = ErrAmbiguousIndex
			}
			if !errors.Is(err, kind) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s for %s: %v", c.index, c.platform, err)
			}
			continue
		}
		if d.Digest != seedDigest(c.want) || d.Size != 508 || d.MediaType == "" {
			t.Errorf("%s for %s: got %+v, want %s", c.index, c.platform, d, c.want)
		}
	}
}

func TestChooseInstanceListsTen(t *testing.T) {
	entries := slices.Repeat([]object{madeLayer("application/vnd.oci.image.manifest.v1+json", "m", 1)}, 13)
	_, err := ChooseInstance(marshal(t, object{"schemaVersion": 2, "manifests": entries}), "amd64", "linux")
	if !errors.Is(err, ErrAmbiguousIndex) || !strings.HasSuffix(err.Error(), "and 3 more") {
		t.Errorf("got %v", err)
	}
}

func TestInvalidIndex(t *testing.T) {
	entry := func(digest, size string) string {
		return `{"schemaVersion":2,"manifests":[{"digest":"` + seedDigest("a").String() + `","size":1},{"digest":"` + digest + `","size":` + size + `}]}`
	}
	for _, c := range []struct{ index, want string }{
		{`{`, "unexpected end"},
		{string(madeManifest(t)), "it is a manifest"},
		{`{"schemaVersion":2,"manifests":{}}`, "its entries"},
		{entry("", "1"), "entry 2 of 2: it has no digest"},
		{entry("sha256:1", "1"), "entry 2 of 2: digest"},
		{entry(seedDigest("b").String(), "-1"), "negative"},
		{`{"schemaVersion":2,"manifests":[{}` + strings.Repeat(",{}", MaxLayers) + `]}`, "10001 entries"},
	} {
		d, err := ChooseInstance([]byte(c.index), "amd64", "linux")
		if !errors.Is(err, ErrInvalidManifest) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.100s: got %v, %v", c.index, d, err)
		}
	}
}

func TestLeft(t *testing.T) {
	entry := func(seed, architecture string) object {
		l := madeLayer("application/vnd.oci.image.manifest.v1+json", seed, 1)
		l["platform"] = object{"os": "linux", "architecture": architecture}
		if architecture == "unknown" {
			l["platform"] = object{"os": "unknown", "architecture": "unknown"}
		}
		return l
	}
	for _, c := range []struct {
		entries []object
		want    string
	}{
		{[]object{entry("a", "amd64")}, ""},
		{[]object{entry("a", "amd64"), entry("b", "unknown")}, "attestations"},
		{[]object{entry("a", "amd64"), entry("b", "arm64"), entry("c", "s390x"), entry("d", "unknown")}, `"linux/arm64", "linux/s390x" and attestations`},
	} {
		index := marshal(t, object{"schemaVersion": 2, "manifests": c.entries})
		taken, err := ChooseInstance(index, "amd64", "linux")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Left(index, taken); err != nil || got != c.want || Choice(taken) != `"linux/amd64"` {
			t.Errorf("%s of %s, %v, want %s", got, Choice(taken), err, c.want)
		}
	}
}
