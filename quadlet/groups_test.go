package quadlet

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"
)

func TestUserGroups(t *testing.T) {
	pid := os.Getpid()
	run := func(_ context.Context, argv []string) ([]byte, []byte, error) {
		if argv[len(argv)-1] != "user@1000.service" {
			t.Errorf("ran %q", argv)
		}
		return fmt.Appendf(nil, "%d\n", pid), nil, nil
	}
	got, err := UserGroups(t.Context(), run, 1000)
	if err != nil || !slices.Contains(got, uint32(os.Getegid())) {
		t.Errorf("got %d, %v", got, err)
	}
	pid = 0 // it does not run
	if got, err := UserGroups(t.Context(), run, 1000); err == nil {
		t.Errorf("got %d", got)
	}
	got, err = groupsIn("Name:\tsystemd\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1001\t1000\t1000\nGroups:\t44 992 \nNStgid:\t7\n")
	if err != nil || !reflect.DeepEqual(got, []uint32{1001, 44, 992}) {
		t.Errorf("got %d, %v", got, err)
	}
}
