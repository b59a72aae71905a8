package dirstore

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// childEnv makes the test binary a child process of TestSoak, on the store that it names.
const childEnv = "DIRSTORE_TEST_CHILD"

func TestMain(m *testing.M) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := writer(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
