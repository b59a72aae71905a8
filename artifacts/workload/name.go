package workload

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/paddock-dev/paddock/artifacts"
)

// maxName is the longest name of a container: that of a host name (RFC 1035, label), which Podman makes of it.
const maxName = 63

// ShortName returns the last path element of a model's name, with its tag unless that is "latest":
// "quay.io/org/smollm:135m" is "smollm:135m", "quay.io/org/m@sha256:…" is "m". It is what clients of the server see.
// A string that is no name is returned as its last path element.
func ShortName(model string) string {
	n, err := artifacts.ParseName(model)
	if err != nil {
		return lastElement(model)
	}
	short := lastElement(n.Repository())
	if tag := n.Tag(); tag != "" && tag != "latest" {
		short += ":" + tag
	}
	return short
}

// DeriveName makes the name of a container and a unit from a model's name. The rule: ShortName in lower case; each run of
// characters other than [a-z0-9_.-] becomes one "-"; what is not alphanumeric is cut off at both ends; "model" if
// nothing is left; "model-" goes before a name of hexadecimal digits only (see Spec.Validate), and before one
// of one letter, which Docker takes for none; and a name longer than 63 characters keeps its first 54, and after a "-" the first 8
// hexadecimal digits of the sha256 of the model's name.
func DeriveName(model string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(ShortName(model)) {
		if !isNameRune(r) {
			gap = true
			continue
		}
		if gap {
			b.WriteByte('-')
			gap = false
		}
		b.WriteRune(r)
	}
	name := strings.Trim(b.String(), "_.-")
	switch {
	case name == "":
		name = "model"
	case allHex(name), len(name) == 1:
		name = "model-" + name
	}
	if len(name) > maxName {
		sum := sha256.Sum256([]byte(model))
		name = strings.TrimRight(name[:54], "_.-") + "-" + hex.EncodeToString(sum[:4])
	}
	return name
}

func lastElement(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

func isNameRune(r rune) bool { return isAlnum(r) || r == '_' || r == '.' || r == '-' }

func isAlnum(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }

func allHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }
