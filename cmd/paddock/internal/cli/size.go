package cli

import (
	"fmt"

	"github.com/docker/go-units"
)

// parseSize reads a number of bytes: "24GiB" in steps of 1024, "24GB" too, as engines read --memory.
func parseSize(s string) (int64, error) {
	n, err := units.RAMInBytes(s)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("want a size, like 24GiB")
	}
	return n, nil
}
