package storetest

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
)

// unsaid hides the digest of the origin's last blob: the plan has it pending, under a name of its own.
func (s *suite) unsaid(o *Origin, as string) *artifacts.Plan {
	last := o.Plan.Blobs[len(o.Plan.Blobs)-1]
	return &artifacts.Plan{
		Name: ParseName(s, as), Kind: o.Plan.Kind,
		Pending: []artifacts.Pending{{Name: "model.gguf", Identity: "one", Size: last.Size, Open: last.Open}},
		Complete: func(found []artifacts.Found) (*artifacts.Plan, error) {
			if len(found) != 1 || found[0].Digest != last.Digest || found[0].Size != last.Size {
				s.Errorf("found %+v, want %s", found, last.Digest)
			}
			return o.Plan, nil
		},
	}
}

// pending: a file whose digest nobody said is read once, and landed under the plan's name.
func (s *suite) pending() {
	o := s.origin(nameOne, "weights")
	if o.Plan.Kind == artifacts.KindImage {
		return // layers of images are never without digest
	}
	m, err := s.store.Land(s.Context(), s.unsaid(o, nameTwo), nil)
	if err != nil {
		s.Fatal(err)
	}
	if m.Name != nameTwo || m.Digest != o.Plan.Digest {
		s.Errorf("landed %s, %s", m.Name, m.Digest)
	}
	s.names(nameTwo)
	s.found(nameTwo, o)
	if n := o.ReadOf("weights"); n != int64(len("weights")) {
		s.Errorf("%d bytes read", n)
	}
}

// pendingLie: what was said of the digest is believed of no byte, and nothing is named.
func (s *suite) pendingLie() {
	o := s.origin(nameOne, "weights")
	if o.Plan.Kind == artifacts.KindImage {
		return
	}
	plan := s.unsaid(o, nameTwo)
	plan.Pending[0].Digest = digest.FromString("others")
	if _, err := s.store.Land(s.Context(), plan, nil); !errors.Is(err, artifacts.ErrVerification) {
		s.Errorf("wrong digest: %v", err)
	}
	plan = s.unsaid(o, nameTwo)
	gone := errors.New("gone")
	plan.Pending[0].Open = func(context.Context, int64, int64) (io.ReadCloser, error) { return nil, gone }
	plan.Pending[0].Identity = "two"
	if _, err := s.store.Land(s.Context(), plan, nil); !errors.Is(err, gone) {
		s.Errorf("origin fails: %v", err)
	}
	refused := errors.New("refused")
	plan = s.unsaid(o, nameTwo)
	plan.Complete = func([]artifacts.Found) (*artifacts.Plan, error) { return nil, refused }
	if _, err := s.store.Land(s.Context(), plan, nil); !errors.Is(err, refused) {
		s.Errorf("plan refused: %v", err)
	}
	o = s.origin(nameOne, "GGUF\x03\x00\x00\x00") // a header that is not there to its end
	if _, err := s.store.Land(s.Context(), s.unsaid(o, nameTwo), nil); !errors.Is(err, artifacts.ErrVerification) || !strings.Contains(err.Error(), "model.gguf") {
		s.Errorf("cut by its server: %v", err)
	}
	s.names()
}
