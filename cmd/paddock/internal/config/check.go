package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

func within(low, high int) func(int) error {
	return func(n int) error {
		if n < low || n > high {
			return fmt.Errorf("%d is not between %d and %d", n, low, high)
		}
		return nil
	}
}

func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("%q is none of: %s", s, strings.Join(slices.DeleteFunc(slices.Clone(words), isEmpty), ", "))
		}
		return nil
	}
}

func isEmpty(s string) bool { return s == "" }

func notEmpty(s string) error {
	if s == "" {
		return errors.New("may not be empty")
	}
	return nil
}
