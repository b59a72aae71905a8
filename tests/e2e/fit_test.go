//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/tests/fixtures"
)

// fitShape is a model, and how it is served.
type fitShape struct {
	name    string
	options fixtures.Options
	context int // 0: the model's own
}

func fitShapes() []fitShape {
	return []fitShape{
		{"grouped heads, F16", fixtures.Options{Embd: 512, Layers: 8, FF: 1536, Heads: 8, HeadsKV: 2, Context: 8192, Vocab: 8000, Type: fixtures.F16}, 0},
		{"all heads, Q8_0, large vocabulary", fixtures.Options{Embd: 1024, Layers: 4, FF: 2816, Heads: 16, Context: 4096, Vocab: 32000, Type: fixtures.Q8_0}, 0},
		{"one head for all, Q4_0, long context", fixtures.Options{Embd: 256, Layers: 16, FF: 512, Heads: 4, HeadsKV: 1, Context: 32768, Vocab: 2000, Type: fixtures.Q4_0}, 0},
		{"F32, short context", fixtures.Options{Embd: 768, Layers: 6, FF: 2048, Heads: 12, HeadsKV: 4, Context: 2048, Vocab: 4000, Type: fixtures.F32}, 1000},
		{"deep and narrow, Q8_0, longer than trained", fixtures.Options{Embd: 256, Layers: 40, FF: 1024, Heads: 8, HeadsKV: 4, Context: 4096, Vocab: 1000, Type: fixtures.Q8_0}, 12288},
	}
}

// TestFit holds the estimate, of a model that is only published, against what llama-server says that it has allocated.
func TestFit(t *testing.T) {
	reg := startRegistry(t, nil)
	root := asRoot(t)
	t.Logf("%-42s %7s %22s %22s %6s", "shape", "context", "estimate (w+c+b) MiB", "llama-server MiB", "error")
	for i, s := range fitShapes() {
		data, err := fixtures.GGUF(&s.options)
		if err != nil {
			t.Fatal(err)
		}
		m := model{files: map[string][]byte{"model.gguf": data}}
		name := fmt.Sprintf("%s/m/fit:%d", reg.Addr, i)
		pushModelPack(t, reg, name, m)
		var report struct {
			Places []struct {
				Estimate struct{ Context, Weights, Cache, Compute float64 }
			}
		}
		out := root.MustRun(t, "paddock", "gpu", "fit", "--tls-verify=false", "--format", "json", "--ctx-size", strconv.Itoa(s.context), name)
		if err := json.Unmarshal([]byte(out), &report); err != nil || len(report.Places) == 0 {
			t.Fatalf("%s: %v", out, err)
		}
		e := report.Places[0].Estimate
		weights, cache, buffers := serverMemory(t, m, s.context)
		const mib = 1 << 20
		estimate, real := (e.Weights+e.Cache+e.Compute)/mib, weights+cache+buffers
		off := estimate/real - 1
		t.Logf("%-42s %7.0f %6.1f+%6.1f+%6.1f =%6.1f %6.1f+%6.1f+%6.1f =%6.1f %+5.1f%%", s.name, e.Context,
			e.Weights/mib, e.Cache/mib, e.Compute/mib, estimate, weights, cache, buffers, real, 100*off)
		if math.Abs(off) > 0.1 {
			t.Errorf("%s: the estimate is %.1f MiB, llama-server has %.1f", s.name, estimate, real)
		}
	}
	if rows := paddockLs(t, root); len(rows) != 0 {
		t.Errorf("fit pulled %v", rows)
	}
}

// serverMemory serves the model and returns the sizes of the buffers that llama-server reports, in MiB: model; KV; compute
// and output.
func serverMemory(t *testing.T, m model, context int) (weights, cache, buffers float64) {
	t.Helper()
	lab := Lab{}
	dir := m.unpack(t, lab)
	script := `llama-server -m "$1/model.gguf" -c "$2" --port 18220 --threads 2 -lv 4 >"$1/log" 2>&1 & p=$!
for i in $(seq 300); do curl -fs http://127.0.0.1:18220/health >/dev/null && break; kill -0 $p || break; sleep 0.1; done
kill $p; wait $p; cat "$1/log"`
	log := lab.MustRun(t, "sh", "-c", script, "sh", dir, strconv.Itoa(context))
	for _, found := range regexp.MustCompile(`(model|KV|compute|output) buffer size = +([0-9.]+) MiB`).FindAllStringSubmatch(log, -1) {
		n, err := strconv.ParseFloat(found[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		switch found[1] {
		case "model":
			weights += n
		case "KV":
			cache += n
		default:
			buffers += n
		}
	}
	if weights == 0 || cache == 0 || buffers == 0 {
		t.Fatalf("llama-server said %s", tailOf(log))
	}
	return weights, cache, buffers
}

func tailOf(log string) string {
	lines := strings.Split(log, "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
