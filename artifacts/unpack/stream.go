package unpack

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/klauspost/pgzip"
	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

// What decoders may use. The window is the one of the zstd program, which refuses larger ones too unless told not to.
const (
	maxWindow  = 128 << 20
	gzipBlock  = 256 << 10
	gzipBlocks = 8
)

// stream is one layer while it is read: the bytes as they are stored, and the tar in them.
type stream struct {
	layer *packaging.File
	blob  *meter
	tar   *meter
	close func() error // ends the decoder and the blob
}

// openStream starts to read a layer.
func openStream(ctx context.Context, f *packaging.File, open Opener, limit int64) (*stream, error) {
	rc, err := open(ctx, f.Digest)
	if err != nil {
		return nil, fmt.Errorf("opening it: %w", err)
	}
	s := &stream{layer: f, blob: newMeter(ctx, rc, f.Digest.Algorithm(), f.Size)}
	s.blob.beyond = fmt.Errorf("%w: it is longer than its %d bytes", artifacts.ErrVerification, f.Size)
	plain, closeDecoder, err := decode(f.Encoding, s.blob)
	if err != nil {
		return nil, errors.Join(s.explain(err), rc.Close())
	}
	s.close = func() error {
		closeDecoder()
		return rc.Close()
	}
	s.tar = newMeter(ctx, plain, s.diffAlgorithm(), limit)
	s.tar.beyond = fmt.Errorf("%w: its %d bytes expand to more than %d", artifacts.ErrVerification, f.Size, limit)
	return s, nil
}

// diffAlgorithm is the hash that the DiffID needs; "" if there is none, or if the layer's digest already is of the tar.
func (s *stream) diffAlgorithm() digest.Algorithm {
	f := s.layer
	if f.DiffID == "" || f.Encoding == packaging.Tar && f.DiffID.Algorithm() == f.Digest.Algorithm() {
		return ""
	}
	return f.DiffID.Algorithm()
}

// decode undoes the compression. The returned function ends what runs for it.
func decode(e packaging.Encoding, r io.Reader) (io.Reader, func(), error) {
	switch e {
	case packaging.Tar:
		return r, func() {}, nil
	case packaging.TarGzip:
		z, err := pgzip.NewReaderN(r, gzipBlock, gzipBlocks)
		if err != nil {
			return nil, nil, err
		}
		return z, func() { _ = z.Close() }, nil // it repeats the error of Read
	case packaging.TarZstd:
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(2))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return nil, nil, fmt.Errorf("%w: encoding %q is none that can be unpacked", artifacts.ErrVerification, e)
}

// drain reads what follows the archive's end, up to that of the layer.
func (s *stream) drain() error {
	for _, m := range []*meter{s.tar, s.blob} {
		if _, err := io.Copy(io.Discard, struct{ io.Reader }{m}); err != nil {
			return &readError{err: err}
		}
	}
	return nil
}

// readError is what came out of a stream instead of bytes.
type readError struct {
	entry string // whose content it would have been; "" between entries
	err   error
}

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// locate says of an error in which entry it happened.
func (e *readError) locate(err error) error {
	if e.entry == "" {
		return err
	}
	return fmt.Errorf("entry %.300q: %w", e.entry, err)
}

// explain tells what stopped the reading: the source itself, a limit, or bytes that are no archive. Decoders do not always
// pass on the error that they met. The stream is closed, so that none of them still reads.
func (s *stream) explain(err error) error {
	switch {
	case s.blob.ctx.Err() != nil:
		return s.blob.ctx.Err()
	case s.blob.err != nil:
		return s.blob.err
	case s.tar != nil && s.tar.err != nil && errors.Is(s.tar.err, s.tar.beyond):
		return s.tar.err
	}
	return fmt.Errorf("%w: it is no sound %s archive: %w", artifacts.ErrVerification, s.layer.Encoding, err)
}

// verify compares what was read to the end with what was promised.
func (s *stream) verify() error {
	if s.blob.n != s.layer.Size {
		return fmt.Errorf("%w: it has %d bytes, not %d", artifacts.ErrVerification, s.blob.n, s.layer.Size)
	}
	got := s.blob.digest()
	if got != s.layer.Digest {
		return fmt.Errorf("%w: its bytes have the digest %s", artifacts.ErrVerification, got)
	}
	if s.tar.hash != nil {
		got = s.tar.digest()
	}
	if want := s.layer.DiffID; want != "" && got != want {
		return fmt.Errorf("%w: the tar in it has the digest %s, not %s as its publisher says", artifacts.ErrVerification, got, want)
	}
	return nil
}

// checkDigests refuses digests that nothing could be compared with.
func checkDigests(f *packaging.File) error {
	if err := f.Digest.Validate(); err != nil {
		return fmt.Errorf("%w: digest %q: %w", artifacts.ErrVerification, f.Digest, err)
	}
	if f.DiffID == "" {
		return nil
	}
	if err := f.DiffID.Validate(); err != nil {
		return fmt.Errorf("%w: the digest of the tar in it, %.100q: %w", artifacts.ErrVerification, f.DiffID, err)
	}
	return nil
}
