// Package storetest holds what every artifacts.Store must satisfy, as a test suite, and made-up publishers to land from.
//
// A store that also is an artifacts.Tagger, Checker or Reader, or a Breaker, is tested as such.
package storetest
