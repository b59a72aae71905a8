package hf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (h *Hub) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h.mu.Lock()
		h.requests = append(h.requests, req.Method+" "+req.URL.Path)
		fault := h.takeFault(req.URL.Path)
		h.mu.Unlock()
		if !h.allowed(w, req) || h.spoilt(w, req, fault) {
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if rest, ok := strings.CutPrefix(req.URL.EscapedPath(), "/api/models/"); ok {
			h.api(w, req, rest)
			return
		}
		h.file(w, req, fault)
	})
}

// allowed checks what every request has.
func (h *Hub) allowed(w http.ResponseWriter, req *http.Request) bool {
	if !strings.HasPrefix(req.UserAgent(), "paddock") {
		h.t.Errorf("fake hub: User-Agent is %q", req.UserAgent())
	}
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		h.t.Errorf("fake hub: %s %s", req.Method, req.URL.Path)
	}
	if req.Header.Get("Cookie") != "" {
		h.t.Errorf("fake hub: a cookie was sent")
	}
	if auth := req.Header.Get("Authorization"); auth != "" && (h.o.Token == "" || auth != "Bearer "+h.o.Token) {
		if !h.o.BadToken {
			h.t.Errorf("fake hub: %q was sent to %s", auth, req.URL.Path)
		}
		w.Header().Set("X-Error-Message", "Invalid credentials in Authorization header")
		http.Error(w, `{"error":"Invalid credentials in Authorization header"}`, http.StatusUnauthorized)
		return false
	}
	return true
}

// takeFault returns the fault of an answer. The lock is held.
func (h *Hub) takeFault(path string) Fault {
	i := slices.IndexFunc(h.faults, func(f *Fault) bool { return strings.HasPrefix(path, f.Prefix) })
	if i < 0 {
		return Fault{}
	}
	f := *h.faults[i]
	switch f.Times {
	case 0:
	case 1:
		h.faults = slices.Delete(h.faults, i, i+1)
	default:
		h.faults[i].Times--
	}
	return f
}

// spoilt answers by a fault.
func (h *Hub) spoilt(w http.ResponseWriter, req *http.Request, f Fault) bool {
	switch {
	case f.Silent:
		<-req.Context().Done()
	case f.Status != 0:
		if f.RetryAfter != "" {
			w.Header().Set("Retry-After", f.RetryAfter)
		}
		if f.Code != "" {
			w.Header().Set("X-Error-Code", f.Code)
		}
		w.WriteHeader(f.Status)
	default:
		return false
	}
	return true
}

// refuse is how the site says that something is missing.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Error-Code", code)
	w.Header().Set("X-Error-Message", message)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":%q}`, message)
}

// repo finds the repository that a request may see, or answers.
func (h *Hub) repo(w http.ResponseWriter, req *http.Request, id string) *Repo {
	r := h.find(id)
	signed := req.Header.Get("Authorization") != ""
	if r == nil || r.Private && (!signed || r.Refused) {
		status := http.StatusNotFound
		if !signed {
			status = http.StatusUnauthorized
		}
		refuse(w, status, "RepoNotFound", "Repository not found")
		return nil
	}
	if r.ID != id {
		u := *req.URL
		u.Path = strings.Replace(u.Path, id, r.ID, 1)
		http.Redirect(w, req, u.RequestURI(), http.StatusTemporaryRedirect)
		return nil
	}
	return r
}

// api answers ID, ID/revision/REVISION and ID/tree/REVISION.
func (h *Hub) api(w http.ResponseWriter, req *http.Request, rest string) {
	parts := strings.SplitN(rest, "/", 4)
	if len(parts) < 2 {
		refuse(w, http.StatusUnauthorized, "RepoNotFound", "Repository not found")
		return
	}
	r := h.repo(w, req, parts[0]+"/"+parts[1])
	if r == nil {
		return
	}
	revision := "main"
	if len(parts) == 4 {
		unescaped, err := url.PathUnescape(parts[3])
		if err != nil {
			h.t.Errorf("fake hub: %s: %v", req.URL, err)
		}
		revision = unescaped
	}
	commit := r.resolve(revision)
	if commit == "" {
		refuse(w, http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+revision)
		return
	}
	w.Header().Set("X-Repo-Commit", commit)
	switch {
	case len(parts) == 2 || len(parts) == 4 && parts[2] == "revision":
		h.info(w, req, r, commit)
	case len(parts) == 4 && parts[2] == "tree":
		h.tree(w, req, r, commit)
	default:
		h.t.Errorf("fake hub: unknown page %s", req.URL)
		http.NotFound(w, req)
	}
}

