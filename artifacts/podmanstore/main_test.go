package podmanstore

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// childEnv makes the test binary a child process of a test, with the part that it names.
const childEnv = "PODMANSTORE_TEST_CHILD"

func TestMain(m *testing.M) {
	part := os.Getenv(childEnv)
	if part == "" {
		os.Exit(m.Run())
	}
	if err := child(context.Background(), part, os.Getenv("STORE")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child(ctx context.Context, part, store string) error {
	switch part {
	case "hold":
		return holdLock(store)
	case "ours":
		return ourWriter(ctx, store)
	case "podman":
		return podmanWriter(ctx, store)
	}
	return fmt.Errorf("no part %q", part)
}
