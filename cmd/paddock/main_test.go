package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// asOther is the user that tests become when root runs them; it has no /run/user.
const asOther = 54321

// TestMain lets the program be its own helper: as another user, it says which runtime folder it chose; or it is paddock itself.
func TestMain(m *testing.M) {
	if os.Getenv("BE_PADDOCK") != "" {
		os.Exit(run())
	}
	if os.Getenv("SAY_RUNTIME_DIR") != "" {
		ownRuntimeDir()
		fmt.Print(os.Getenv("XDG_RUNTIME_DIR"))
		return
	}
	os.Exit(m.Run())
}

// TestOwnRuntimeDir: a rootless user without XDG_RUNTIME_DIR gets the folder that Podman takes, and one that is set stays.
func TestOwnRuntimeDir(t *testing.T) {
	uid := os.Getuid()
	attr := &syscall.SysProcAttr{}
	if uid == 0 {
		uid = asOther
		attr.Credential = &syscall.Credential{Uid: asOther, Gid: asOther}
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "runtimedir") // t.TempDir lies below a folder that other users cannot enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	program, tmp := filepath.Join(dir, "program"), filepath.Join(dir, "tmp")
	for _, err := range []error{os.Chmod(dir, 0o755), os.WriteFile(program, self, 0o755), os.Mkdir(tmp, 0o777), os.Chmod(tmp, 0o777)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	say := func(attr *syscall.SysProcAttr, env ...string) string {
		t.Helper()
		cmd := exec.Command(program)
		cmd.Env = append(env, "SAY_RUNTIME_DIR=1", "HOME="+tmp, "TMPDIR="+tmp)
		cmd.SysProcAttr, cmd.Dir = attr, "/"
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	want := fmt.Sprintf("/run/user/%d", uid)
	if st, err := os.Lstat(want); err != nil || int(st.Sys().(*syscall.Stat_t).Uid) != uid {
		want = filepath.Join(tmp, fmt.Sprintf("storage-run-%d", uid))
	}
	if got := say(attr); got != want {
		t.Errorf("unset: got %q, want %q", got, want)
	}
	if got := say(attr, "XDG_RUNTIME_DIR=/mine"); got != "/mine" {
		t.Errorf("set: got %q", got)
	}
	if os.Getuid() == 0 {
		if got := say(nil); got != "" {
			t.Errorf("root: got %q, want none", got)
		}
	}
}
