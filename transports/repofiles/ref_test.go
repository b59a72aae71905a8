package repofiles_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/repofiles"
)

const sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestParseRef(t *testing.T) {
	for in, want := range map[string]repofiles.Ref{
		"Qwen/Qwen3-0.6B-GGUF":                  {Repository: "Qwen/Qwen3-0.6B-GGUF"},
		"gpt2":                                  {Repository: "gpt2"},
		"gpt2@main":                             {Repository: "gpt2", Revision: "main"},
		"o/r:q4_k_m":                            {Repository: "o/r", Quant: "Q4_K_M"},
		"o/r:latest":                            {Repository: "o/r"},
		"o/r:Q8_0@refs/pr/1":                    {Repository: "o/r", Quant: "Q8_0", Revision: "refs/pr/1"},
		"o/r/a/b.gguf@v1":                       {Repository: "o/r", Path: "a/b.gguf", Revision: "v1"},
		"o/r/a%20b%40c.gguf":                    {Repository: "o/r", Path: "a b@c.gguf"},
		"o/r/":                                  {Repository: "o/r"},
		"o/r/blob/main/x":                       {Repository: "o/r", Path: "blob/main/x"},
		"o/r?include=*.json&exclude=x/":         {Repository: "o/r", Include: []string{"*.json"}, Exclude: []string{"x/"}},
		"hf.co/o/r:Q4_0":                        {Repository: "o/r", Quant: "Q4_0", Web: true},
		"HF.co/o/r/x.gguf":                      {Repository: "o/r", Path: "x.gguf", Web: true},
		"hf.co/o/r@" + sha:                      {Repository: "o/r", Digest: sha, Web: true},
		"huggingface.co/o/r/blob/main/a/b.gguf": {Repository: "o/r", Path: "a/b.gguf", Revision: "main", Web: true},
		"hf.co/o/r/resolve/refs%2Fpr%2F1/b?download=true": {Repository: "o/r", Path: "b", Revision: "refs/pr/1", Web: true},
		"hf.co/o/r/tree/v1":                        {Repository: "o/r", Revision: "v1", Web: true},
		"hf.co/o/r/tree/":                          {Repository: "o/r", Web: true},
		"hf.co/o/r/tree/v1/sub#x":                  {Repository: "o/r", Path: "sub", Revision: "v1", Web: true},
		"hf.co/o/r?show_file_info=m-Q4_0.gguf":     {Repository: "o/r", Path: "m-Q4_0.gguf", Web: true},
		"hf.co/models/o/r/files":                   {Repository: "o/r", Web: true},
		"hf.co/models/o/r/summary":                 {Repository: "o/r", Web: true},
		"hf.co/models/o/r/file/view/master/m.gguf": {Repository: "o/r", Path: "m.gguf", Revision: "master", Web: true},
	} {
		got, err := repofiles.ParseRef(in, "hf.co", "huggingface.co")
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	for in, says := range map[string]string{
		"":                   "no name of an organisation",
		"o/":                 "",
		"/r":                 "no name of an organisation",
		"o//x":               "no name of an organisation",
		"o/r:":               "is no quantisation",
		"o/..":               "no name of an organisation",
		"o/r/../x":           `".."`,
		"o/r/%2e%2e/x":       `".."`,
		"o/r:Q4/x":           "one is enough",
		"o/r/%zz":            "escape",
		"o/r@%zz":            "escape",
		"datasets/o/r":       "one of the datasets",
		"hf.co/spaces/o":     "one of the spaces",
		"o/r:Q4?include=x":   "takes the place",
		"hf.co/o/r:x@" + sha: "goes with nothing else",
		"o/r:a b":            "is no quantisation",
		"hf.co/hf.co/x":      "is a site",
		"hf.co/":             "no name of an organisation",
	} {
		got, err := repofiles.ParseRef(in, "hf.co")
		if in == "o/" { // a repository without an organisation
			if err != nil || got.Repository != "o" {
				t.Errorf("%s: %+v, %v", in, got, err)
			}
			continue
		}
		if !errors.Is(err, artifacts.ErrInvalidName) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
}

// FuzzParseRef: an origin is read back as what was written.
func FuzzParseRef(f *testing.F) {
	for _, seed := range []string{"o/r", "o/r:Q4_K_M", "o/r/a b/%25.gguf@x/y", "o/r?include=a&exclude=*", "hf.co/o/r/blob/main/x", "hf.co/o/r@" + sha} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		r, err := repofiles.ParseRef(in, "hf.co")
		if err != nil || r.Digest != "" {
			return
		}
		r.Web = false
		origin := r.Origin("hf")
		again, err := repofiles.ParseRef(strings.TrimPrefix(origin, "hf://"), "hf.co")
		if err != nil || again.Origin("hf") != origin || again.Path != r.Path || again.Revision != r.Revision {
			t.Errorf("%q: %s: %+v, %v", in, origin, again, err)
		}
		if strings.ContainsAny(r.Tag(), "/") && !strings.Contains(r.Revision, "/") && !strings.Contains(r.Quant, "/") {
			t.Errorf("%q: tag %q", in, r.Tag())
		}
	})
}
