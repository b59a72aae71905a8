package ollama

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports/synth"
)

// What is read of a config and a license to describe a model; neither is longer in practice.
const (
	maxConfig  = 1 << 20
	maxLicense = 256 << 10
)

// describe fills in what the config and the licenses say of a model. Licenses that were read need not be read again.
func (e *endpoint) describe(ctx context.Context, manifest []byte, model *synth.Model) error {
	var doc ocispec.Manifest
	if err := json.Unmarshal(manifest, &doc); err != nil {
		return fmt.Errorf("reading the manifest: %w", err)
	}
	if c := doc.Config; c.Digest.Validate() == nil && c.Size > 0 && c.Size <= maxConfig {
		raw, err := e.blob(ctx, c.Digest, c.Size)
		if err != nil {
			return fmt.Errorf("reading the config: %w", err)
		}
		var config struct {
			Family string `json:"model_family"`
			Type   string `json:"model_type"`
			File   string `json:"file_type"`
			Format string `json:"model_format"`
		}
		if err := json.Unmarshal(raw, &config); err != nil {
			return fmt.Errorf("reading the config: %w", err)
		}
		m := &model.Meta
		m.Family, m.ParamSize, m.Quantization = config.Family, strings.ToLower(config.Type), config.File
		if config.Format != "" {
			m.Format = config.Format
		}
	}
	for i := range model.Files {
		f := &model.Files[i]
		if f.Role != packaging.License || f.Size > maxLicense || f.Size == 0 {
			continue
		}
		var err error
		if f.Data, err = e.blob(ctx, f.Digest, f.Size); err != nil {
			return fmt.Errorf("reading the license: %w", err)
		}
		if id := license(string(f.Data)); id != "" {
			model.Meta.Licenses = append(model.Meta.Licenses, id)
		}
	}
	return nil
}

// license returns the SPDX identifier of a license text; "" for one that only people should judge.
func license(text string) string {
	begin := strings.Join(strings.Fields(text[:min(len(text), 400)]), " ")
	switch {
	case strings.HasPrefix(begin, "Apache License Version 2.0"):
		return "Apache-2.0"
	case strings.HasPrefix(begin, "MIT License"):
		return "MIT"
	}
	return ""
}
