package hf

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
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
)

// OfflineError says that HF_HUB_OFFLINE forbids to ask Hugging Face.
type OfflineError struct{}

// Error is one line.
func (*OfflineError) Error() string { return "HF_HUB_OFFLINE is set, so Hugging Face is not asked" }

// site is Hugging Face, or a mirror of it.
type site struct {
	*source.Web
	base    *url.URL
	offline bool
	token   func() (string, error)
}

var _ hub.Origin = (*site)(nil)

// info is what is of use in the API's answer about a model. What changes without a commit is left out: downloads, likes, tags.
type info struct {
	ID       string          `json:"id"`
	SHA      string          `json:"sha"`
	Gated    json.RawMessage `json:"gated"` // false, "auto" or "manual"
	Disabled bool            `json:"disabled"`
	CardData struct {
		License     words  `json:"license"`
		LicenseName string `json:"license_name"`
		BaseModel   words  `json:"base_model"`
	} `json:"cardData"`
}

// words is one string, or several.
type words []string

// UnmarshalJSON takes what people write into a card: anything else than strings says nothing.
func (w *words) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*w = words{one}
		return nil
	}
	var several []string
	if json.Unmarshal(raw, &several) == nil {
		*w = several
	}
	return nil
}

// Look implements hub.Origin: one request for the commit, and one for each page of the list of files.
func (h *site) Look(ctx context.Context, repository, revision string) (*hub.Found, error) {
	if h.offline {
		return nil, &OfflineError{}
	}
	if _, err := h.token(); err != nil {
		return nil, err
	}
	u := h.base.JoinPath("api/models", repository)
	if revision != "" {
		u = u.JoinPath("revision", url.PathEscape(revision))
	}
	var about info
	if err := h.ask(ctx, u, &about); err != nil {
		return nil, err
	}
	if len(about.SHA) < 40 || strings.Trim(about.SHA, "0123456789abcdef") != "" || about.ID == "" {
		return nil, fmt.Errorf("asking %s: the answer names no commit", source.Redact(u))
	}
	found := &hub.Found{
		Repository: about.ID, Commit: about.SHA, At: about.SHA, Page: endpoint + "/" + about.ID,
		Licenses: hub.Licenses(about.CardData.License, about.CardData.LicenseName), BaseModels: about.CardData.BaseModel,
		Guarded: len(about.Gated) > 0 && string(about.Gated) != "false" && string(about.Gated) != "null",
	}
	var err error
	found.Entries, err = h.list(ctx, found)
	return found, err
}

// URL implements hub.Origin.
func (h *site) URL(f *hub.Found, file string) *url.URL {
	return h.base.JoinPath(f.Repository, "resolve", f.At, (&url.URL{Path: file}).EscapedPath())
}

// entry is one line of the list of files.
type entry struct {
	Type string `json:"type"`
	Path string `json:"path"`
	OID  string `json:"oid"`
	Size int64  `json:"size"`
	LFS  *struct {
		OID  string `json:"oid"`
		Size int64  `json:"size"`
	} `json:"lfs"`
}

// list reads the pages of the list of files.
func (h *site) list(ctx context.Context, f *hub.Found) ([]hub.Entry, error) {
	next := h.base.JoinPath("api/models", f.Repository, "tree", f.Commit)
	next.RawQuery = "recursive=true"
	var all []hub.Entry
	for range maxPages {
		body, header, err := h.Get(ctx, next, nil, maxAnswer)
		if err != nil {
			return nil, err
		}
		var page []entry
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, fmt.Errorf("listing %s: %w", f.Repository, err)
		}
		for i := range page {
			if page[i].Type != "file" {
				continue
			}
			e, err := page[i].file()
			if err != nil {
				return nil, fmt.Errorf("listing %s: %w", f.Repository, err)
			}
			all = append(all, *e)
		}
		following := nextPage(header, next)
		if following == nil {
			return all, nil
		}
		if !source.SameOrigin(following, h.base) {
			return nil, fmt.Errorf("listing %s: the next page is on another site, %s", f.Repository, source.Redact(following))
		}
		next = following
	}
	return nil, fmt.Errorf("listing %s: it has more than %d pages", f.Repository, maxPages)
}

