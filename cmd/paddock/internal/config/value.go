package config

import "fmt"

// Value is one setting and where it came from: "default", a file's path, an environment variable, or a flag.
type Value[T any] struct {
	Value  T
	Origin string
	check  func(T) error
}

// Override replaces the value by that of a flag, unless the flag was not given (nil). A value out of range is refused
// with an error that names the flag.
func (v *Value[T]) Override(flag *T, name string) error {
	if flag == nil {
		return nil
	}
	if err := v.put(*flag, name); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (v *Value[T]) put(value T, origin string) error {
	if v.check != nil {
		if err := v.check(value); err != nil {
			return err
		}
	}
	v.Value, v.Origin = value, origin
	return nil
}
