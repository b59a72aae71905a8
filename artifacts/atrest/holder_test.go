package atrest

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestFindHolder(t *testing.T) {
	st := &unix.Stat_t{Ino: 802822, Dev: unix.Mkdev(0xfe, 0)}
	for _, c := range []struct {
		table string
		want  int
	}{
		{"", 0},
		{"1: POSIX  ADVISORY  WRITE 12 fe:00:802822 0 EOF\n", 12},
		{"1: -> POSIX  ADVISORY  WRITE 12 fe:00:802822 0 EOF\n", 0},
		{"1: FLOCK  ADVISORY  WRITE 12 fe:00:802822 0 EOF\n", 0},
		{"1: OFDLCK ADVISORY  WRITE -1 fe:00:802822 0 EOF\n", 0},
		{"1: POSIX  ADVISORY  WRITE 0 fe:00:802822 0 EOF\n", 0},
		{"1: POSIX  ADVISORY  WRITE 12 fe:00:1802822 0 EOF\n", 0},
		{"1: POSIX  ADVISORY  WRITE 11 00:29:802822 0 EOF\n2: POSIX  ADVISORY  READ 12 fe:00:802822 0 EOF\n", 12},
		{"1: POSIX  ADVISORY  WRITE 11 00:29:802822 0 EOF\n", 11},
		{"garbage\n\n1: POSIX ADVISORY WRITE x fe:00:802822 0 EOF", 0},
	} {
		if got := findHolder(c.table, st); got != c.want {
			t.Errorf("%q: got %d, want %d", c.table, got, c.want)
		}
	}
}
