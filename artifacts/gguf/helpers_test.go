package gguf_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/tests/fixtures"
)

// model makes a model or ends the test.
func model(t testing.TB, o *fixtures.Options) []byte {
	t.Helper()
	b, err := fixtures.GGUF(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// container makes a file of metadata and tensors, with pad bytes at its end.
func container(t testing.TB, c *fixtures.Container, pad int) []byte {
	t.Helper()
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return append(b, make([]byte, pad)...)
}

func read(b []byte) (*gguf.Facts, error) { return gguf.Read(bytes.NewReader(b), int64(len(b))) }

// facts reads a file that is whole.
func facts(t testing.TB, b []byte) *gguf.Facts {
	t.Helper()
	f, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// kv is short for a list of metadata, given as key, value, key, value.
func kv(pairs ...any) []fixtures.KV {
	var kvs []fixtures.KV
	for i := 0; i < len(pairs); i += 2 {
		kvs = append(kvs, fixtures.KV{Key: pairs[i].(string), Value: pairs[i+1]})
	}
	return kvs
}

// counting is a reader that notes how it is used.
type counting struct {
	r        io.ReaderAt
	requests int
	bytes    int64
	end      int64 // of the furthest byte asked for
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.requests++
	c.bytes += int64(len(p))
	c.end = max(c.end, off+int64(len(p)))
	return c.r.ReadAt(p, off)
}

// allocated returns how many bytes a function allocates in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

var errBroken = errors.New("the line is dead")

// broken fails after some bytes.
type broken struct {
	r     io.ReaderAt
	after int64
}

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.after {
		return 0, errBroken
	}
	return b.r.ReadAt(p, off)
}
