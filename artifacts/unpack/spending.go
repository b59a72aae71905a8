package unpack

import (
	"archive/tar"
	"fmt"
	"math"

	"github.com/paddock-dev/paddock/artifacts"
)

// spending adds up what the archives of a model hold.
type spending struct {
	limits  Options
	total   int64
	entries int
	names   int
}

// layer returns how many bytes a layer of a size may expand to.
func (s *spending) layer(size int64) int64 {
	if size > math.MaxInt64/s.limits.MaxRatio {
		return math.MaxInt64
	}
	return max(size*s.limits.MaxRatio, RatioFloor)
}

// entry counts an entry of any type.
func (s *spending) entry(hdr *tar.Header) error {
	s.entries++
	if s.entries > s.limits.MaxEntries {
		return fmt.Errorf("%w: it is the model's entry number %d, more than the limit", artifacts.ErrVerification, s.entries)
	}
	s.names += len(hdr.Name) + len(hdr.Linkname)
	if s.names > maxNames {
		return fmt.Errorf("%w: the names of all entries have more than %d bytes", artifacts.ErrVerification, maxNames)
	}
	return nil
}

// file counts the bytes of a file before any is written.
func (s *spending) file(size int64) error {
	if size < 0 || size > s.limits.MaxFile {
		return fmt.Errorf("%w: its size is %d bytes, more than the limit of %d", artifacts.ErrVerification, size, s.limits.MaxFile)
	}
	if size > s.limits.MaxTotal-s.total {
		return fmt.Errorf("%w: with its %d bytes the model has more than the limit of %d", artifacts.ErrVerification, size, s.limits.MaxTotal)
	}
	s.total += size
	return nil
}
