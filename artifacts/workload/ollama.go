package workload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// MaxParams is the largest params file in bytes that ParseParams reads.
const MaxParams = 1 << 20

// Params are what the publisher of an Ollama model wants its server told.
type Params struct {
	// CtxSize is the size of the context in tokens; 0 if it does not say. Options.CtxSize goes before it.
	CtxSize int
	// Args are arguments of llama-server.
	Args []string
	// Ignored are the parameters that llama-server has no argument for, sorted.
	Ignored []string
}

// paramFlags returns the parameters that llama-server knows (ollama, api/types.go; llama.cpp, tools/server/README.md). Those
// that depend on the machine (num_gpu, num_thread, …) are not the publisher's to choose.
func paramFlags() map[string]string {
	return map[string]string{
		"temperature": "--temp", "top_k": "--top-k", "top_p": "--top-p", "min_p": "--min-p", "typical_p": "--typical",
		"repeat_penalty": "--repeat-penalty", "repeat_last_n": "--repeat-last-n", "presence_penalty": "--presence-penalty",
		"frequency_penalty": "--frequency-penalty", "seed": "--seed", "num_predict": "--predict", "num_keep": "--keep",
		"mirostat": "--mirostat", "mirostat_eta": "--mirostat-lr", "mirostat_tau": "--mirostat-ent",
	}
}

// ParseParams reads the params layer of an Ollama model: a JSON object. A known parameter whose value is no number is an
// error that names it; -2 of num_predict ("fill the context") is what llama-server understands by it, too.
func ParseParams(data []byte) (*Params, error) {
	if len(data) > MaxParams {
		return nil, fmt.Errorf("reading the parameters: %d bytes, more than the limit of %d", len(data), MaxParams)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("reading the parameters: %w", err)
	}
	p, flags := &Params{}, paramFlags()
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		flag := flags[key]
		if flag == "" && key != "num_ctx" {
			p.Ignored = append(p.Ignored, key)
			continue
		}
		value, err := paramNumber(raw[key])
		if err != nil {
			return nil, fmt.Errorf("reading the parameter %s: %w", key, err)
		}
		if key != "num_ctx" {
			p.Args = append(p.Args, flag, value)
			continue
		}
		if p.CtxSize, err = strconv.Atoi(value); err != nil || p.CtxSize < 0 {
			return nil, fmt.Errorf("reading the parameter %s: %s is no size", key, value)
		}
	}
	return p, nil
}

// paramNumber returns a JSON number as it was written, so that no digit is lost.
func paramNumber(raw json.RawMessage) (string, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	n, ok := v.(json.Number)
	if !ok {
		return "", fmt.Errorf("%.60s is no number", raw)
	}
	if _, err := n.Float64(); err != nil {
		return "", fmt.Errorf("%.60s is out of range", raw)
	}
	return n.String(), nil
}
