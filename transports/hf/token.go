package hf

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"github.com/paddock-dev/paddock/artifacts/smallfile"
)

// maxToken bounds the file of a token in bytes.
const maxToken = 4 << 10

// tokenReader returns the user's token, "" if there is none: from HF_TOKEN, or HUGGING_FACE_HUB_TOKEN as it was called, else
// from the file that "hf auth login" writes (huggingface_hub, utils/_auth.py and constants.py).
func tokenReader(getenv func(string) string, home string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		for _, variable := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"} {
			if token := strings.TrimSpace(getenv(variable)); token != "" {
				return clean(token, variable)
			}
		}
		path := tokenFile(getenv, home)
		if path == "" {
			return "", nil
		}
		raw, err := smallfile.Settings(path)
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("reading the token of %s: %w", title, err)
		}
		if len(raw) > maxToken {
			return "", fmt.Errorf("reading the token of %s in %s: it has %d bytes", title, path, len(raw))
		}
		return clean(strings.TrimSpace(string(raw)), path)
	})
}

// clean refuses a token that is no header's value.
func clean(token, where string) (string, error) {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("reading the token of %s in %s: it is not one word", title, where)
	}
	return token, nil
}

// tokenFile is where the file is; "" if nothing says.
func tokenFile(getenv func(string) string, home string) string {
	expand := func(path string) string {
		if rest, ok := strings.CutPrefix(path, "~/"); ok && home != "" {
			return filepath.Join(home, rest)
		}
		return path
	}
	if path := getenv("HF_TOKEN_PATH"); path != "" {
		return expand(path)
	}
	if dir := getenv("HF_HOME"); dir != "" {
		return filepath.Join(expand(dir), "token")
	}
	if dir := getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(expand(dir), "huggingface", "token")
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".cache", "huggingface", "token")
}
