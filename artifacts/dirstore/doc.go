// Package dirstore keeps models in a folder of containers/image dir: layouts, as an artifacts.Store: for Docker, and for
// Podman before 5.6, which cannot mount artifacts. Containers get read-only binds of single files.
//
//	models/quay.io+org+m/1/             one layout for each name; "skopeo inspect dir:…" reads it
//	    version                         which makes it one (containers/image, directory/version.go)
//	    manifest.json                   byte for byte
//	    <hex>                           the config and the layers
//	    manifest.digest                 what manifest.json must hash to, since dir: itself does not say
//	    derived.digest                  of a model in archives, or of an image: the blob that is the manifest of its single
//	                                    files (packaging.Derive), which are blobs beside those of the publisher
//	staging/  tmp/  trash/  lock
//
// A blob that several names have is one file with several names (hard links). There is no list of names and no pool of
// blobs, so there is nothing that could disagree with the layouts: the kernel counts who needs a blob.
//
// Blobs arrive in staging, without the lock. Under it a whole layout is built in tmp, then renamed into place, or exchanged
// with the older layout of the name in one step (renameat2(2), RENAME_EXCHANGE): at any moment, also of a crash, a name has
// its old layout or its new one. What is in tmp or trash while the lock is free was left by a crash.
//
// Layouts that other tools write into models are models, too. Reading creates nothing.
package dirstore
