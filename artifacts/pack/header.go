package pack

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/gguf"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/artifacts/safetensors"
)

// Header is what a file is by its first bytes.
type Header struct {
	// Role is what GGUF says of itself, and else what the name does.
	Role packaging.Role
	// GGUF and Safetensors are nil if the file is of another kind.
	GGUF        *gguf.Facts
	Safetensors *safetensors.Facts
}

// ReadHeader tells what a file of size bytes is, name being its place in the model. A file that ends before its own header says
// (a download that was cut) is an error that wraps artifacts.ErrVerification; one that is not what its name says, or has a header
// that cannot be read, is another. The Header is never nil: with an error, its Role is by the name.
func ReadHeader(name string, r io.ReaderAt, size int64) (*Header, error) {
	h := &Header{Role: packaging.RoleByName(name)}
	magic := make([]byte, min(4, max(size, 0)))
	if _, err := r.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return h, err
	}
	lower := strings.ToLower(name)
	switch {
	case string(magic) == "GGUF":
		return h, h.readGGUF(name, r, size)
	case strings.HasSuffix(lower, ".gguf"):
		return h, fmt.Errorf("it is no GGUF file, it begins with %q", magic)
	case strings.HasSuffix(lower, ".safetensors"):
		facts, err := safetensors.Read(r, size)
		if errors.Is(err, safetensors.ErrTruncated) {
			return h, fmt.Errorf("%w: %w", artifacts.ErrVerification, err)
		}
		h.Safetensors = facts
		return h, err
	}
	return h, nil
}

// readGGUF tells what kind of file it is (ggml/docs/gguf.md, general.type). The name decides only where the header says nothing.
func (h *Header) readGGUF(name string, r io.ReaderAt, size int64) error {
	facts, err := gguf.Read(r, size)
	switch {
	case errors.Is(err, gguf.ErrTruncated):
		return fmt.Errorf("%w: %w", artifacts.ErrVerification, err)
	case err != nil:
		return err
	}
	if end := fmt.Sprintf("-%05d-of-%05d.gguf", facts.Shard, facts.Shards); facts.Shards > 1 && !strings.HasSuffix(path.Base(name), end) {
		return fmt.Errorf("it is shard %d of %d, and llama.cpp wants its name to end in %s", facts.Shard, facts.Shards, end)
	}
	h.GGUF = facts
	switch {
	case facts.Type == "mmproj" || facts.Architecture == "clip":
		h.Role = packaging.Projector
	case facts.Type == "adapter":
		h.Role = packaging.Adapter
	case facts.Type == "imatrix":
		h.Role = packaging.Other
	case facts.Type == "model" || h.Role != packaging.Projector && h.Role != packaging.Adapter:
		h.Role = packaging.Weights
	}
	return nil
}

// Cut says why a file is not whole by its own header: see ReadHeader. A file of another kind, or of a version that nobody here
// knows, is not judged; one that cannot be read is an error.
func Cut(name string, r io.ReaderAt, size int64) error {
	watched := &watched{r: r}
	_, err := ReadHeader(name, watched, size)
	if !errors.Is(err, artifacts.ErrVerification) {
		err = watched.err
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

// watched keeps the first error of a reader, by which a file that cannot be read is told from one that is not understood.
type watched struct {
	r   io.ReaderAt
	err error
}

// ReadAt implements io.ReaderAt.
func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.r.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) && w.err == nil {
		w.err = err
	}
	return n, err
}
