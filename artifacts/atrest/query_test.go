package atrest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
)

const (
	digestA = "sha256:abc0000000000000000000000000000000000000000000000000000000000000"
	digestB = "sha256:abc1000000000000000000000000000000000000000000000000000000000000"
)

func TestMatch(t *testing.T) {
	entries := []Entry{
		{"quay.io/org/z:1", digestA}, {"quay.io/org/typed", digestA}, {"abc1", digestA}, {"", digestB}, {"quay.io/org/a:latest", digestA}, {"", ""},
	}
	for query, want := range map[string][]int{
		"quay.io/org/typed:latest":   {1},
		"quay.io/org/a":              {4},
		"quay.io/org/z@" + digestA:   {0},
		"quay.io/org/z@" + digestB:   nil,
		"quay.io/org/typed:1":        nil,
		"abc1":                       {2}, // a name goes before a digest
		"abc10":                      {3},
		"sha256:abc0":                {2, 4, 1, 0},
		"abc":                        {3, 2, 4, 1, 0},
		"ab":                         {3, 2, 4, 1, 0},
		"":                           nil,
		"ABC0":                       nil,
		digestA + "0":                nil,
		"sha512:" + digestA[7:]:      nil,
		digestB:                      {3},
		"quay.io/org/a:2@" + digestA: {4}, // the digest counts
		"quay.io/org/a:2@" + digestB: nil,
	} {
		if got := Match(query, entries); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", query, got, want)
		}
	}
	err := Ambiguous("abc", entries[2:4])
	if !errors.Is(err, artifacts.ErrAmbiguous) || !strings.Contains(err.Error(), "abc1 (abc000000000), <unnamed> (abc100000000)") {
		t.Errorf("got %v", err)
	}
}
