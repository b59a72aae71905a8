// Package ui is what people and scripts see: tables, JSON, templates, messages and progress. It is the only package that
// prints.
//
// Its rules:
//
//   - Results go to stdout, everything else to stderr.
//   - Messages begin with "paddock: ", then their kind: "error: ", "warning: ", "hint: ". They have no capital and no
//     final period.
//   - Any text may come from a registry. Nothing that a terminal obeys passes: Clean is applied to all output.
//   - A document is printed whole or not at all: what fails in the middle prints nothing.
//   - JSON is indented by two spaces, and one valid document.
package ui
