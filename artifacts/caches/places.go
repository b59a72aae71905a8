package caches

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// systemOllama is the home of the user that Ollama's installer makes for its service (ollama.com/install.sh).
const systemOllama = "/usr/share/ollama/.ollama/models"

// maxNames is how many names of a Hugging Face cache are looked at: one for each repository, at one stat for each blob.
const maxNames = 10_000

// places turns an environment into folders.
type places struct {
	Options
	log *slog.Logger
}

// folders are where blobs may be: the user's own before the system's, each once.
func (p *places) folders() []folder {
	var all []folder
	for _, hub := range p.hubs() {
		all = append(all, p.repositories(hub)...)
	}
	for _, models := range slices.Concat(p.named("OLLAMA_MODELS"), p.inHome(".ollama/models")) {
		all = append(all, ollama(models, false))
	}
	all = append(all, ollama(filepath.Join("/", p.Root, systemOllama), true))
	for _, models := range p.inHome(".docker/models") {
		all = append(all, folder{dir: filepath.Join(models, "blobs", "sha256")})
	}
	return unique(all)
}

// ollama is the folder of blobs in a store of Ollama's (its server/modelpath.go).
func ollama(models string, shared bool) folder {
	return folder{dir: filepath.Join(models, "blobs"), prefix: "sha256-", shared: shared}
}

// hubs are the Hugging Face caches (huggingface_hub, constants.py). The library uses the first that is named; blobs of an
// earlier setting are as good, so all are looked at.
func (p *places) hubs() []string {
	hubs := slices.Concat(p.named("HF_HUB_CACHE"), p.named("HUGGINGFACE_HUB_CACHE"), below(p.named("HF_HOME"), "hub"))
	hubs = append(hubs, below(p.named("XDG_CACHE_HOME"), "huggingface/hub")...)
	return append(hubs, p.inHome(".cache/huggingface/hub")...)
}

// repositories are the folders models--ORG--NAME/blobs of a cache. A file in one is named after its ETag: the sha256 of
// what is kept in LFS or Xet, the git hash of anything else, which no sha256 equals.
func (p *places) repositories(hub string) []folder {
	dir, err := os.Open(hub)
	if err != nil {
		p.unreadable(hub, err)
		return nil
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxNames)
	if err != nil && !errors.Is(err, io.EOF) {
		p.unreadable(hub, err)
		return nil
	}
	if len(names) == maxNames {
		p.log.Debug("looking at a part of a cache", "path", hub, "names", maxNames)
	}
	slices.Sort(names)
	var all []folder
	for _, name := range names {
		if strings.HasPrefix(name, "models--") {
			all = append(all, folder{dir: filepath.Join(hub, name, "blobs")})
		}
	}
	return all
}

func (p *places) unreadable(path string, err error) {
	if !errors.Is(err, fs.ErrNotExist) {
		p.log.Debug("not using a cache", "path", path, "reason", err)
	}
}

// named is the folder that a variable names; none if it is unset or relative: what is meant then depends on where a
// command happens to run. "~" is the home directory, as Python's expanduser has it.
func (p *places) named(variable string) []string {
	value := p.Getenv(variable)
	if rest, ok := strings.CutPrefix(value, "~/"); ok {
		return p.inHome(rest)
	}
	if !filepath.IsAbs(value) {
		if value != "" {
			p.log.Debug("not using a cache", "variable", variable, "path", value, "reason", "it is not absolute")
		}
		return nil
	}
	return []string{filepath.Clean(value)}
}

func (p *places) inHome(path string) []string {
	if !filepath.IsAbs(p.Home) {
		return nil
	}
	return []string{filepath.Join(p.Home, path)}
}

func below(dirs []string, path string) []string {
	for i := range dirs {
		dirs[i] = filepath.Join(dirs[i], path)
	}
	return dirs
}

func unique(all []folder) []folder {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(f folder) bool {
		again := seen[f.dir+"/"+f.prefix]
		seen[f.dir+"/"+f.prefix] = true
		return again
	})
}
