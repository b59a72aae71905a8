// Package artifacts holds the words of paddock: a Name under which a model is kept, the Model and its files, the Plan
// of what is to be fetched, the Store that keeps models at rest, and the errors that callers branch on.
//
// It knows no store, no origin and no engine. Transports make Plans; stores land them; the command line joins the two.
package artifacts
