package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
)

type row struct {
	Name string `json:"name"`
	Size string `json:"size"`
}

const rowTable = "table {{.Name}}\t{{.Size}}"

func rows() []row {
	return []row{{"quay.io/org/m:1", "519.9 kB"}, {"evil\x1b[2J\u202e", "1 B"}}
}

func TestList(t *testing.T) {
	for _, c := range []struct {
		opts ListOptions
		want string
	}{
		{ListOptions{}, "MODEL              SIZE\nquay.io/org/m:1    519.9 kB\nevil\\x1b[2J\\u202e  1 B\n"},
		{ListOptions{NoHeading: true}, "quay.io/org/m:1    519.9 kB\nevil\\x1b[2J\\u202e  1 B\n"},
		{ListOptions{Format: "{{.Name}}"}, "quay.io/org/m:1\nevil\\x1b[2J\\u202e\n"},
		{ListOptions{Format: `{{.Size}}\t{{.Size | upper}}`}, "519.9 kB\t519.9 KB\n1 B\t1 B\n"},
		{ListOptions{Format: "table {{.Size}}"}, "SIZE\n519.9 kB\n1 B\n"},
		{ListOptions{Format: "table {{.Size}}", NoHeading: true}, "519.9 kB\n1 B\n"},
		{ListOptions{Format: "{{json .}}"}, `{"name":"quay.io/org/m:1","size":"519.9 kB"}` + "\n" + `{"name":"evil\u001b[2J\u202e","size":"1 B"}` + "\n"},
		{ListOptions{Format: "{{json .Size}}"}, "\"519.9 kB\"\n\"1 B\"\n"},
	} {
		c.opts.Default, c.opts.Headers = rowTable, map[string]string{"Name": "model"}
		var out bytes.Buffer
		if err := List(&out, rows(), &c.opts); err != nil || out.String() != c.want {
			t.Errorf("%+v: %v, got\n%s\nwant\n%s", c.opts, err, out.String(), c.want)
		}
	}
}

func TestCellsStayInPlace(t *testing.T) {
	var out bytes.Buffer
	in := []row{{"a\nb\tc", "1 B"}}
	if err := List(&out, in, &ListOptions{Default: rowTable, NoHeading: true}); err != nil || out.String() != `a\nb\tc     1 B`+"\n" {
		t.Errorf("%v: got %q", err, out.String())
	}
	if in[0].Name != "a\nb\tc" {
		t.Error("the caller's row was changed")
	}
}

func TestListEmpty(t *testing.T) {
	for _, c := range []struct{ format, want string }{{"", "NAME  SIZE\n"}, {"json", "[]\n"}, {"{{.Name}}", ""}} {
		var out bytes.Buffer
		err := List[row](&out, nil, &ListOptions{Format: c.format, Default: rowTable})
		if got := strings.Join(strings.Fields(out.String()), "  "); err != nil || got != strings.TrimSpace(c.want) {
			t.Errorf("%q: %v, got %q", c.format, err, out.String())
		}
	}
}

func TestJSONIsOneDocument(t *testing.T) {
	var out bytes.Buffer
	if err := List(&out, append(rows(), row{Name: "a<b\u0085\x07"}), &ListOptions{Format: "json"}); err != nil {
		t.Fatal(err)
	}
	var back []row
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back[1] != rows()[1] || back[2].Name != "a<b\u0085\x07" {
		t.Errorf("%v: %q", err, back)
	}
	if strings.ContainsAny(out.String(), "\x1b\u202e\u0085\x07") || !strings.Contains(out.String(), "a<b") {
		t.Errorf("not clean: %q", out.String())
	}
}

func TestObject(t *testing.T) {
	for _, c := range []struct{ format, want string }{
		{"", "is m\n"},
		{"{{.Size}}", "1 B\n"},
		{"json", "{\n  \"name\": \"m\",\n  \"size\": \"1 B\"\n}\n"},
		{"{{ json }}", "{\n  \"name\": \"m\",\n  \"size\": \"1 B\"\n}\n"},
		{"{{json .}}", `{"name":"m","size":"1 B"}` + "\n"},
	} {
		var out bytes.Buffer
		if err := Object(&out, row{"m", "1 B"}, c.format, "is {{.Name}}"); err != nil || out.String() != c.want {
			t.Errorf("%q: %v, got %q", c.format, err, out.String())
		}
	}
}

func TestBadFormat(t *testing.T) {
	for _, format := range []string{"{{.Nmae}}", "{{.Name", "table {{.Nmae}}", "{{frob .Name}}"} {
		var out bytes.Buffer
		if err := List(&out, rows(), &ListOptions{Format: format, Default: rowTable}); !errors.Is(err, ErrFormat) || out.Len() > 0 {
			t.Errorf("List %q: %v, printed %q", format, err, out.String())
		}
		if err := Object(&out, rows()[0], format, ""); !errors.Is(err, ErrFormat) || out.Len() > 0 {
			t.Errorf("Object %q: %v, printed %q", format, err, out.String())
		}
	}
	if err := JSON(brokenWriter{}, 1); err == nil {
		t.Error("a write that failed is no error")
	}
}

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain äöü 模型\t\n", "plain äöü 模型\t\n"},
		{"\x1b[31mred\r\a", `\x1b[31mred\x0d\x07`},
		{"\u009b2J\u202e\u2066", `\u009b2J\u202e\u2066`},
		{"bad\xff\xfe", `bad\xff\xfe`},
		{"\ufffd", "\ufffd"},
	} {
		if got := Clean(c.in); got != c.want || Clean(got) != got {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestMessages(t *testing.T) {
	var out bytes.Buffer
	Warning(&out, "w")
	Note(&out, "n")
	Failure(&out, "e\x1b\n", []string{"h1", "h2"})
	want := "paddock: warning: w\npaddock: n\npaddock: error: e\\x1b\npaddock: hint: h1\npaddock: hint: h2\n"
	if out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		n    int64
		want string
	}{{0, "0 B"}, {999, "999 B"}, {519_900, "519.9 kB"}, {4_661_224_676, "4.661 GB"}} {
		if got := Size(c.n); got != c.want {
			t.Errorf("%d: got %q, want %q", c.n, got, c.want)
		}
	}
	for in, want := range map[digest.Digest]string{aDigest: "aaaaaaaaaaaa", "": "", "odd": "odd", "sha256:12": "sha256:12"} {
		if got := ShortDigest(in); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
	now := time.Unix(1_000_000, 0)
	if got := Age(now.Add(-72*time.Hour), now); got != "3 days ago" || Age(time.Time{}, now) != "" {
		t.Errorf("age: %q", got)
	}
}
