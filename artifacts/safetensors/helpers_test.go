package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/safetensors"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// file is a header and so many bytes of data.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// model makes the files of a model, by name.
func model(t testing.TB, shards int) map[string][]byte {
	t.Helper()
	files, err := fixtures.Safetensors(nil, "", shards)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string][]byte{}
	for _, f := range files {
		m[f.Path] = f.Data
	}
	return m
}

func read(b []byte) (*safetensors.Facts, error) {
	return safetensors.Read(bytes.NewReader(b), int64(len(b)))
}

// shards reads all the safetensors files of a model.
func shards(t testing.TB, files map[string][]byte) map[string]*safetensors.Facts {
	t.Helper()
	m := map[string]*safetensors.Facts{}
	for name, b := range files {
		if strings.HasSuffix(name, ".safetensors") {
			f, err := read(b)
			if err != nil {
				t.Fatal(err)
			}
			m[name] = f
		}
	}
	return m
}

// allocated returns how many bytes a function allocates in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
