// Package podmanstore is Podman's artifact store, <GraphRoot>/artifacts, as an artifacts.Store.
//
// The store is an OCI image layout that Podman itself reads and writes, so every rule here is Podman's: the lock
// (index.lock, a POSIX lock taken through containers/storage), the entry {mediaType, digest, size, ref.name} in
// index.json, and the file modes. What this package does otherwise than Podman (common/pkg/libartifact v0.68.0):
//
//   - Blobs arrive in a staging area beside the store, without the lock. The lock is held only to link whole, verified
//     blobs into the store and to replace the index, so it is held for milliseconds whatever the size of the model. Of
//     hundreds of blobs most are linked before, and looked at again under the lock; they leave in turns.
//   - Every file gets its final name by a rename of a synced file, or by a hard link. A crash leaves the old index or the
//     new one, and at worst blobs that no entry uses.
//   - The one exception: on a full disk, where nothing else can be written, an entry is removed by blanking it in the index
//     as it stands.
//   - A name that moves leaves no unnamed entry behind. (One unnamed entry makes podman artifact ls fail as a whole.)
//   - A model that Podman cannot mount file by file, as its files are in archives or its layers repeat a digest, gets a second
//     entry, localhost/paddock/derived:<hex of its digest>, whose layers are the single files. Both are committed together.
//     The model is listed and found under its own name only, and mounted from the derived entry, which goes with its last name.
//   - Only manifests that Podman can read back are accepted, since one bad manifest makes every call of libartifact fail.
//
// Reading creates nothing: a machine where Podman never made the store has an empty one.
package podmanstore
