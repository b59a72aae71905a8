package cli

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/paddock-dev/paddock/artifacts"
	fake "github.com/paddock-dev/paddock/tests/fakes/hf"
)

// TestStoredDigest: a digest that the reference says is that of the file that is used, whether it is fetched or there.
func TestStoredDigest(t *testing.T) {
	data := ggufFile(t).Data
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		rw.Header().Set("ETag", `"one"`)
		http.ServeContent(rw, req, "", time.Time{}, bytes.NewReader(data))
	}))
	defer s.Close()
	w := hubWorld(t, nil)
	at := s.URL + "/dir/m.gguf"
	right, wrong := "#sha256="+digest.FromBytes(data).Encoded(), "#sha256="+digest.FromString("other").Encoded()
	w.must(t, "pull", at)
	w.must(t, "serve", at+right)
	for _, args := range [][]string{{"serve"}, {"serve", "--dry-run"}, {"quadlet", "install"}, {"inspect"}, {"rm"}, {"ensure"}} {
		code, out, err := w.run(t, append(args, at+wrong)...)
		if code != exitRefused || !errors.Is(err, artifacts.ErrVerification) || out != "" || !strings.Contains(err.Error(), digest.FromBytes(data).String()) {
			t.Errorf("%q: exit %d, %q, %v", args, code, out, err)
		}
	}
	if len(w.names(t)) != 1 {
		t.Error(w.names(t))
	}
}

// TestStoredCommit: so it is with a commit, which is no part of a name either.
func TestStoredCommit(t *testing.T) {
	h := fake.New(t, nil)
	repo := &fake.Repo{ID: "Org/M"}
	h.Put(repo, map[string]fake.File{"m-Q8_0.gguf": ggufFile(t)})
	w := hubWorld(t, map[string]string{"HF_ENDPOINT": h.URL()})
	w.must(t, "pull", "hf://Org/M:Q8_0")
	models, err := w.store.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	commit := models[0].Annotations["org.opencontainers.image.revision"]
	w.must(t, "inspect", "hf://Org/M:Q8_0?commit="+commit)
	w.must(t, "inspect", "hf://Org/M:Q8_0?commit="+commit[:9])
	w.must(t, "inspect", "hf://Org/M?commit="+commit)
	for _, ref := range []string{"hf://Org/M:Q8_0", "hf://Org/M"} {
		for _, args := range [][]string{{"inspect"}, {"serve"}} {
			code, _, err := w.run(t, append(args, ref+"?commit="+strings.Repeat("0a", 20))...)
			if code != exitRefused || !strings.Contains(err.Error(), "is of the commit "+commit) {
				t.Errorf("%q %s: exit %d, %v", args, ref, code, err)
			}
		}
	}
}

// TestTakenByURL: the case of letters tells URLs apart, though not names.
func TestTakenByURL(t *testing.T) {
	data := ggufFile(t).Data
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		http.ServeContent(rw, req, "", time.Time{}, bytes.NewReader(data))
	}))
	defer s.Close()
	w := hubWorld(t, nil)
	one, other := s.URL+"/dir/M.gguf", s.URL+"/dir/m.gguf"
	w.must(t, "pull", one)
	for _, args := range [][]string{{"pull"}, {"serve"}, {"inspect"}, {"rm"}, {"quadlet", "install"}} {
		code, _, err := w.run(t, append(args, other)...)
		if code != exitError || !errors.Is(err, artifacts.ErrNameTaken) || !strings.Contains(err.Error(), "from "+one+", not from "+other) {
			t.Errorf("%q: exit %d, %v", args, code, err)
		}
	}
}
