package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
	"github.com/paddock-dev/paddock/transports"
	"github.com/paddock-dev/paddock/transports/aliases"
	"github.com/paddock-dev/paddock/transports/file"
	"github.com/paddock-dev/paddock/transports/ocipath"
	"github.com/paddock-dev/paddock/transports/ollama"
	"github.com/paddock-dev/paddock/transports/source"
	"github.com/paddock-dev/paddock/transports/url"
)

// pathRows are the transports of what has an address or a path of its own. web is how the network is asked.
func pathRows(web *source.WebOptions, sys *types.SystemContext) []transports.Transport {
	anonymous := *web
	anonymous.Authorize = nil // --creds are for what was named, and Ollama's registry takes none
	rows := []transports.Transport{
		{Name: "ollama", Schemes: []string{"ollama"}, Hosts: ollama.Sites(), Resolver: ollama.New(&ollama.Options{Web: anonymous, System: sys})},
		{Name: "url", Schemes: []string{"https", "http"}, WholeURL: true, Resolver: url.New(&url.Options{Web: *web, System: sys})},
		{Name: "file", Schemes: []string{"file"}, Paths: true, Resolver: &file.Resolver{System: sys}},
	}
	for _, kind := range []ocipath.Kind{ocipath.Layout, ocipath.Archive, ocipath.Dir, ocipath.DockerArchive} {
		rows = append(rows, transports.Transport{
			Name: string(kind), Prefixes: []string{string(kind)}, Resolver: &ocipath.Resolver{Kind: kind, System: sys},
		})
	}
	return rows
}

// aliases reads the short names of models.
func (e *Env) aliases() (*aliases.Aliases, error) {
	o := &aliases.Options{Root: e.Root}
	if home, err := e.Home(); err == nil {
		o.ConfigHome = filepath.Join(home, ".config")
	}
	if dir := e.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		o.ConfigHome = dir
	}
	return aliases.Load(o)
}

// shortNamed resolves the short names of models before anything else, and says on stderr what one stands for.
func shortNamed(env *Env, next transports.Resolver) transports.Resolver {
	return &aliases.Resolver{Known: sync.OnceValues(env.aliases), Next: next, Tell: func(reference string, m aliases.Meaning) {
		ui.Note(env.Err, source.Scrub(fmt.Errorf("%s stands for %s (%s)", reference, m.Reference, m.File)).Error())
	}}
}

// hintPath is for a name that nobody has, when there is a file of that name; "" if there is none. Names are never taken for
// files.
func hintPath(typed string) string {
	if strings.HasPrefix(typed, "/") || strings.HasPrefix(typed, ".") {
		return "" // it was taken for a path
	}
	if _, err := os.Lstat(typed); err != nil {
		return ""
	}
	return "for the file of that name here, write ./" + typed
}
