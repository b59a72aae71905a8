package staging

import (
	"context"
	"fmt"
	"hash"
	"io"
)

// hashBuffer is what is read back at once. It stays in a processor's cache between the copy and the hash.
const hashBuffer = 256 << 10

// slots lend buffers to those who hash; their number bounds how many do so at once.
type slots chan []byte

func newSlots(n int) slots {
	s := make(slots, n)
	for range n {
		s <- make([]byte, hashBuffer)
	}
	return s
}

func (s slots) take(ctx context.Context) ([]byte, error) {
	select {
	case buf := <-s:
		return buf, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s slots) put(buf []byte) { s <- buf }

// follow hashes the part from its start as the prefix grows, and returns an error that wraps artifacts.ErrVerification
// if the whole is not what was promised, errStale if the attempt was killed.
func (at *attempt) follow(ctx context.Context, s slots) error {
	h := at.item.algorithm().Hash()
	for done := int64(0); done < at.item.blob.Size; {
		end, err := at.await(ctx, done)
		if err != nil {
			return err
		}
		buf, err := s.take(ctx)
		if err != nil {
			return err
		}
		err = at.hash(ctx, h, span{done, end}, buf)
		s.put(buf)
		if err != nil {
			return err
		}
		done = end
	}
	return at.item.accept(h, at.item.blob.Size)
}

// await returns the end of the prefix as soon as it is beyond done.
func (at *attempt) await(ctx context.Context, done int64) (int64, error) {
	for {
		if end := at.prefix(); end > done {
			return end, nil
		}
		select {
		case <-at.grown:
		case <-at.gone:
			return 0, errStale
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (at *attempt) hash(ctx context.Context, h hash.Hash, s span, buf []byte) error {
	n, err := hashFrom(ctx, h, io.NewSectionReader(at.file, s.from, s.len()), buf)
	if err == nil && n != s.len() {
		err = io.ErrUnexpectedEOF
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	select {
	case <-at.gone:
		return errStale
	default:
		return fmt.Errorf("reading back %s: %w", at.file.Name(), err)
	}
}

// hashFrom feeds h until the reader ends, and says how many bytes that were.
func hashFrom(ctx context.Context, h io.Writer, r io.Reader, buf []byte) (int64, error) {
	var total int64
	for {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		n, err := r.Read(buf)
		total += int64(n)
		if _, werr := h.Write(buf[:n]); werr != nil {
			return total, werr
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}
