package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"go.podman.io/common/pkg/report"
)

// ErrFormat says that a --format is no template, or names a field that does not exist.
var ErrFormat = errors.New("bad --format")

// ListOptions says how a list is shown. nil means the zero value, which is no use: Default must be set.
type ListOptions struct {
	// Format is what --format says: "json", "table TEMPLATE", or a template for each row; "" for Default.
	Format string
	// Default is a "table TEMPLATE".
	Default string
	// Headers names the columns that are not the field's name in capitals.
	Headers map[string]string
	// NoHeading leaves the line of column names out.
	NoHeading bool
}

// List prints rows as Podman's list commands do: as a table, as a JSON array, or by a template, with Podman's template
// functions. T is a struct; its exported fields are the columns. A bad template wraps ErrFormat.
func List[T any](w io.Writer, rows []T, o *ListOptions) error {
	if IsJSON(o.Format) {
		return JSON(w, append([]T{}, rows...))
	}
	if err := notWord(o.Format); err != nil {
		return err
	}
	format, origin := o.Format, report.OriginUser
	if format == "" {
		format, origin = o.Default, report.OriginPodman
	}
	var out bytes.Buffer
	f, err := report.New(&out, "format").Parse(origin, format)
	if err != nil {
		return formatError(o.Format, err)
	}
	if f.RenderHeaders && !o.NoHeading {
		if err := f.Execute(report.Headers(*new(T), o.Headers)); err != nil {
			return formatError(o.Format, err)
		}
	}
	if f.RenderHeaders { // a table
		rows = cleanRows(rows)
	}
	if len(rows) == 0 {
		// a template that names a field which does not exist is wrong whether or not there is a row to show it by
		if err := tryFormat[T](origin, format); err != nil {
			return formatError(o.Format, err)
		}
	}
	if err := f.Execute(rows); err != nil {
		return formatError(o.Format, err)
	}
	if err := f.Flush(); err != nil {
		return fmt.Errorf("aligning columns: %w", err)
	}
	return write(w, trimCells(Clean(out.String())))
}

// tryFormat applies a template to a row of zeros, and throws away what it prints.
func tryFormat[T any](origin report.Origin, format string) error {
	f, err := report.New(io.Discard, "format").Parse(origin, format)
	if err != nil {
		return err
	}
	return f.Execute([]T{*new(T)})
}

// Object prints one value: by the template fallback if format is "", as JSON, or by the user's template. The template's
// dot is v itself. A bad template wraps ErrFormat.
func Object(w io.Writer, v any, format, fallback string) error {
	if IsJSON(format) {
		return JSON(w, v)
	}
	if err := notWord(format); err != nil {
		return err
	}
	text := format
	if text == "" {
		text = fallback
	}
	t, err := report.NewTemplate("format").Parse(text)
	if err != nil {
		return formatError(format, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, v); err != nil {
		return formatError(format, err)
	}
	return write(w, Clean(out.String()))
}

// JSON prints v as one indented document.
func JSON(w io.Writer, v any) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encoding output as JSON: %w", err)
	}
	return write(w, cleanJSON(out.String()))
}

// IsJSON says whether a --format asks for a JSON document: "json" or "{{json}}", as Podman reads it. "{{json .}}" is a
// template.
func IsJSON(format string) bool { return report.IsJSON(format) }

// formatError blames the user's format, without the library's name for the template.
func formatError(format string, err error) error {
	if format == "" {
		return fmt.Errorf("formatting output: %w", err)
	}
	text := err.Error()
	if _, at, ok := strings.Cut(text, `executing "format" `); ok {
		text = at
	}
	return fmt.Errorf("%w: %q: %s", ErrFormat, format, text)
}

// trimCells drops the padding at the ends of lines, as it only wraps lines on narrow terminals.
func trimCells(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// notWord refuses a format of letters only: a template it would be, but one that prints itself; somebody hopes for yaml.
func notWord(format string) error {
	if format == "" || strings.ContainsFunc(format, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return nil
	}
	return fmt.Errorf("%w: %q: want json or a Go template", ErrFormat, format)
}
