package podmanstore

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/paddock-dev/paddock/artifacts/storetest"
)

// holdMeter is a slog.Handler that keeps the longest time for which the lock was held at once.
type holdMeter struct{ longest time.Duration }

func (m *holdMeter) Enabled(context.Context, slog.Level) bool { return true }
func (m *holdMeter) WithAttrs([]slog.Attr) slog.Handler       { return m }
func (m *holdMeter) WithGroup(string) slog.Handler            { return m }
func (m *holdMeter) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "held" {
			m.longest = max(m.longest, a.Value.Duration())
		}
		return true
	})
	return nil
}

// BenchmarkLockHeld measures for how long, at most, landing and removing keep others waiting, by the number of a model's
// layers.
func BenchmarkLockHeld(b *testing.B) {
	for _, layers := range []int{1, 5000} {
		files := map[string]string{}
		for i := range layers {
			files[fmt.Sprintf("%05d", i)] = "weights " + strconv.Itoa(i)
		}
		b.Run(fmt.Sprintf("layers=%d", layers), func(b *testing.B) {
			var land, remove time.Duration
			for b.Loop() {
				m := &holdMeter{}
				s, err := Open(&Options{GraphRoot: b.TempDir(), Logger: slog.New(m)})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := s.Land(b.Context(), storetest.NewOrigin(b, testName, files).Plan, nil); err != nil {
					b.Fatal(err)
				}
				land += m.longest
				m.longest = 0
				if err := s.Remove(b.Context(), testName); err != nil {
					b.Fatal(err)
				}
				remove += m.longest
			}
			ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(b.N) }
			b.ReportMetric(ms(land), "land-held-ms")
			b.ReportMetric(ms(remove), "remove-held-ms")
		})
	}
}
