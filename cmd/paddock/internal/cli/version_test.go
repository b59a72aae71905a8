package cli

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	for _, c := range []struct {
		args, want string
	}{
		{"version", "Version:     " + version + "\n"},
		{"version", "Git commit:  abc-dirty\n"},
		{"--version", "OS/Arch:     " + runtime.GOOS + "/" + runtime.GOARCH + "\n"},
		{"version -f {{.Version}}", version + "\n"},
		{"version --format json", `"gitCommit": "abc-dirty"`},
	} {
		env, out, errOut := testEnv(t)
		env.BuildInfo = func() (*debug.BuildInfo, bool) {
			return &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}}}, true
		}
		if err := Run(t.Context(), env, strings.Fields(c.args)); err != nil || !strings.Contains(out.String(), c.want) || errOut.Len() > 0 {
			t.Errorf("%s: %v, got\n%s%s", c.args, err, out, errOut)
		}
	}
}

func TestVersionJSON(t *testing.T) {
	env, out, _ := testEnv(t)
	if err := Run(t.Context(), env, []string{"version", "--format=json"}); err != nil {
		t.Fatal(err)
	}
	var got buildFacts
	dec := json.NewDecoder(out)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil || got.Version != version || got.GoVersion != runtime.Version() || got.Cgo != cgoEnabled {
		t.Errorf("%v: %+v", err, got)
	}
	if (len(got.Limits) > 0) == cgoEnabled {
		t.Errorf("cgo %v, limits %q", cgoEnabled, got.Limits)
	}
}

func TestBadTemplateIsUsage(t *testing.T) {
	for _, command := range []string{"version", "info"} {
		env, out, _ := testEnv(t)
		err := Run(t.Context(), env, []string{command, "--format", "{{.Nope}}"})
		if ExitCode(err) != exitUsage || out.Len() > 0 || !strings.Contains(err.Error(), "{{.Nope}}") {
			t.Errorf("%s: %v, printed %q", command, err, out)
		}
	}
}
