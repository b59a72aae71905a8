package podmanstore

import (
	"fmt"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
)

// look is what one examination goes by: the files of the store, and which files processes have open.
type look struct {
	top   []storeFile
	blobs map[string][]storeFile // by digest algorithm
	trash []storeFile
	// unpacked are the folders that a process was unpacking in when it was killed.
	unpacked []storeFile
	open     fileSet
	grace    time.Duration
}

// newLook lists the files first, and then asks what is open: the other way round, a file that was begun in between would
// seem to be nobody's.
func (s *Store) newLook(opts *artifacts.DoctorOptions) (*look, error) {
	l := &look{grace: s.grace}
	if opts != nil && opts.Grace != 0 {
		l.grace = max(opts.Grace, 0)
	}
	var err error
	if l.top, err = dirFiles(s.root); err != nil {
		return nil, err
	}
	if l.blobs, err = s.blobFiles(); err != nil {
		return nil, err
	}
	if l.trash, err = dirFiles(s.work.trash); err != nil {
		return nil, err
	}
	if l.unpacked, err = s.leftWorkspaces(); err != nil {
		return nil, err
	}
	l.open, err = openFiles()
	return l, err
}

func (l *look) isOld(f *storeFile) bool { return time.Since(f.changed) >= l.grace }

// finding is a file that goes.
func (f *storeFile) finding(kind artifacts.FindingKind, detail string) artifacts.Finding {
	return artifacts.Finding{Kind: kind, Path: f.path, Bytes: f.bytes, Detail: detail, Action: "delete the file", Mendable: true}
}

// concerns says whether a finding is about the entry.
func concerns(f *artifacts.Finding, e *entry) bool {
	if (f.Kind == artifacts.FindingBadEntry) != (e.err != nil) {
		return false
	}
	if e.err != nil {
		return f.Detail == badEntry(e)
	}
	return f.Name == e.name() && f.Digest == e.desc.Digest
}

func badEntry(e *entry) string { return fmt.Sprintf("%s: %v", abridge(e.raw), e.err) }
