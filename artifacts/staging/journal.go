package staging

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/opencontainers/go-digest"
)

// journalVersion changes when an older program could misread a journal.
const journalVersion = 1

// maxJournal bounds what is read of a journal. Ours are below 4 KiB.
const maxJournal = 1 << 20

// journal says which bytes of a part are on disk. It is one line of JSON, then the hex sha256 of that line: a torn or
// altered one is recognised, and not believed.
type journal struct {
	Version int           `json:"version"`
	Digest  digest.Digest `json:"digest"`
	Size    int64         `json:"size"`
	// Inode is the part's: a journal speaks of one file only, not of a later one of the same name.
	Inode  uint64 `json:"inode"`
	Ranges ranges `json:"ranges"`
}

func (j *journal) encode() ([]byte, error) {
	line, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(line)
	return fmt.Appendf(nil, "%s\n%x\n", line, sum), nil
}

func decodeJournal(data []byte) (*journal, error) {
	line, rest, ok := bytes.Cut(data, []byte("\n"))
	if !ok {
		return nil, errors.New("torn")
	}
	sum := sha256.Sum256(line)
	if want := hex.EncodeToString(sum[:]) + "\n"; string(rest) != want {
		return nil, errors.New("checksum does not match")
	}
	var j journal
	if err := json.Unmarshal(line, &j); err != nil {
		return nil, err
	}
	if j.Version != journalVersion {
		return nil, fmt.Errorf("version %d, not %d", j.Version, journalVersion)
	}
	if j.Size < 0 {
		return nil, fmt.Errorf("size %d", j.Size)
	}
	return &j, j.Ranges.check(j.Size)
}

func readJournal(path string) (*journal, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxJournal {
		return nil, fmt.Errorf("%s is no journal", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	j, err := decodeJournal(data)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return j, nil
}

// write replaces the journal of a place. A crash leaves the old one or the new one: the new bytes are synced before they
// take the name. The name itself need not be synced, since the old journal stays true.
func (j *journal) write(p place) error {
	data, err := j.encode()
	if err != nil {
		return fmt.Errorf("encoding journal: %w", err)
	}
	f, err := os.OpenFile(p.file(journalNew), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("writing journal: %w", err)
	}
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("writing journal: %w", errors.Join(err, f.Close()))
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("syncing journal: %w", err)
	}
	if err := os.Rename(p.file(journalNew), p.file(journalSuffix)); err != nil {
		return fmt.Errorf("replacing journal: %w", err)
	}
	return nil
}
