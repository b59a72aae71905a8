package safetensors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Config is what config.json says of a model. A number that it does not give is 0, a text "".
type Config struct {
	// Architectures are the classes of transformers that can load the model.
	Architectures []string `json:"architectures,omitempty"`
	ModelType     string   `json:"modelType,omitempty"`
	// ContextLength is max_position_embeddings, in tokens.
	ContextLength int64 `json:"contextLength,omitempty"`
	// DType is dtype, or torch_dtype as it was called before: "bfloat16".
	DType string `json:"dtype,omitempty"`
	// Quantization is quant_method of quantization_config: "gptq", "awq", "fp8"; "" if the model is not quantised.
	Quantization string `json:"quantization,omitempty"`
	Shape
}

// Shape is what the memory that a model takes depends on, besides its weights.
type Shape struct {
	// Layers is num_hidden_layers, Hidden hidden_size, Intermediate intermediate_size, VocabSize vocab_size.
	Layers       int64 `json:"layers,omitempty"`
	Hidden       int64 `json:"hiddenSize,omitempty"`
	Intermediate int64 `json:"intermediateSize,omitempty"`
	VocabSize    int64 `json:"vocabSize,omitempty"`
	// Heads is num_attention_heads, HeadsKV num_key_value_heads, or Heads if that is missing; HeadDim is head_dim, or Hidden
	// divided by Heads.
	Heads   int64 `json:"heads,omitempty"`
	HeadsKV int64 `json:"headsKV,omitempty"`
	HeadDim int64 `json:"headDim,omitempty"`
}

func (c *Config) isZero() bool {
	return len(c.Architectures) == 0 && c.ModelType == "" && c.ContextLength == 0 && c.DType == "" && c.Quantization == "" && c.Shape == Shape{}
}

// rawConfig is the part of config.json that is read. Multimodal models nest that of their language model.
type rawConfig struct {
	Architectures []string   `json:"architectures"`
	ModelType     string     `json:"model_type"`
	Context       number     `json:"max_position_embeddings"`
	DType         string     `json:"dtype"`
	TorchDType    string     `json:"torch_dtype"`
	Quantization  *rawMethod `json:"quantization_config"`
	Layers        number     `json:"num_hidden_layers"`
	Hidden        number     `json:"hidden_size"`
	Intermediate  number     `json:"intermediate_size"`
	VocabSize     number     `json:"vocab_size"`
	Heads         number     `json:"num_attention_heads"`
	HeadsKV       number     `json:"num_key_value_heads"`
	HeadDim       number     `json:"head_dim"`
	Text          *rawConfig `json:"text_config"`
}

type rawMethod struct {
	Method string `json:"quant_method"`
}

// number is a count that may be written with a decimal point, as some tools do.
type number int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	var f float64
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	if f < 0 || f > 1<<53 || f != float64(int64(f)) {
		return fmt.Errorf("%.40s is no count", b)
	}
	*n = number(f)
	return nil
}

// ReadConfig reads config.json. What it lacks is looked for in its text_config.
func ReadConfig(r io.Reader) (*Config, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxConfig+1))
	if err != nil {
		return nil, fmt.Errorf("reading config.json: %w", err)
	}
	if len(b) > maxConfig {
		return nil, fmt.Errorf("reading config.json: it is longer than %d bytes", maxConfig)
	}
	var raw rawConfig
	if err := json.Unmarshal(bare(bytes.TrimPrefix(b, []byte("\ufeff"))), &raw); err != nil {
		return nil, fmt.Errorf("reading config.json: %w", err)
	}
	if len(raw.Architectures) > maxArchs {
		return nil, fmt.Errorf("reading config.json: it has %d architectures, more than %d", len(raw.Architectures), maxArchs)
	}
	c := raw.config()
	return &c, nil
}

func (raw *rawConfig) config() Config {
	c := Config{
		Architectures: raw.Architectures,
		ModelType:     raw.ModelType,
		ContextLength: int64(raw.Context),
		DType:         raw.DType,
		Shape:         raw.shape(),
	}
	if c.DType == "" {
		c.DType = raw.TorchDType
	}
	if raw.Quantization != nil {
		c.Quantization = raw.Quantization.Method
	}
	if raw.Text == nil {
		return c
	}
	inner := raw.Text.config()
	if c.ContextLength == 0 {
		c.ContextLength = inner.ContextLength
	}
	if c.DType == "" {
		c.DType = inner.DType
	}
	if c.Quantization == "" {
		c.Quantization = inner.Quantization
	}
	if c.Layers == 0 {
		c.Shape = inner.Shape
	}
	return c
}

func (raw *rawConfig) shape() Shape {
	s := Shape{
		Layers: int64(raw.Layers), Hidden: int64(raw.Hidden), Intermediate: int64(raw.Intermediate), VocabSize: int64(raw.VocabSize),
		Heads: int64(raw.Heads), HeadsKV: int64(raw.HeadsKV), HeadDim: int64(raw.HeadDim),
	}
	if s.HeadsKV == 0 {
		s.HeadsKV = s.Heads
	}
	if s.HeadDim == 0 && s.Heads > 0 {
		s.HeadDim = s.Hidden / s.Heads
	}
	return s
}
