package safetensors

import "bytes"

// bare replaces NaN, Infinity and -Infinity outside of strings by null. Python writes them, JSON has no such words, and
// no field that is read here can hold them.
func bare(b []byte) []byte {
	if !bytes.Contains(b, []byte("NaN")) && !bytes.Contains(b, []byte("Infinity")) {
		return b
	}
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		n := word(b)
		if n > 0 {
			out = append(out, "null"...)
		} else {
			n = text(b)
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// word returns the length of the Python word that b begins with, or 0.
func word(b []byte) int {
	for _, w := range []string{"NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(b, []byte(w)) {
			return len(w)
		}
	}
	return 0
}

// text returns the length of the JSON string that b begins with, quotes included, or 1 for anything else.
func text(b []byte) int {
	if b[0] != '"' {
		return 1
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}
