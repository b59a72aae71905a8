package staging

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/paddock-dev/paddock/artifacts"
)

// errStale says that bytes arrived for an attempt that was given up.
var errStale = errors.New("attempt was given up")

// attempt is one try at a blob: a part that fills up. When its bytes turn out wrong it is killed and its file unlinked,
// so that a write that is still under way cannot reach the next attempt.
type attempt struct {
	item *item
	file *os.File
	// alone makes it one request from 0, because the origin serves no ranges or its ranges gave wrong bytes.
	alone    bool
	disk     *budget
	progress artifacts.Progress
	// gone is closed when the attempt is killed; grown has a token when the prefix grew.
	gone, grown chan struct{}

	mu       sync.Mutex // guards the fields below
	written  ranges
	unsynced int64 // bytes written but not in the journal
	closed   bool  // killed, or published

	syncing sync.Mutex // held while a checkpoint, kill or publish uses the files; taken before mu
}

// write puts bytes at their place and counts them. The budget is charged before, and paid back by the checkpoint.
func (at *attempt) write(data []byte, off int64) error {
	if _, err := at.file.WriteAt(data, off); err != nil {
		if errors.Is(err, os.ErrClosed) {
			err = errStale
		}
		at.disk.free(int64(len(data)))
		return fmt.Errorf("writing %d bytes to %s: %w", len(data), at.file.Name(), err)
	}
	n := int64(len(data))
	at.mu.Lock()
	defer at.mu.Unlock()
	if at.closed {
		at.disk.free(n)
		return errStale
	}
	before := at.written.prefix()
	at.written = at.written.add(span{off, off + n})
	at.unsynced += n
	at.disk.wrote(n)
	at.progress.Advance(at.item.blob.Digest, n)
	if at.written.prefix() > before {
		select {
		case at.grown <- struct{}{}:
		default:
		}
	}
	return nil
}

func (at *attempt) prefix() int64 {
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.written.prefix()
}

// checkpoint syncs what is written and then says so in the journal.
func (at *attempt) checkpoint() error {
	at.syncing.Lock()
	defer at.syncing.Unlock()
	at.mu.Lock()
	claim := append(ranges(nil), at.written...)
	n, closed := at.unsynced, at.closed
	at.mu.Unlock()
	if closed || n == 0 {
		return nil
	}
	inode, size, err := identify(at.file)
	if err != nil {
		return err
	}
	if err := unix.Fdatasync(int(at.file.Fd())); err != nil {
		return fmt.Errorf("syncing %s: %w", at.file.Name(), err)
	}
	j := &journal{Version: journalVersion, Digest: at.item.key, Size: size, Inode: inode, Ranges: claim}
	if err := j.write(at.item.place); err != nil {
		return err
	}
	at.mu.Lock()
	at.unsynced -= n
	at.mu.Unlock()
	at.disk.synced(n)
	return nil
}

// close ends the attempt. It says false if it had ended before, and else how many bytes it had.
func (at *attempt) close() (had int64, first bool) {
	at.mu.Lock()
	defer at.mu.Unlock()
	if at.closed {
		return 0, false
	}
	at.closed = true
	at.disk.synced(at.unsynced)
	return at.written.total(), true
}

func (at *attempt) ended() bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.closed
}

// kill ends the attempt and removes its files. It says false if another was first.
func (at *attempt) kill() (bool, error) {
	at.syncing.Lock()
	defer at.syncing.Unlock()
	had, first := at.close()
	if !first {
		return false, nil
	}
	close(at.gone)
	at.progress.Advance(at.item.blob.Digest, -had)
	err := errors.Join(at.item.place.dropRest(), at.file.Close())
	if err != nil {
		return true, fmt.Errorf("discarding %s: %w", at.file.Name(), err)
	}
	return true, nil
}

// publish ends the attempt with success: the part becomes the blob.
func (at *attempt) publish(ctx context.Context) error {
	at.syncing.Lock()
	defer at.syncing.Unlock()
	if at.ended() {
		return errStale
	}
	if err := at.item.publish(ctx, at.file); err != nil {
		return err
	}
	at.close()
	return errors.Join(at.item.place.dropRest(), at.file.Close())
}

// leave ends the attempt without a result: what arrived is kept for the next time, nothing is kept if nothing arrived.
func (at *attempt) leave() error {
	err := at.checkpoint()
	at.syncing.Lock()
	defer at.syncing.Unlock()
	had, first := at.close()
	if !first {
		return err
	}
	err = errors.Join(err, at.file.Close())
	if had == 0 {
		err = errors.Join(err, at.item.place.dropRest())
	}
	return err
}
