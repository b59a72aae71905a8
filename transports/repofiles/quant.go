package repofiles

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// quantToken finds a quantisation as a whole token of a name: llama.cpp's types (ggml.h, llama-quant.cpp) in any case, with
// the variants that publishers make of them (Q6_K_L, UD-Q4_K_XL).
const quantToken = `(?i)(?:^|[-._/])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|B?F16|FP16|F32|FP32|MXFP4(?:_MOE)?|NVFP4))(?:$|[-.])`

// preferred are the quantisations by how likely a person wants them who has not said: small enough to fit, good enough to
// use. Q4_K_M is what Hugging Face and Ollama take.
func preferred() []string {
	return []string{
		"Q4_K_M", "UD-Q4_K_XL", "Q4_K_XL", "Q4_K_L", "Q4_K_S", "MXFP4", "MXFP4_MOE", "IQ4_XS", "IQ4_NL", "Q4_0", "Q4_1", "Q4", "Q5_K_M",
		"UD-Q5_K_XL", "Q5_K_S", "Q5_0", "Q5_1", "Q6_K", "UD-Q6_K_XL", "Q8_0", "Q8", "UD-Q8_K_XL", "Q3_K_M", "Q3_K_L", "BF16", "F16", "FP16", "F32",
	}
}

// quantOf returns the quantisation that the path of a GGUF file says, in upper case: the last one of its base name, or the
// nearest folder that is named after one. "" if it says none.
func quantOf(p string) string {
	token := regexp.MustCompile(quantToken)
	base := strings.TrimSuffix(path.Base(p), path.Ext(p))
	// Tokens may share a separator, so the search goes on from the end of each match, not behind it.
	last := ""
	for at := 0; at < len(base); {
		m := token.FindStringSubmatchIndex(base[at:])
		if m == nil {
			break
		}
		last = base[at+m[2] : at+m[3]]
		at += m[3]
	}
	for dir := path.Dir(p); last == "" && dir != "."; dir = path.Dir(dir) {
		if m := token.FindStringSubmatch(path.Base(dir)); m != nil && m[1] == path.Base(dir) {
			last = m[1]
		}
	}
	return strings.ToUpper(last)
}

// byPreference sorts quantisations: the preferred first, then the others by name; files that say none come last.
func byPreference(quants []string) {
	order := preferred()
	rank := func(q string) int {
		if i := slices.Index(order, q); i >= 0 {
			return i
		}
		if q == "" {
			return len(order) + 1
		}
		return len(order)
	}
	slices.SortFunc(quants, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
}
