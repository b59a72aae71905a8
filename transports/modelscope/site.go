package modelscope

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/hub"
	"github.com/paddock-dev/paddock/transports/source"
)

// Bounds of what is believed of a repository: the size of an answer in bytes, and how many pages its list may have.
const (
	maxAnswer = 16 << 20
	maxPages  = 100
	maxCard   = 1 << 20
)

// site is ModelScope.
type site struct {
	*source.Web
	base *url.URL
}

var _ hub.Origin = (*site)(nil)

// listing is the API's answer about the files of a revision. Lists are given whole; a site that pages them says in TotalCount
// that there are more.
type listing struct {
	Code    int
	Message string
	Data    struct {
		TotalCount      int
		LatestCommitter struct{ ID string } // of the revision; ID is empty for some repositories
		Files           []struct {
			Path, Sha256, Type string
			Size               int64
		}
	}
}

// Look implements hub.Origin. The license is that of the revision's own card: what the API says is the repository's as it
// is now.
func (m *site) Look(ctx context.Context, repository, revision string) (*hub.Found, error) {
	if !strings.Contains(repository, "/") {
		return nil, fmt.Errorf("%w: %q: want ORG/REPO", artifacts.ErrInvalidName, repository)
	}
	found := &hub.Found{Repository: repository, At: cmp.Or(revision, branch), Page: endpoint + "/models/" + repository}
	seen := 0
	for page := 1; page <= maxPages; page++ {
		var l listing
		if err := m.page(ctx, found, page, &l); err != nil {
			return nil, err
		}
		if id := l.Data.LatestCommitter.ID; page == 1 && len(id) == 40 && strings.Trim(id, "0123456789abcdef") == "" {
			found.Commit, found.At = id, id
		}
		entries, err := l.entries()
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", repository, err)
		}
		found.Entries = append(found.Entries, entries...)
		seen += len(l.Data.Files)
		switch {
		case seen >= l.Data.TotalCount:
			return found, m.readCard(ctx, found)
		case len(l.Data.Files) == 0:
			return nil, fmt.Errorf("listing %s: %d files are announced, and %d listed", repository, l.Data.TotalCount, seen)
		}
	}
	return nil, fmt.Errorf("listing %s: it has more than %d pages", repository, maxPages)
}

// page reads one page of the list.
func (m *site) page(ctx context.Context, f *hub.Found, number int, into *listing) error {
	u := m.base.JoinPath("api/v1/models", f.Repository, "repo/files")
	query := url.Values{"Revision": {f.At}, "Recursive": {"true"}}
	if number > 1 {
		query.Set("PageNumber", strconv.Itoa(number))
	}
	u.RawQuery = query.Encode()
	body, _, err := m.Get(ctx, u, nil, maxAnswer)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", source.Redact(u), err)
	}
	if into.Code != 0 && into.Code != http.StatusOK {
		return fmt.Errorf("listing %s: %s says %q (code %d)", f.Repository, title, into.Message, into.Code)
	}
	return nil
}

// entries are the files of a page.
func (l *listing) entries() ([]hub.Entry, error) {
	var all []hub.Entry
	for _, f := range l.Data.Files {
		if f.Type == "tree" {
			continue
		}
		e := hub.Entry{Path: f.Path, Size: f.Size}
		if f.Sha256 != "" {
			e.SHA256 = digest.NewDigestFromEncoded(digest.SHA256, f.Sha256)
		}
		if f.Size < 0 || e.SHA256 != "" && e.SHA256.Validate() != nil {
			return nil, fmt.Errorf("file %q has %d bytes and the sha256 %q", f.Path, f.Size, f.Sha256)
		}
		all = append(all, e)
	}
	return all, nil
}

// readCard reads the license from the front matter of README.md.
func (m *site) readCard(ctx context.Context, f *hub.Found) error {
	i := slices.IndexFunc(f.Entries, func(e hub.Entry) bool { return e.Path == "README.md" && e.Size <= maxCard && e.SHA256 != "" })
	if i < 0 {
		return nil
	}
	card, _, err := m.Get(ctx, m.URL(f, "README.md"), nil, f.Entries[i].Size)
	if err != nil {
		return err
	}
	if digest.FromBytes(card) != f.Entries[i].SHA256 {
		return fmt.Errorf("reading README.md of %s: %w: it is not what was listed", f.Repository, artifacts.ErrVerification)
	}
	rest, ok := strings.CutPrefix(strings.ReplaceAll(string(card), "\r\n", "\n"), "---\n")
	front, _, closed := strings.Cut(rest, "\n---")
	if !ok || !closed {
		return nil
	}
	for line := range strings.SplitSeq(front, "\n") {
		if license, ok := strings.CutPrefix(line, "license:"); ok {
			f.Licenses = hub.Licenses([]string{strings.Trim(license, ` "'`)}, "")
		}
	}
	return nil
}

// URL implements hub.Origin.
func (m *site) URL(f *hub.Found, file string) *url.URL {
	u := m.base.JoinPath("api/v1/models", f.Repository, "repo")
	u.RawQuery = url.Values{"Revision": {f.At}, "FilePath": {file}}.Encode()
	return u
}

// explain tells what an answer of ModelScope means, which says it by its status alone.
func explain(resp *http.Response) error {
	status := source.NewStatusError(resp)
	var temporary *artifacts.TemporaryError
	if errors.As(status, &temporary) {
		return status
	}
	repository := strings.TrimPrefix(resp.Request.URL.Path, "/api/v1/models/")
	repository = strings.TrimSuffix(strings.TrimSuffix(repository, "/repo/files"), "/repo")
	sent := resp.Request.Header.Get("Cookie") != ""
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &hub.AccessError{Site: title, Problem: repository + " is not for everybody", Variable: "MODELSCOPE_API_TOKEN", Sent: sent, Err: status}
	case http.StatusNotFound:
		what := "no repository " + repository + ", or no such revision of it,"
		if file := resp.Request.URL.Query().Get("FilePath"); file != "" {
			what = fmt.Sprintf("no file %q in %s", file, repository)
		}
		return &hub.MissingError{Site: title, What: what, Variable: "MODELSCOPE_API_TOKEN", Sent: sent}
	}
	return status
}
