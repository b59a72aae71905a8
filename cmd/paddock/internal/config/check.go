package config

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/reference"

	"github.com/paddock-dev/paddock/gpu"
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

// folder is an absolute path, or none.
func folder(s string) error {
	if s != "" && !filepath.IsAbs(s) {
		return fmt.Errorf("%q is no absolute path", s)
	}
	return nil
}

// address is an IP literal: what a port can be published on.
func address(s string) error {
	ip, err := netip.ParseAddr(s)
	if err != nil || ip.Zone() != "" {
		return fmt.Errorf("%q is no IP address without a zone", s)
	}
	return nil
}

// build is a build of llama.cpp, as its tags have them.
func build(s string) error {
	digits, ok := strings.CutPrefix(s, "b")
	if _, err := strconv.ParseUint(digits, 10, 32); !ok || err != nil {
		return fmt.Errorf("%q is no build of llama.cpp, like b6123", s)
	}
	return nil
}

func accelerators(s string) error {
	_, err := gpu.ParseChoice(s)
	return err
}

// image is what an engine takes for an image, and not for an option: a name, with or without a registry, or an ID.
func image(s string) error {
	if s == "" {
		return notEmpty(s)
	}
	if reference.IsFullIdentifier(s) || digest.Digest(s).Validate() == nil {
		return nil
	}
	if _, err := reference.ParseNormalizedNamed(strings.TrimPrefix(s, "docker://")); err != nil {
		return fmt.Errorf("%q is no name of an image", s)
	}
	return nil
}
