// Package url finds models behind plain URLs: one file, or the parts of a split one.
//
// Nobody says the digest of such a file, unless the reference does, with #sha256=HEX behind the URL. It is computed as the
// bytes arrive. The file is read in ranges, and an interrupted download goes on, only where the server names one state of
// it: a strong ETag, or a time of modification that is certain. Else it is read in one stream.
//
// The model is called after the URL's host and path: https://example.com/dir/m.gguf is example.com/dir/m.gguf:latest. The
// query is no part of the name, and is not kept anywhere, as it may be secret.
package url
