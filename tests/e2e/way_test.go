//go:build e2e

package e2e

import (
	"os"
	"strings"
	"sync"
	"testing"
)

// way is how commands run in the lab without its scripts, which start some twenty processes each time.
type way struct {
	up    string   // a file that is there while the way leads somewhere
	group string   // the control group that commands start in, where what ends the lab finds them; "" if systemd sees to that
	words []string // what goes before the arguments of env(1) and the command
}

// way asks the script for the way of this user into this lab, once as long as the lab is up.
func (l Lab) way(t testing.TB) *way {
	t.Helper()
	script := append(l.script(), "--way")
	key := strings.Join(script, "\x00")
	ways := knownWays()
	if known, ok := ways.Load(key); ok && known.(*way).holds() {
		return known.(*way)
	}
	r := execute(t, &call{argv: script})
	words := strings.Split(strings.TrimSuffix(r.Stdout, "\x00"), "\x00")
	if r.Code != 0 || len(words) < 3 {
		t.Fatalf("entering the lab: exit %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	w := &way{up: words[0], group: words[1], words: words[2:]}
	ways.Store(key, w)
	return w
}

// knownWays are those that were asked for, by the script that was asked.
var knownWays = sync.OnceValue(func() *sync.Map { return &sync.Map{} })

func (w *way) holds() bool {
	_, err := os.Stat(w.up)
	return err == nil
}
