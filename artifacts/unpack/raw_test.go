package unpack

import "fmt"

// block is a tar header that the standard library would not write (POSIX.1-2024, pax, ustar Interchange Format).
type block struct {
	name   string
	kind   byte
	size   int64
	magic  string // "" is ustar's
	change func(b []byte)
}

func (h block) bytes() []byte {
	b := make([]byte, 512)
	copy(b, h.name)
	copy(b[100:], "0000755\x000000000\x000000000\x00")
	octal(b[124:136], h.size)
	copy(b[136:], "00000000000\x00")
	b[156] = h.kind
	copy(b[257:], "ustar\x0000")
	if h.magic != "" {
		copy(b[257:], h.magic)
	}
	if h.change != nil {
		h.change(b)
	}
	copy(b[148:156], "        ")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// rawTar is blocks with their contents, and the end of an archive.
func rawTar(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
		all = append(all, make([]byte, (512-len(p)%512)%512)...)
	}
	return append(all, make([]byte, 1024)...)
}

// paxRecords writes the body of an extended header.
func paxRecords(pairs ...string) []byte {
	var all []byte
	for i := 0; i < len(pairs); i += 2 {
		rest := " " + pairs[i] + "=" + pairs[i+1] + "\n"
		n := len(rest)
		for len(fmt.Sprint(n))+len(rest) != n {
			n = len(fmt.Sprint(n)) + len(rest)
		}
		all = append(all, fmt.Sprint(n)+rest...)
	}
	return all
}

// withPax is an entry behind an extended header.
func withPax(h block, pairs ...string) [][]byte {
	body := paxRecords(pairs...)
	return [][]byte{block{name: "PaxHeaders/x", kind: 'x', size: int64(len(body))}.bytes(), body, h.bytes()}
}

// sparse is a file of the old GNU format with one byte of data at the end of a hole.
func sparse(name string, size int64) [][]byte {
	h := block{name: name, kind: 'S', size: 1, magic: "ustar  \x00", change: func(b []byte) {
		octal(b[386:398], size-1)
		octal(b[398:410], 1)
		octal(b[483:495], size)
	}}
	return [][]byte{h.bytes(), []byte("x")}
}

// octal writes a number of 12 bytes, in base 256 if it is too large for octal digits.
func octal(b []byte, n int64) {
	if n < 1<<33 {
		copy(b, fmt.Sprintf("%011o\x00", n))
		return
	}
	b[0] = 0x80
	for i := 11; i > 0; i-- {
		b[i] = byte(n)
		n >>= 8
	}
}