// file checks a line: what is in LFS has the sha256 of its bytes, anything else the hash of its git object.
func (e *entry) file() (*hub.Entry, error) {
	f := &hub.Entry{Path: e.Path, Size: e.Size, GitHash: e.OID}
	if e.LFS != nil {
		f.Size, f.GitHash, f.SHA256 = e.LFS.Size, "", digest.NewDigestFromEncoded(digest.SHA256, e.LFS.OID)
		if err := f.SHA256.Validate(); err != nil {
			return nil, fmt.Errorf("file %q: sha256 %q: %w", e.Path, e.LFS.OID, err)
		}
	}
	if f.Size < 0 || f.GitHash == "" && f.SHA256 == "" {
		return nil, fmt.Errorf("file %q has %d bytes and the hash %q", e.Path, f.Size, f.GitHash)
	}
	return f, nil
}

// nextPage reads the Link header (RFC 8288); nil if there is no next page.
func nextPage(header http.Header, at *url.URL) *url.URL {
	for link := range strings.SplitSeq(strings.Join(header.Values("Link"), ","), ",") {
		target, parameters, _ := strings.Cut(strings.TrimSpace(link), ">")
		if !strings.HasPrefix(target, "<") || !strings.Contains(parameters, `rel="next"`) {
			continue
		}
		if next, err := at.Parse(target[1:]); err == nil {
			return next
		}
	}
	return nil
}

func (h *site) ask(ctx context.Context, u *url.URL, into any) error {
	body, _, err := h.Get(ctx, u, nil, maxAnswer)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", source.Redact(u), err)
	}
	return nil
}

// explain reads the header in which Hugging Face says what is wrong (huggingface_hub, utils/_http.py, hf_raise_for_status).
// It does not tell a repository that is not there from a private one: both are 401 without a token, and 404 with one.
func (h *site) explain(resp *http.Response) error {
	status := source.NewStatusError(resp)
	var temporary *artifacts.TemporaryError
	if errors.As(status, &temporary) {
		return status
	}
	repository, file := h.placeOf(resp.Request.URL)
	code, said := resp.Header.Get("X-Error-Code"), resp.Header.Get("X-Error-Message")
	sent := resp.Request.Header.Get("Authorization") != ""
	access := &hub.AccessError{Site: title, Variable: "HF_TOKEN", Sent: sent, Err: status}
	switch {
	case code == "GatedRepo":
		access.Problem, access.Page = repository+" is gated: its authors decide who may read it", endpoint+"/"+repository
		return access
	case code == "RevisionNotFound":
		return &hub.MissingError{Site: title, What: "no such revision of " + repository}
	case code == "EntryNotFound":
		return &hub.MissingError{Site: title, What: fmt.Sprintf("no file %q in %s", file, repository)}
	case said == "Access to this resource is disabled.":
		return fmt.Errorf("%s has disabled %s: %w", title, repository, status)
	case said == "Invalid credentials in Authorization header":
		access.Problem = "the token is not valid"
		return access
	case code == "RepoNotFound", resp.StatusCode == http.StatusUnauthorized && !sent:
		return &hub.MissingError{Site: title, What: "no repository " + repository, Variable: "HF_TOKEN", Sent: sent}
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		access.Problem = "the token does not allow it"
		return access
	case resp.StatusCode == http.StatusNotFound:
		return &hub.MissingError{Site: title, What: "nothing at " + source.Redact(resp.Request.URL)}
	}
	return status
}

// placeOf tells the repository, and the file if there is one, from an address.
func (h *site) placeOf(u *url.URL) (repository, file string) {
	at := strings.Trim(strings.TrimPrefix(u.Path, h.base.Path), "/")
	at = strings.TrimPrefix(at, "api/models/")
	for _, verb := range []string{"/resolve/", "/revision/", "/tree/"} {
		if before, after, ok := strings.Cut(at, verb); ok {
			_, file, _ = strings.Cut(after, "/")
			return before, file
		}
	}
	return path.Clean(at), ""
}
