package packaging

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

// TestUncompress: of a manifest only what is about the compressed bytes changes.
func TestUncompress(t *testing.T) {
	sum := func(c string) string { return "sha256:" + strings.Repeat(c, 64) }
	config := fmt.Sprintf(`{"rootfs":{"diff_ids":[%q,%q]}}`, sum("1"), sum("2"))
	manifest := func(configType, first, second string) string {
		return fmt.Sprintf(`{"annotations":{"a":"b"},"config":{"mediaType":%q,"digest":%q,"size":%d},"layers":[%s,%s],"schemaVersion":2}`,
			configType, digest.FromString(config), len(config), first, second)
	}
	layer := func(notes, mediaType, digest string, size int) string {
		return fmt.Sprintf(`{%s"digest":%q,"mediaType":%q,"size":%d}`, notes, digest, mediaType, size)
	}
	const note, chunked, star = `"k":"v"`, `"io.github.containers.zstd-chunked.manifest-checksum":"x"`, `"containerd.io/snapshot/stargz/toc.digest":"x"`
	notes := func(all ...string) string { return `"annotations":{` + strings.Join(all, ",") + `},` }
	for _, c := range []struct{ config, plain, zipped string }{
		{"application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+zstd"},
		{"application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.diff.tar.gzip"},
	} {
		had := manifest(c.config, layer(notes(note, chunked), c.zipped, sum("e"), 3), layer(notes(star), c.zipped, sum("f"), 4))
		want := manifest(c.config, layer(notes(note), c.plain, sum("1"), 30), layer("", c.plain, sum("2"), 40))
		got, err := Uncompress([]byte(had), []byte(config), []int64{30, 40})
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s, want\n%s", c.config, err, got, want)
		}
		if again, err := Uncompress(got, []byte(config), []int64{30, 40}); err != nil || string(again) != want {
			t.Errorf("again: %v, %s", err, again)
		}
		if _, err := Uncompress([]byte(had), []byte(config), []int64{30}); !errors.Is(err, ErrInvalidManifest) {
			t.Errorf("a size is missing: %v", err)
		}
		if _, err := Uncompress([]byte(had), []byte(`{}`), []int64{30, 40}); !errors.Is(err, ErrInvalidManifest) {
			t.Errorf("another config: %v", err)
		}
	}
}
