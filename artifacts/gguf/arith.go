package gguf

import (
	"math"
	"math/bits"
)

// mul multiplies, and says whether the product fits.
func mul(a, b uint64) (uint64, bool) {
	hi, lo := bits.Mul64(a, b)
	return lo, hi == 0
}

// add adds two sizes or counts, and says whether the sum fits an int64.
func add(a int64, b uint64) (int64, bool) {
	if b > uint64(math.MaxInt64-a) {
		return 0, false
	}
	return a + int64(b), true
}
