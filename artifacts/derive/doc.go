// Package derive makes, for stores on disk, the derived artifact of a model that no container can mount file by file: its
// archives are unpacked beside the store, and a manifest of the single files is written (packaging.Derive). What a store
// does with it is the store's.
package derive
