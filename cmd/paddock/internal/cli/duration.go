package cli

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// errDuration says what a duration looks like.
var errDuration = errors.New("want a duration such as 90s, 30m, 12h or 7d")

// optionalDurationFlag leaves dest nil unless the flag is given. fallback is what help says of the default.
func optionalDurationFlag(dest **time.Duration, fallback, usage string, names ...string) cli.Flag {
	return &boundFlag{names: names, usage: usage, fallback: fallback, set: func(s string) error {
		d, err := parseDuration(s)
		if err != nil {
			return err
		}
		*dest = &d
		return nil
	}}
}

// durationText is a duration as parseDuration reads it, without the zeros that Go has at its end.
func durationText(d time.Duration) string {
	text := d.String()
	if d >= time.Minute {
		if cut, whole := strings.CutSuffix(text, "m0s"); whole {
			text = cut + "m"
		}
		if cut, whole := strings.CutSuffix(text, "h0m"); whole {
			text = cut + "h"
		}
	}
	return text
}

// parseDuration reads what time.ParseDuration does, and days: "7d". A negative duration is refused.
func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, errDuration
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, errDuration
	}
	return d, nil
}
