package gguf

import "strings"

// fileTypes are the names of general.file_type from 0 on (enum llama_ftype in llama.h, without LLAMA_FTYPE_MOSTLY_).
// A dash is a number that is not, or no longer, in use.
const fileTypes = "F32 F16 Q4_0 Q4_1 - - - Q8_0 Q5_0 Q5_1 Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K " +
	"IQ2_XXS IQ2_XS Q2_K_S IQ3_XS IQ3_XXS IQ1_S IQ4_NL IQ3_S IQ3_M IQ2_S IQ2_M IQ4_XS IQ1_M BF16 " +
	"Q4_0_4_4 Q4_0_4_8 Q4_0_8_8 TQ1_0 TQ2_0 MXFP4_MOE NVFP4 Q1_0"

// guessed is the bit that llama.cpp sets when it made the file type up (LLAMA_FTYPE_GUESSED).
const guessed = 1024

// fileTypeName returns the name of a file type, or "" for one that is not known here.
func fileTypeName(n int64) string {
	names := strings.Fields(fileTypes)
	n &^= guessed
	if n < 0 || n >= int64(len(names)) || names[n] == "-" {
		return ""
	}
	return names[n]
}
