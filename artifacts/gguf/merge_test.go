package gguf_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// split makes the parts of a split model.
func split(t *testing.T, o *fixtures.Options, shards int) []gguf.Part {
	t.Helper()
	files, err := fixtures.Split(o, "m", shards)
	if err != nil {
		t.Fatal(err)
	}
	parts := make([]gguf.Part, 0, shards)
	for _, f := range files {
		parts = append(parts, gguf.Part{Name: f.Path, Reader: bytes.NewReader(f.Data), Size: int64(len(f.Data))})
	}
	return parts
}

func TestReadAll(t *testing.T) {
	for _, o := range []*fixtures.Options{
		nil, {MetadataFirst: true}, {BigEndian: true}, {Type: fixtures.Q8_0, Metadata: kv("general.alignment", uint32(64))},
		{Type: fixtures.Q4_0, Metadata: kv("general.file_type", nil)},
	} {
		whole := facts(t, model(t, o))
		parts := split(t, o, 3)
		slices.Reverse(parts)
		got, err := gguf.ReadAll(parts)
		if err != nil {
			t.Errorf("%+v: %v", o, err)
			continue
		}
		if got.Shard != 0 || got.Shards != 3 {
			t.Errorf("shard %d of %d", got.Shard, got.Shards)
		}
		if want := describe(whole); describe(got) != want {
			t.Errorf("%+v: got %s, want %s", o, describe(got), want)
		}
	}
	b := model(t, nil)
	one, err := gguf.ReadAll([]gguf.Part{{Name: "m", Reader: bytes.NewReader(b), Size: int64(len(b))}})
	if err != nil || !reflect.DeepEqual(one, facts(t, b)) {
		t.Errorf("a whole file: %+v, %v", one, err)
	}
}

func TestShardNumbers(t *testing.T) {
	for i, p := range split(t, nil, 2) {
		f, err := gguf.Read(p.Reader, p.Size)
		if err != nil || f.Shard != int64(i+1) || f.Shards != 2 {
			t.Errorf("%s: %+v, %v", p.Name, f, err)
		}
	}
}

func TestReadAllRefuses(t *testing.T) {
	three, two := split(t, nil, 3), split(t, nil, 2)
	more := split(t, &fixtures.Options{Layers: 3}, 3)
	b := model(t, nil)
	whole := gguf.Part{Name: "whole", Reader: bytes.NewReader(b), Size: int64(len(b))}
	for _, c := range []struct {
		parts []gguf.Part
		says  string
	}{
		{nil, "none"},
		{three[:2], "shard 3 of 3 is missing"},
		{three[1:2], "shard 1 of 3 is missing"},
		{[]gguf.Part{three[0], three[1], three[1]}, "shard 2 is there twice"},
		{[]gguf.Part{three[0], three[1], two[1]}, "another of 2"},
		{[]gguf.Part{three[0], three[1], whole}, "not split"},
		{[]gguf.Part{whole, whole}, "not split"},
		{[]gguf.Part{three[0], three[1], more[2]}, "the model has 21"},
		{[]gguf.Part{three[0], {Name: "m-2", Reader: strings.NewReader("x"), Size: 1}}, "m-2"},
	} {
		if f, err := gguf.ReadAll(c.parts); err == nil || !strings.Contains(err.Error(), c.says) || f != nil {
			t.Errorf("want %q, got %v", c.says, err)
		}
	}
}

func TestReadAllTruncated(t *testing.T) {
	parts := split(t, nil, 3)
	parts[1].Size--
	f, err := gguf.ReadAll(parts)
	if !errors.Is(err, gguf.ErrTruncated) || !strings.Contains(err.Error(), parts[1].Name) || f == nil || f.Parameters != 127552 {
		t.Errorf("got %+v, %v", f, err)
	}
}
