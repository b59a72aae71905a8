// Package atrest is what stores of models on disk have in common: the lock, the meaning of a query, what a manifest names,
// whether a file is the blob that it should be, and the description of a model. It knows no layout of a store.
package atrest
