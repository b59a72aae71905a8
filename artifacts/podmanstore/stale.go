package podmanstore

import (
	"slices"
	"time"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// staleStaging returns the downloads that were given up.
func (s *Store) staleStaging() ([]artifacts.Finding, error) {
	entries, err := s.area.Prune(s.stale, true)
	if err != nil {
		return nil, err
	}
	findings := make([]artifacts.Finding, len(entries))
	for i := range entries {
		findings[i] = staleFinding(&entries[i])
	}
	return findings, nil
}

func staleFinding(e *staging.Entry) artifacts.Finding {
	return artifacts.Finding{
		Kind: artifacts.FindingStaleStaging, Digest: e.Digest, Bytes: e.Allocated, Mendable: true,
		Detail: "a download that nobody went on with since " + e.Modified.UTC().Format(time.RFC3339),
		Action: "delete what was downloaded",
	}
}

// mendStaging deletes the downloads that are given up, if any of the findings is one. A download has no lock to be looked
// at again under but its own, which Prune takes.
func (s *Store) mendStaging(findings []artifacts.Finding) ([]artifacts.Finding, error) {
	if !slices.ContainsFunc(findings, func(f artifacts.Finding) bool { return f.Kind == artifacts.FindingStaleStaging }) {
		return nil, nil
	}
	entries, err := s.area.Prune(s.stale, false)
	mended := make([]artifacts.Finding, len(entries))
	for i := range entries {
		mended[i] = staleFinding(&entries[i])
	}
	return mended, err
}

func (s *Store) stagingBytes() (int64, error) {
	entries, err := s.area.Entries()
	if err != nil {
		return 0, err
	}
	var total int64
	for i := range entries {
		total += entries[i].Allocated
	}
	return total, nil
}
