// Package ollama is Ollama's registry as it really behaves, in the test's own process: no /v2/ to greet, manifests in
// Docker's media type whose layers have no names, and blobs that are redirected to another host by signed addresses. It
// fails the test on requests that the real one would not like, and on any credential.
package ollama
