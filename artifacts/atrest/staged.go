package atrest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/staging"
)

// DefaultStale is after how long an unfinished download counts as given up.
const DefaultStale = 7 * 24 * time.Hour

// Candidates offers the staging area files that hold a blob: the store's own, which are right by construction, and else
// those of other tools (artifacts.LandOptions.Local; may be nil), which are not.
func Candidates(own, local func(digest.Digest, int64) []string) func(digest.Digest, int64) []staging.Candidate {
	return func(d digest.Digest, size int64) []staging.Candidate {
		paths := own(d, size)
		trusted := len(paths) > 0
		if !trusted && local != nil {
			paths = local(d, size)
		}
		found := make([]staging.Candidate, len(paths))
		for i, path := range paths {
			found[i] = staging.Candidate{Path: path, Trusted: trusted}
		}
		return found
	}
}

// StaleDownloads returns the downloads in an area that were given up, as findings.
func StaleDownloads(area *staging.Area, age time.Duration) ([]artifacts.Finding, error) {
	entries, err := area.Prune(age, true)
	return staleFindings(entries), err
}

// MendDownloads deletes the downloads that were given up, if any of the findings is one, and returns them. A download has
// no lock to be looked at again under but its own, which staging takes.
func MendDownloads(area *staging.Area, age time.Duration, findings []artifacts.Finding) ([]artifacts.Finding, error) {
	if !slices.ContainsFunc(findings, func(f artifacts.Finding) bool { return f.Kind == artifacts.FindingStaleStaging }) {
		return nil, nil
	}
	entries, err := area.Prune(age, false)
	return staleFindings(entries), err
}

func staleFindings(entries []staging.Entry) []artifacts.Finding {
	findings := make([]artifacts.Finding, len(entries))
	for i, e := range entries {
		findings[i] = artifacts.Finding{
			Kind: artifacts.FindingStaleStaging, Digest: e.Digest, Bytes: e.Allocated, Mendable: true,
			Detail: "a download that nobody went on with since " + e.Modified.UTC().Format(time.RFC3339),
			Action: "delete what was downloaded",
		}
	}
	return findings
}

// PruneDownloads is artifacts.Pruner's for an area.
func PruneDownloads(ctx context.Context, area *staging.Area, opts *artifacts.PruneOptions) ([]artifacts.Download, error) {
	if opts == nil {
		opts = &artifacts.PruneOptions{}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("pruning downloads: %w", err)
	}
	entries, err := area.Prune(opts.Age, opts.DryRun)
	if err != nil {
		err = fmt.Errorf("pruning downloads: %w", err)
	}
	downloads := make([]artifacts.Download, len(entries))
	for i, e := range entries {
		downloads[i] = artifacts.Download{
			Digest: e.Digest, Size: e.Size, Done: e.Bytes, Allocated: e.Allocated, Modified: e.Modified,
		}
	}
	return downloads, err
}

// StagingBytes is what an area holds on disk.
func StagingBytes(area *staging.Area) (int64, error) {
	entries, err := area.Entries()
	if err != nil {
		return 0, err
	}
	var total int64
	for i := range entries {
		total += entries[i].Allocated
	}
	return total, nil
}
