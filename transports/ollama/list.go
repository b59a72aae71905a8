package ollama

import (
	"context"
	"fmt"

	"github.com/paddock-dev/paddock/transports"
)

var _ transports.Lister = (*Resolver)(nil)

// List refuses: Ollama's registries have no list of tags. It says where a person finds them.
func (r *Resolver) List(_ context.Context, input string) ([]string, error) {
	at, err := parse(input)
	if err != nil {
		return nil, err
	}
	page := ""
	if at.host == defaultHost {
		page = fmt.Sprintf("https://%s/%s/tags shows them", canonicalHost, at.repository)
	}
	return nil, transports.NoList(at.String(), page)
}
