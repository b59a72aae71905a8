package unpack

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// sniffLength is how much of a layer is looked at, in bytes. It is enough for the first block of a compressed tar.
const sniffLength = 256 << 10

// identify returns the files of a model, those without any name identified by their first bytes. A manifest that describes
// no model, and has nothing in it that does so itself, is ErrNothing.
func identify(ctx context.Context, m *packaging.Model, open Opener) ([]packaging.File, error) {
	files := slices.Clone(m.Files)
	useful := m.Format != packaging.Unknown
	for i := range files {
		f := &files[i]
		if !f.MadeUp || f.Encoding != packaging.Raw || f.Path != f.Digest.Algorithm().String()+"-"+f.Digest.Encoded() {
			continue
		}
		head, err := readHead(ctx, f, open)
		if err != nil {
			return nil, fmt.Errorf("looking into %s: %w", label(f), err)
		}
		if extension := weightsExtension(head, f.Size); extension != "" {
			f.Path += extension
			if f.Role == packaging.Other {
				f.Role = packaging.Weights
			}
			useful = true
		} else if m.Format == packaging.Unknown {
			f.Encoding = encodingOf(head)
			useful = useful || f.Encoding != packaging.Raw
		}
	}
	if !useful {
		return nil, ErrNothing
	}
	return files, nil
}

func readHead(ctx context.Context, f *packaging.File, open Opener) (head []byte, err error) {
	rc, err := open(ctx, f.Digest)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rc.Close()) }()
	return io.ReadAll(io.LimitReader(rc, sniffLength))
}

// weightsExtension tells weights by their first bytes, and returns their extension; "" if they are none. size is that of the
// whole file. A safetensors file begins with the length of a JSON header, which its readers limit to 100 MB.
func weightsExtension(head []byte, size int64) string {
	const maxHeader = 100_000_000
	switch {
	case bytes.HasPrefix(head, []byte("GGUF")):
		return ".gguf"
	case len(head) > 8 && head[8] == '{':
		if n := binary.LittleEndian.Uint64(head); n >= 2 && n <= maxHeader && int64(n) <= size-8 {
			return ".safetensors"
		}
	}
	return ""
}

// encodingOf tells an archive by its first bytes; Raw if it is none. What only looks like one is Raw, too.
func encodingOf(head []byte) packaging.Encoding {
	encoding := packaging.Tar
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b, 8}):
		encoding = packaging.TarGzip
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		encoding = packaging.TarZstd
	}
	plain, end, err := decode(encoding, bytes.NewReader(head))
	if err != nil {
		return packaging.Raw
	}
	defer end()
	const magic, magicAt = "ustar", 257 // POSIX.1-2024, pax, ustar Interchange Format
	block := make([]byte, magicAt+len(magic))
	if _, err := io.ReadFull(plain, block); err != nil || string(block[magicAt:]) != magic {
		return packaging.Raw
	}
	return encoding
}
