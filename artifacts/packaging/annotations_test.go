package packaging

import (
	"strings"
	"testing"
	"time"
)

func TestCreated(t *testing.T) {
	at := func(value string) []byte {
		return []byte(`{"annotations":{"org.opencontainers.image.created":"` + value + `"}}`)
	}
	for _, c := range []struct {
		manifest []byte
		want     time.Time
	}{
		{readSeed(t, "manifests/podman-add.json"), time.Date(2026, 11, 23, 14, 0, 0, 500_000_000, time.UTC)},
		{at("2026-11-23T15:00:00+01:00"), time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)},
		{at("1970-01-01T00:00:00Z"), time.Time{}}, // of a reproducible build
		{at("yesterday"), time.Time{}},
		{at("2026-11-23"), time.Time{}},
		{[]byte(`{}`), time.Time{}},
		{[]byte(`{`), time.Time{}},
	} {
		if got := Created(c.manifest); !got.Equal(c.want) {
			t.Errorf("%.80s: got %v, want %v", c.manifest, got, c.want)
		}
	}
}

func TestAnnotations(t *testing.T) {
	got := Annotations(readSeed(t, "manifests/omlmd.json"))
	if len(got) != 3 || got["model_format_name"] != "gguf" {
		t.Errorf("got %v", got)
	}
	huge := `{"annotations":{"a":"b"}}` + strings.Repeat(" ", MaxManifestSize)
	for _, s := range []string{`{}`, `{"annotations":[]}`, ``, huge} {
		if got := Annotations([]byte(s)); got != nil {
			t.Errorf("%.40s: got %v", s, got)
		}
	}
}
