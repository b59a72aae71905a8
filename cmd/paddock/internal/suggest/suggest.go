// Package suggest finds the word that a mistyped one was probably meant to be.
package suggest

// Nearest returns the candidate that word is most likely a misspelling of, or "" if none is close enough to be worth
// saying: more than a third of the letters, and more than one, differ. The first of equally near candidates wins.
func Nearest(word string, candidates []string) string {
	best, limit := "", max(1, (len([]rune(word))+1)/3)
	for _, c := range candidates {
		if d := distance(word, c); d <= limit {
			best, limit = c, d-1
		}
	}
	return best
}

// distance counts the letters to insert, remove, replace, or swap with their neighbour to make b of a
// (optimal string alignment; a swap is the commonest typing error, so it counts once).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
