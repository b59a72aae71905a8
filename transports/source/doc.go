// Package source reads parts of blobs over HTTP, for every transport, and asks servers for what is small.
//
// A Web is one origin: it has the certificates and credentials for it, and none of them for where it leads.
//
// A Remote is one blob at one place. It checks all that a server says of a part (status, Content-Range, length, encoding)
// before a byte is passed on, follows redirects by hand so that no credential reaches another host, remembers where a
// blob was redirected to, and gives up on a server that falls silent. The digest of the bytes is not its business.
package source
