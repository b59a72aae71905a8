// Package repofiles reads references to repositories of model files, as Hugging Face and ModelScope keep them, and chooses
// which files of a repository are the model. It is pure: it asks nothing of anybody.
package repofiles
