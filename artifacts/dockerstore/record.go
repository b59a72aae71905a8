package dockerstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/atrest"
	"github.com/paddock-dev/paddock/artifacts/packaging"
)

const (
	recordExt = ".json"
	maxRecord = 4 * atrest.MaxManifest
)

// record is what Docker does not keep of an image.
type record struct {
	// ID is Docker's for the image: the digest of its config, or of a manifest that Docker made.
	ID               string
	Manifest, Config []byte
	// Files are those below packaging.ImageRoot, with the digests of their contents.
	Files   []packaging.File
	Pointer string
}

// digest returns that of the manifest.
func (r *record) digest() digest.Digest { return digest.FromBytes(r.Manifest) }

// path is the file of an image's record.
func (s *Store) path(id string) (string, error) {
	d, err := digest.Parse(id)
	if err != nil {
		return "", fmt.Errorf("docker's ID of an image, %.100q: %w", id, err)
	}
	return filepath.Join(s.dir, d.Encoded()+recordExt), nil
}

// records reads all records. One that cannot be parsed is passed over: landing the image again writes it anew.
func (s *Store) records() ([]record, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []record
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), recordExt) {
			continue
		}
		data, err := atrest.ReadBounded(filepath.Join(s.dir, e.Name()), maxRecord)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed just now
		} else if err != nil {
			return nil, err
		}
		var r record
		if err := json.Unmarshal(data, &r); err != nil {
			s.logger.Warn("passing over the record of an image", "file", e.Name(), "error", err)
			continue
		}
		all = append(all, r)
	}
	return all, nil
}

// write writes a record, for good. The caller holds the lock.
func (s *Store) write(r *record) (err error) {
	path, err := s.path(r.ID)
	if err != nil {
		return err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(s.dir, ".record-")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return atrest.SyncDir(s.dir)
}

// forget removes the records of images that Docker no longer has. The caller holds the lock.
func (s *Store) forget(images map[string][]tagged) error {
	records, err := s.records()
	if err != nil {
		return err
	}
	for i := range records {
		if _, there := images[records[i].ID]; there {
			continue
		}
		path, err := s.path(records[i].ID)
		if err == nil {
			err = os.Remove(path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// model describes the image under a name.
func (r *record) model(name string) (*artifacts.Model, error) {
	m := &artifacts.Model{
		Name: name, Kind: artifacts.KindImage, Digest: r.digest(), Store: Word, Manifest: r.Manifest, Mount: mount(name), Created: created(r.Config),
	}
	refs, err := atrest.ParseRefs(r.Manifest)
	if err != nil {
		return nil, fmt.Errorf("parsing the manifest of %s: %w", name, err)
	}
	m.Annotations = refs.Annotations
	for _, b := range refs.Blobs {
		m.Size += b.Size
	}
	parsed, err := packaging.ImageModel(r.Manifest, r.Config, r.Files, r.Pointer)
	if err != nil {
		return nil, fmt.Errorf("describing %s: %w", name, err)
	}
	m.Packaging = *parsed
	return m, nil
}

// created is when the publisher says that it made the image.
func created(config []byte) time.Time {
	var doc struct {
		Created time.Time `json:"created"`
	}
	if json.Unmarshal(config, &doc) != nil || doc.Created.Unix() == 0 {
		return time.Time{}
	}
	return doc.Created
}
