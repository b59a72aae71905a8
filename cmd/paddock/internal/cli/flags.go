package cli

import (
	"flag"
	"fmt"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"
	"go.podman.io/image/v5/types"
)

// The flags in this file exist because the library's own cannot say "not given". Every flag, of either kind, is bound
// to a field of an options struct; none is looked up by name.

// boundFlag is a flag whose text goes to a function.
type boundFlag struct {
	names    []string // the full name first
	usage    string   // with the placeholder in back quotes
	fallback string   // what help says of the default; "" for nothing
	alone    bool     // may stand without a value, which then is "true"
	repeated bool     // may be given more than once
	set      func(string) error
	given    bool
}

var (
	_ cli.DocGenerationSliceFlag = (*boundFlag)(nil)
	_ cli.VisibleFlag            = (*boundFlag)(nil)
	_ flag.Value                 = (*boundValue)(nil)
)

// stringsFlag is a flag that may be repeated; each value is taken as it is, commas included.
func stringsFlag(dest *[]string, usage string, names ...string) cli.Flag {
	return &boundFlag{names: names, usage: usage, repeated: true, set: func(s string) error {
		*dest = append(*dest, s)
		return nil
	}}
}

// optionalBoolFlag is a switch that knows "not given" from "false", as Podman's --tls-verify.
func optionalBoolFlag(dest *types.OptionalBool, usage string, names ...string) cli.Flag {
	return &boundFlag{names: names, usage: usage, alone: true, set: func(s string) error {
		b, err := strconv.ParseBool(s)
		if err != nil {
			return fmt.Errorf("want true or false")
		}
		*dest = types.NewOptionalBool(b)
		return nil
	}}
}

// optionalStringFlag leaves dest nil unless the flag is given. fallback is what help says of the default.
func optionalStringFlag(dest **string, fallback, usage string, names ...string) cli.Flag {
	return &boundFlag{names: names, usage: usage, fallback: fallback, set: func(s string) error {
		*dest = &s
		return nil
	}}
}

// optionalIntFlag leaves dest nil unless the flag is given. fallback is what help says of the default.
func optionalIntFlag(dest **int, fallback, usage string, names ...string) cli.Flag {
	return &boundFlag{names: names, usage: usage, fallback: fallback, set: func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("want a whole number")
		}
		*dest = &n
		return nil
	}}
}

// Apply registers the full name only: permute has replaced the short ones, and the library would otherwise copy a value
// from one name to the other, giving a repeated flag its last value twice.
func (f *boundFlag) Apply(set *flag.FlagSet) error {
	set.Var(&boundValue{f}, f.names[0], f.usage)
	return nil
}

func (f *boundFlag) String() string         { return "--" + f.names[0] }
func (f *boundFlag) Names() []string        { return slices.Clone(f.names) }
func (f *boundFlag) IsSet() bool            { return f.given }
func (f *boundFlag) TakesValue() bool       { return !f.alone }
func (f *boundFlag) GetUsage() string       { return f.usage }
func (f *boundFlag) GetValue() string       { return "" }
func (f *boundFlag) GetDefaultText() string { return f.fallback }
func (f *boundFlag) GetEnvVars() []string   { return nil }
func (f *boundFlag) IsVisible() bool        { return true }
func (f *boundFlag) IsSliceFlag() bool      { return f.repeated }

// boundValue is the side of a boundFlag that the flag package sees.
type boundValue struct{ flag *boundFlag }

func (v *boundValue) String() string   { return "" }
func (v *boundValue) IsBoolFlag() bool { return v.flag.alone }

func (v *boundValue) Set(s string) error {
	if err := v.flag.set(s); err != nil {
		return err
	}
	v.flag.given = true
	return nil
}
