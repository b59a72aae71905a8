package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	fake "github.com/paddock-dev/paddock/tests/fakes/registry"
)

// TestLogin: what login keeps is what push uses, and logout forgets it.
func TestLogin(t *testing.T) {
	p := newPublisher(t, &fake.Options{Username: "ann", Password: "secret"})
	file := filepath.Join(t.TempDir(), "auth.json")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	login := []string{"login", "--authfile", file, "--tls-verify=false"}
	host := p.at.Host()
	for _, c := range []struct {
		stdin string
		args  []string
		code  int
		says  string
	}{
		{"", []string{"-u", "ann", "-p", "wrong", host}, exitAuthentication, "wrong user or password"},
		{"", []string{"--get-login", host}, exitNotFound, "nobody is logged in"},
		{"secret", []string{"--password-stdin", host}, exitUsage, "goes with --username"},
		{"", []string{"-u", "ann", "--password-stdin", host}, exitUsage, "are needed"},
		{"", []string{"UPPER CASE"}, exitUsage, "no registry"},
		{"", []string{host + "/org/m:1"}, exitUsage, "neither"},
		{"", []string{}, exitUsage, "takes REGISTRY"},
		{"secret\n", []string{"-u", "ann", "--password-stdin", host}, 0, "Login Succeeded!"},
		{"", []string{"--get-login", host}, 0, "ann\n"},
		{"\nsecret\n", []string{host}, 0, "Login Succeeded!"},
		{"ann\nsecret\n", []string{"https://" + host + "/v2/"}, 0, "Login Succeeded!"},
	} {
		p.env.In = strings.NewReader(c.stdin)
		code, out, err := p.run(t, append(login, c.args...)...)
		said := out
		if err != nil {
			said = err.Error()
		}
		if code != c.code || !strings.Contains(said, c.says) || strings.Contains(said+p.err.String(), "secret") {
			t.Errorf("%v: %d, %s", c.args, code, said)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil || !json.Valid(raw) || strings.Contains(string(raw), "secret") { // it is base64
		t.Errorf("the file is %s, %v", raw, err)
	}
	p.must(t, "pack", "-t", "m", p.dir)
	p.must(t, "push", "--authfile", file, "localhost/m", host+"/org/m:1")
	p.must(t, "logout", "--authfile", file, host)
	if code, _, err := p.run(t, "logout", "--authfile", file, host); code != exitNotFound {
		t.Errorf("a second time: %d, %v", code, err)
	}
	if code, _, err := p.run(t, "push", "--authfile", file, "localhost/m", host+"/org/m:2"); code != exitAuthentication {
		t.Errorf("after logout: %d, %v", code, err)
	}
	p.env.In = strings.NewReader("secret")
	p.must(t, append(login, "-u", "ann", "--password-stdin", host+"/org")...)
	p.must(t, "logout", "--authfile", file, "--all")
	if code, _, err := p.run(t, "login", "--authfile", file, "--get-login", host+"/org"); code != exitNotFound {
		t.Errorf("after --all: %d, %v", code, err)
	}
	for _, args := range [][]string{{"logout"}, {"logout", "--all", host}} {
		if code, _, err := p.run(t, args...); code != exitUsage {
			t.Errorf("%v: %d, %v", args, code, err)
		}
	}
}

// TestTags: every page is read.
func TestTags(t *testing.T) {
	p := newPublisher(t, &fake.Options{})
	for _, tag := range []string{"a", "b", "c", "d", "e"} {
		p.at.PutModel("org/m", tag, []byte("x"))
	}
	host := p.at.Host()
	want := ""
	for _, tag := range []string{"a", "b", "c", "d", "e"} {
		want += "docker://" + host + "/org/m:" + tag + "\n"
	}
	if got := p.must(t, "tags", "docker://"+host+"/org/m"); got != want {
		t.Errorf("got %s", got)
	}
	if got := p.must(t, "tags", host+"/org/m:none"); got != strings.ReplaceAll(want, "docker://", "") {
		t.Errorf("got %s", got)
	}
	var list []string
	if err := json.Unmarshal([]byte(p.must(t, "tags", "-f", "json", host+"/org/m")), &list); err != nil || len(list) != 5 {
		t.Errorf("got %v, %v", list, err)
	}
	of := "sha256-" + strings.Repeat("0a", 32)
	for _, tag := range []string{of, of + ".sig", of + ".att", of + ".sbom", "sha256-e", of + ".gguf"} {
		p.at.PutModel("org/m", tag, []byte("x"))
	}
	models := want + "docker://" + host + "/org/m:sha256-e\n" + "docker://" + host + "/org/m:" + of + ".gguf\n"
	if got := p.must(t, "tags", "docker://"+host+"/org/m"); !sameLines(got, models) {
		t.Errorf("got %s", got)
	}
	if got := p.must(t, "tags", "--all", host+"/org/m"); strings.Count(got, "\n") != 5+6 {
		t.Errorf("got %s", got)
	}
	if code, _, err := p.run(t, "tags", host+"/org/none"); code != exitNotFound {
		t.Errorf("%d, %v", code, err)
	}
	p.at.Break(fake.Fault{Where: fake.Tags, Status: 403})
	if code, _, err := p.run(t, "tags", host+"/org/m"); code != exitAuthentication {
		t.Errorf("%d, %v", code, err)
	}
}

// sameLines compares two texts whatever the order of their lines.
func sameLines(a, b string) bool {
	return slices.Equal(slices.Sorted(strings.Lines(a)), slices.Sorted(strings.Lines(b)))
}
