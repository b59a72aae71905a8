// Package unpack turns the archives of a model into single files.
//
// Publishers put files into tar layers, compressed or not (ModelPack, AIKit, KitOps, oras folders, Docker's dir.tar); a
// container can mount single files only. Model streams each archive once, writes every content under its own digest into a
// folder of the caller's, and says which paths the contents have in the model. No path of an archive ever names a file on
// disk, no link is made, and modes and owners are not taken over, so what an archive says cannot reach beyond the folder.
//
// Archives are written by strangers. Everything is bounded before it is read or written, bytes are compared with the
// layer's digest while they are read, and after an error nothing is left behind. An error that wraps
// artifacts.ErrVerification says that bytes are not what was promised, or that a limit was met; one that wraps
// packaging.ErrUnsafePath, that an entry may not exist. Both name the layer and the entry.
package unpack
