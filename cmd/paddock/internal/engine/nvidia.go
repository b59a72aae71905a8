package engine

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// NVIDIAMemory asks nvidia-smi for the memory of NVIDIA's GPUs in bytes, by PCI address ("0000:01:00.0"): nothing else tells
// it. Without that program the memory stays unknown, which is no error. It is given 5 s, since a driver that hangs would hold it for ever.
func NVIDIAMemory(ctx context.Context) (map[string]int64, error) {
	path, err := lookPath("", "nvidia-smi")
	if errors.Is(err, ErrNoEngine) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out, err := ask(ctx, []string{path, "--query-gpu=pci.bus_id,memory.total", "--format=csv,noheader,nounits"}, nil, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return parseNVIDIA(string(out)), nil
}

// parseNVIDIA reads lines of "00000000:01:00.0, 24564", the memory in MiB. What is no such line is passed over: a GPU may
// have "[N/A]".
func parseNVIDIA(text string) map[string]int64 {
	found := map[string]int64{}
	for line := range strings.Lines(text) {
		address, mib, _ := strings.Cut(strings.TrimSpace(line), ",")
		n, err := strconv.ParseInt(strings.TrimSpace(mib), 10, 40)
		domain, rest, ok := strings.Cut(strings.ToLower(address), ":")
		if err != nil || n <= 0 || !ok || len(domain) < 4 {
			continue
		}
		found[domain[len(domain)-4:]+":"+rest] = n << 20
	}
	return found
}
