// Package union makes one artifacts.Store of several, each of which takes models of some kinds: Podman's artifact store and
// its image store, say. What a person names is found wherever it is, and what cannot be asked is never taken for empty.
package union
