package gguf

// tensorType is how a ggml type stores its values: block values take bytes bytes.
type tensorType struct {
	name         string
	block, bytes uint64
}

// tensorTypeOf returns the type with a number of enum ggml_type in ggml.h; false for one that is not known here, as
// those of forks and of later versions are.
func tensorTypeOf(n uint32) (tensorType, bool) {
	t := plainType(n)
	if t.block == 0 {
		t = blockType(n)
	}
	if t.block == 0 {
		t = superBlockType(n)
	}
	return t, t.block != 0
}

// plainType knows the types that store each value by itself.
func plainType(n uint32) tensorType {
	switch n {
	case 0:
		return tensorType{"F32", 1, 4}
	case 1:
		return tensorType{"F16", 1, 2}
	case 24:
		return tensorType{"I8", 1, 1}
	case 25:
		return tensorType{"I16", 1, 2}
	case 26:
		return tensorType{"I32", 1, 4}
	case 27:
		return tensorType{"I64", 1, 8}
	case 28:
		return tensorType{"F64", 1, 8}
	case 30:
		return tensorType{"BF16", 1, 2}
	}
	return tensorType{}
}

// blockType knows the types with blocks of 32 to 128 values. 31 to 33 and 36 to 38 were Q4_0 and IQ4_NL, interleaved.
func blockType(n uint32) tensorType {
	switch n {
	case 2, 31, 32, 33:
		return tensorType{"Q4_0", 32, 18}
	case 3:
		return tensorType{"Q4_1", 32, 20}
	case 6:
		return tensorType{"Q5_0", 32, 22}
	case 7:
		return tensorType{"Q5_1", 32, 24}
	case 8:
		return tensorType{"Q8_0", 32, 34}
	case 9:
		return tensorType{"Q8_1", 32, 36}
	case 20, 36, 37, 38:
		return tensorType{"IQ4_NL", 32, 18}
	case 39:
		return tensorType{"MXFP4", 32, 17}
	case 40:
		return tensorType{"NVFP4", 64, 36}
	case 41:
		return tensorType{"Q1_0", 128, 18}
	case 42:
		return tensorType{"Q2_0", 64, 18}
	}
	return tensorType{}
}

// superBlockType knows the types with blocks of 256 values.
func superBlockType(n uint32) tensorType {
	switch n {
	case 10:
		return tensorType{"Q2_K", 256, 84}
	case 11:
		return tensorType{"Q3_K", 256, 110}
	case 12:
		return tensorType{"Q4_K", 256, 144}
	case 13:
		return tensorType{"Q5_K", 256, 176}
	case 14:
		return tensorType{"Q6_K", 256, 210}
	case 15:
		return tensorType{"Q8_K", 256, 292}
	case 16:
		return tensorType{"IQ2_XXS", 256, 66}
	case 17:
		return tensorType{"IQ2_XS", 256, 74}
	case 18:
		return tensorType{"IQ3_XXS", 256, 98}
	case 19:
		return tensorType{"IQ1_S", 256, 50}
	case 21:
		return tensorType{"IQ3_S", 256, 110}
	case 22:
		return tensorType{"IQ2_S", 256, 82}
	case 23:
		return tensorType{"IQ4_XS", 256, 136}
	case 29:
		return tensorType{"IQ1_M", 256, 56}
	case 34:
		return tensorType{"TQ1_0", 256, 54}
	case 35:
		return tensorType{"TQ2_0", 256, 66}
	}
	return tensorType{}
}