// info is the answer about a model; half of it changes from one request to the next.
func (h *Hub) info(w http.ResponseWriter, req *http.Request, r *Repo, commit string) {
	if req.URL.RawQuery != "" {
		h.t.Errorf("fake hub: %s has a query", req.URL)
	}
	h.downloads++
	card := map[string]any{}
	if r.License != "" {
		card["license"] = r.License
	}
	if r.Base != "" {
		card["base_model"] = []string{r.Base}
	}
	var gated any = false
	if r.Gated {
		gated = "manual"
	}
	h.json(w, map[string]any{
		"_id": "x", "id": r.ID, "sha": commit, "gated": gated, "private": r.Private, "disabled": false, "cardData": card,
		"downloads": h.downloads, "likes": h.downloads, "lastModified": time.Now().Format(time.RFC3339Nano),
		"tags": []string{fmt.Sprint("changes:", h.downloads)},
	})
}

// tree is one page of the list of files. Folders are in it, too.
func (h *Hub) tree(w http.ResponseWriter, req *http.Request, r *Repo, commit string) {
	q := req.URL.Query()
	if q.Get("recursive") != "true" {
		h.t.Errorf("fake hub: %s lists no folders", req.URL)
	}
	lines := []map[string]any{{"type": "directory", "oid": strings.Repeat("0", 40), "size": 0, "path": "folder"}}
	files := r.commits[commit]
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f := files[name]
		line := map[string]any{"type": "file", "oid": f.oid(), "size": len(f.Data), "path": name}
		if f.LFS {
			line["lfs"] = map[string]any{"oid": f.sha256(), "size": len(f.Data), "pointerSize": 135}
			line["xetHash"] = f.sha256()
		}
		lines = append(lines, line)
	}
	from, err := strconv.Atoi("0" + q.Get("cursor"))
	if err != nil || from > len(lines) {
		h.t.Errorf("fake hub: bad cursor in %s", req.URL)
		from = len(lines)
	}
	to := min(from+h.o.PageSize, len(lines))
	if to < len(lines) {
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?recursive=true&cursor=%d>; rel="next"`, h.main.URL, req.URL.EscapedPath(), to))
	}
	h.json(w, lines[from:to])
}

// file answers ID/resolve/REVISION/PATH.
func (h *Hub) file(w http.ResponseWriter, req *http.Request, fault Fault) {
	id, rest, ok := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/resolve/")
	revision, path, ok2 := strings.Cut(rest, "/")
	if !ok || !ok2 || req.URL.RawQuery != "" {
		h.t.Errorf("fake hub: unknown page %s", req.URL)
		http.NotFound(w, req)
		return
	}
	r := h.repo(w, req, id)
	if r == nil {
		return
	}
	if r.resolve(revision) != revision {
		h.t.Errorf("fake hub: %s is not pinned to a commit", req.URL)
	}
	if signed := req.Header.Get("Authorization") != ""; r.Gated && (!signed || r.Refused) {
		status := http.StatusForbidden
		if !signed {
			status = http.StatusUnauthorized
		}
		refuse(w, status, "GatedRepo", "Access to model "+r.ID+" is restricted.")
		return
	}
	f, ok := r.commits[revision][path]
	if !ok {
		refuse(w, http.StatusNotFound, "EntryNotFound", "Entry not found")
		return
	}
	h.content(w, req, f, revision, fault)
}

func (h *Hub) content(w http.ResponseWriter, req *http.Request, f File, commit string, fault Fault) {
	w.Header().Set("X-Repo-Commit", commit)
	w.Header().Set("Accept-Ranges", "bytes")
	if f.LFS {
		w.Header().Set("X-Linked-Etag", strconv.Quote(f.sha256()))
		w.Header().Set("X-Linked-Size", strconv.Itoa(len(f.Data)))
		w.Header().Set("X-Xet-Hash", f.sha256())
		http.Redirect(w, req, h.CDN.Sign(f.Data), http.StatusFound)
		return
	}
	w.Header().Set("ETag", strconv.Quote(f.oid()))
	data := f.Data
	if fault.Spoil && len(data) > 0 {
		data = append([]byte{data[0] ^ 1}, data[1:]...)
	}
	if fault.Cut && len(data) > 1 {
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data[:len(data)/2])
		panic(http.ErrAbortHandler)
	}
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(data))
}

func (h *Hub) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		h.t.Errorf("fake hub: %v", err)
	}
}
