package kube

import (
	"fmt"
	"strings"
)

// maxName is the longest name of a Service (RFC 1035, label).
const maxName = 63

// ValidateName says why a name is none of a Service, which is the narrowest of all (Kubernetes, "Object Names and IDs").
func ValidateName(name string) error {
	letter := name != "" && name[0] >= 'a' && name[0] <= 'z'
	bad := strings.ContainsFunc(name, func(r rune) bool { return !isNameRune(r) })
	if !letter || bad || len(name) > maxName || strings.HasSuffix(name, "-") {
		return fmt.Errorf("name %q: Kubernetes wants at most %d lower case letters, digits and dashes, the first a letter, the last no dash", name, maxName)
	}
	return nil
}

// Name makes a name that Kubernetes takes of that of a Spec: in lower case, with a dash for what it does not take, and "model-"
// before what does not begin with a letter.
func Name(name string) string {
	made := strings.Map(func(r rune) rune {
		if isNameRune(r) {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	if made == "" || made[0] < 'a' || made[0] > 'z' {
		made = "model-" + strings.TrimLeft(made, "-")
	}
	if len(made) > maxName {
		made = made[:maxName]
	}
	return strings.TrimRight(made, "-")
}

func isNameRune(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' }
