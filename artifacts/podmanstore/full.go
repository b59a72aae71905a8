package podmanstore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unicode"

	imgspecv1 "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sys/unix"
)

// isFull says that a write failed for want of room: on the disk, in its table of files, or in a quota.
func isFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// writeIndex replaces the index by x, as writeFile does. It is also how a model is removed, and that must work when the
// disk is full, or nobody could make room. Then, in this order: what is in the trash goes, though it is deleted under the
// lock; and entries that x lacks are overwritten by blanks where they stand, which takes no new block. Of the two, only
// the second is not atomic. What a crash in that moment can spoil is one entry's text, and only if it lies across two
// blocks of the disk; Podman truncates the file and writes all of it anew (oci_dest.go, os.WriteFile). An x with anything
// new in it is refused with the disk's error.
func (s *Store) writeIndex(x *index) error {
	data, err := x.marshal()
	if err != nil {
		return fmt.Errorf("writing the index of %s: %w", s.root, err)
	}
	path := filepath.Join(s.root, imgspecv1.ImageIndexFile)
	if err = s.replace(path, data); !isFull(err) {
		return err
	}
	trash := s.emptyTrash()
	if err = s.replace(path, data); !isFull(err) {
		return err
	}
	blank := x.blanked(data)
	if blank == nil {
		return errors.Join(err, trash)
	}
	s.logger.Info("writing the index in place", "store", s.root, "error", err)
	if inPlace := overwrite(path, x.text, blank); inPlace != nil {
		return errors.Join(inPlace, trash)
	}
	return nil
}

// blanked returns the text that x was read from, with every entry that x no longer has, and its comma, overwritten by
// blanks; nil if that does not say what x says, which is data.
func (x *index) blanked(data []byte) []byte {
	old, err := parseIndex(x.text)
	if err != nil {
		return nil // x was not read, but made
	}
	text := bytes.Clone(x.text)
	kept, at := 0, 0
	for i := range old.entries {
		raw := old.entries[i].raw
		from := bytes.Index(text[at:], raw)
		if from < 0 {
			return nil
		}
		from += at
		at = from + len(raw)
		if kept < len(x.entries) && bytes.Equal(raw, x.entries[kept].raw) {
			kept++
			continue
		}
		blankOut(text, from, at)
	}
	// The search can be misled, by a copy of an entry elsewhere in the index. Reading the result is the proof.
	now, err := parseIndex(text)
	if err != nil {
		return nil
	}
	if same, err := now.marshal(); err != nil || !bytes.Equal(same, data) {
		return nil
	}
	return text
}

// blankOut blanks the element text[from:to] of a JSON array, and the comma after it, or before it if it is the last.
func blankOut(text []byte, from, to int) {
	rest := bytes.TrimLeftFunc(text[to:], unicode.IsSpace)
	before := bytes.TrimRightFunc(text[:from], unicode.IsSpace)
	if bytes.HasPrefix(rest, []byte(",")) {
		to = len(text) - len(rest) + 1
	} else if bytes.HasSuffix(before, []byte(",")) {
		from = len(before) - 1
	}
	copy(text[from:to], bytes.Repeat([]byte(" "), to-from))
}

// overwrite turns a file's text into another of the same length, in place and synced. Only the bytes from the first
// difference to the last are written. If that fails half-way, as it can on a file system that writes no block twice
// (btrfs), the old bytes are put back.
func overwrite(path string, old, text []byte) (err error) {
	from, to := 0, len(text)
	for from < to && old[from] == text[from] {
		from++
	}
	for to > from && old[to-1] == text[to-1] {
		to--
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("writing %s in place: %w", path, err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = fmt.Errorf("writing %s in place: %w", path, err)
		}
	}()
	if n, err := f.WriteAt(text[from:to], int64(from)); err != nil {
		_, back := f.WriteAt(old[from:from+n], int64(from))
		return errors.Join(err, back)
	}
	return f.Sync()
}
