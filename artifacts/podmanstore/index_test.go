package podmanstore

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// foreign is an index with more in it than we know of, and numbers that do not survive a float.
const foreign = `{"x-top":{"n":9007199254740993,"html":"<a&b>"},"schemaVersion":2,"manifests":[
 {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"` + emptyDigest + `","size":2,"x":[1,{"y":null}],
  "annotations":{"org.opencontainers.image.ref.name":"quay.io/other/one:1","x-note":"ü"}},
 {"digest":17}],"annotations":{"k":"v"}}`

func TestIndexKeepsWhatItDoesNotKnow(t *testing.T) {
	s := testStore(t)
	writeTest(t, s.indexPath(), foreign)
	o := storetest.NewOrigin(t, "quay.io/org/m:1", map[string]string{"m": "bytes"})
	if _, err := s.Land(t.Context(), o.Plan, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context(), "quay.io/org/m:1"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(s.indexPath())
	if err != nil {
		t.Fatal(err)
	}
	if !sameJSON(t, got, []byte(foreign)) {
		t.Errorf("got %s", got)
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y map[string]json.RawMessage
	for _, p := range []struct {
		data []byte
		v    *map[string]json.RawMessage
	}{{a, &x}, {b, &y}} {
		if err := json.Unmarshal(p.data, p.v); err != nil {
			t.Fatal(err)
		}
		for k, v := range *p.v {
			(*p.v)[k] = compact(t, v)
		}
	}
	return reflect.DeepEqual(x, y)
}

func compact(t *testing.T, raw json.RawMessage) json.RawMessage {
	t.Helper()
	out, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func entryJSON(digest, name string) string {
	if name == "" {
		return `{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"` + digest + `","size":2}`
	}
	return `{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"` + digest +
		`","size":2,"annotations":{"org.opencontainers.image.ref.name":"` + name + `"}}`
}

func TestIndexPut(t *testing.T) {
	const a = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	const b = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	const c = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
	for _, test := range []struct {
		what      string
		before    []string // digest, name, …
		after     []string
		displaced []string
		changed   bool
	}{
		{"new", nil, []string{a, "n"}, nil, true},
		{"same", []string{a, "n"}, []string{a, "n"}, nil, false},
		{"moved", []string{b, "n", c, "m"}, []string{c, "m", a, "n"}, []string{b}, true},
		{"moved, with what Podman left of the last move", []string{b, "", b, "n", c, ""}, []string{c, "", a, "n"}, []string{b}, true},
		{"unnamed entry of the same manifest", []string{a, ""}, []string{a, "n"}, nil, true},
		{"named and unnamed", []string{a, "n", a, ""}, []string{a, "n"}, nil, true},
		{"twice", []string{a, "n", a, "n"}, []string{a, "n"}, nil, true},
		{"other name keeps the manifest", []string{b, "n", b, "m"}, []string{b, "m", a, "n"}, []string{b}, true},
	} {
		x := newIndex()
		for i := 0; i < len(test.before); i += 2 {
			x = appendEntry(t, x, entryJSON(test.before[i], test.before[i+1]))
		}
		displaced, changed, err := x.put("n", descriptor{MediaType: "application/vnd.oci.image.manifest.v1+json", Digest: a, Size: 2})
		if err != nil {
			t.Fatal(err)
		}
		var after, gone []string
		for i := range x.entries {
			after = append(after, x.entries[i].desc.Digest.String(), x.entries[i].name())
		}
		for _, d := range displaced {
			gone = append(gone, d.String())
		}
		if !reflect.DeepEqual(after, test.after) || !reflect.DeepEqual(gone, test.displaced) || changed != test.changed {
			t.Errorf("%s: got %v, displaced %v, changed %v", test.what, after, gone, changed)
		}
	}
}

func appendEntry(t *testing.T, x *index, raw string) *index {
	t.Helper()
	one, err := parseIndex([]byte(`{"manifests":[` + raw + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	x.entries = append(x.entries, one.entries...)
	return x
}

func TestIndexRefuses(t *testing.T) {
	for _, data := range []string{"", "null", "[]", "{", `{"manifests":{}}`, `{"manifests":"x"}`, `{"manifests":[}`} {
		if x, err := parseIndex([]byte(data)); err == nil {
			t.Errorf("%q: parsed as %+v", data, x)
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(foreign))
	f.Add([]byte(`{"schemaVersion":2,"manifests":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := parseIndex(data)
		if err != nil {
			return
		}
		out, err := x.marshal()
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		again, err := parseIndex(out)
		if err != nil || len(again.entries) != len(x.entries) || len(again.fields) != len(x.fields) {
			t.Errorf("%q: written as %q, read as %+v, %v", data, out, again, err)
		}
	})
}
