package ui

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean replaces what a terminal would obey by its Go escape: control characters other than newline and tab, bytes that
// are no UTF-8, and the characters that reorder text (Unicode's Bidi_Control, by which a name can be made to look like
// another). Clean(Clean(s)) == Clean(s).
func Clean(s string) string {
	return escape(s, func(r rune, raw string) string {
		switch {
		case r == utf8.RuneError && len(raw) == 1, r < utf8.RuneSelf:
			return fmt.Sprintf(`\x%02x`, raw[0])
		default:
			return fmt.Sprintf(`\u%04x`, r)
		}
	})
}

// cleanJSON does the same inside a JSON document, where these characters stand in strings only and an escape means the
// character itself.
func cleanJSON(s string) string {
	return escape(s, func(r rune, _ string) string { return fmt.Sprintf(`\u%04x`, r) })
}

func escape(s string, with func(r rune, raw string) string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if harmless(r, size) {
			b.WriteString(s[:size])
		} else {
			b.WriteString(with(r, s[:size]))
		}
		s = s[size:]
	}
	return b.String()
}

func harmless(r rune, size int) bool {
	switch {
	case r == '\n' || r == '\t':
		return true
	case r == utf8.RuneError && size == 1:
		return false
	}
	return !unicode.IsControl(r) && !unicode.Is(unicode.Bidi_Control, r)
}

// cleanRows cleans the text fields of each row, line breaks and tabs included: they would shift a table's cells.
func cleanRows[T any](rows []T) []T {
	clean := append([]T{}, rows...)
	for i := range clean {
		v := reflect.ValueOf(&clean[i]).Elem()
		for f := range v.NumField() {
			if field := v.Field(f); field.Kind() == reflect.String && field.CanSet() {
				text := strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(Clean(field.String()))
				field.SetString(text)
			}
		}
	}
	return clean
}

// write prints text that was made whole before.
func write(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("writing output: %w", err)
	}
	return nil
}
