package cli

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/types"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/artifacts/packaging"
	"github.com/paddock-dev/paddock/transports/aliases"
	"github.com/paddock-dev/paddock/transports/registry"
	"github.com/paddock-dev/paddock/transports/source"
)

// hintFetch adds what to do about a failed pull of what was typed.
func hintFetch(err error, typed string, o *originOptions) error {
	var refused *source.RefusedError
	var circle *aliases.CircleError
	err = WithHint(err, hintPath(typed))
	if hint := hintHub(err); hint != "" {
		return WithHint(err, hint)
	}
	switch {
	case errors.As(err, &circle):
		return asUsage(err) // it names the file to mend
	case errors.Is(err, artifacts.ErrInvalidName):
		return WithHint(asUsage(err), hintName(typed))
	case errors.Is(err, packaging.ErrAmbiguousIndex):
		return WithHint(err, "choose one by its digest: paddock pull "+repositoryOf(typed)+"@sha256:…")
	case errors.Is(err, artifacts.ErrIsImage):
		return WithHint(err, "podman pull "+typed)
	case errors.Is(err, http.ErrSchemeMismatch) && strings.HasPrefix(strings.ToLower(typed), "https://"):
		return WithHint(err, "the server speaks no TLS: if it may be asked without, use http://")
	case errors.As(err, &refused):
		return WithHint(err, hintRefused(refused, typed))
	case errors.Is(err, artifacts.ErrAuthentication):
		return WithHint(err, "paddock login "+insecurely(o)+refusedBy(err, typed))
	case errors.Is(err, artifacts.ErrPolicy):
		return WithHint(err, hintPolicy(err))
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return WithHint(err, "paddock df shows what takes the room; paddock prune drops unfinished downloads")
	}
	return WithHint(err, hintTLS(err))
}

// hintRefused is for an origin that is no registry.
func hintRefused(refused *source.RefusedError, typed string) string {
	switch {
	case strings.HasSuffix(refused.Host, "ollama.ai"):
		return "check the name at https://ollama.com: models that are not public cannot be pulled"
	case strings.HasPrefix(typed, "ollama://"):
		return "check the name: registries of Ollama are asked without credentials, so that only what is public can be pulled"
	}
	return "give --creds USER:PASSWORD if " + refused.Host + " knows you, or a new link if it was a signed one"
}

// insecurely is the flag that paddock login needs for a registry that this command was told not to verify.
func insecurely(o *originOptions) string {
	if o.tlsVerify == types.OptionalBoolFalse {
		return "--tls-verify=false "
	}
	return ""
}

// hintMissing is for a name that the store does not have, or a digest that is of several.
func hintMissing(err error) error {
	switch {
	case errors.Is(err, artifacts.ErrNotFound):
		return WithHint(err, "paddock ls")
	case errors.Is(err, artifacts.ErrAmbiguous):
		return WithHint(err, "give one of the names, or more of the digest: paddock ls --no-trunc")
	}
	return err
}

// hintName is for names that nobody can resolve; "" if it is not the registry that is missing.
func hintName(typed string) string {
	if _, err := reference.ParseNamed(localName(typed)); !errors.Is(err, reference.ErrNameNotCanonical) {
		return ""
	}
	const front = "put the registry in front, as in quay.io/ORG/NAME, or "
	if aliases.IsShort(typed) {
		return front + "say in models.conf what it stands for, see paddock-models.conf(5)"
	}
	return front + "add an alias, see containers-registries.conf(5)"
}

// refusedBy is the host that refused credentials. Behind a rewritten location or a short name, that is not what was typed.
func refusedBy(err error, typed string) string {
	var refused *registry.AuthenticationError
	if errors.As(err, &refused) {
		return refused.Registry
	}
	return registryOf(typed)
}

// hintPolicy says where the rule is explained.
func hintPolicy(err error) string {
	var refused *registry.PolicyError
	switch {
	case !errors.As(err, &refused):
		return "podman image trust show" // of an origin that is no registry: only policy.json refuses it
	case refused.Blocked:
		return "man containers-registries.conf"
	case refused.Unsigned:
		return "where signatures are looked for is set in registries.d (use-sigstore-attachments, lookaside), see containers-registries.d(5)"
	}
	return "podman image trust show"
}

// hintTLS is for registries that do not speak TLS, or not with a certificate that is trusted; "" for any other error.
func hintTLS(err error) string {
	var at *url.Error
	if !errors.As(err, &at) {
		return ""
	}
	u, parseErr := url.Parse(at.URL)
	if parseErr != nil {
		return ""
	}
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		return "if " + u.Host + " may be asked without TLS, set insecure = true for it in registries.conf, or give --tls-verify=false"
	case errors.As(err, &untrusted):
		return "trust its CA in certs.d/" + u.Host + "/ca.crt, see containers-certs.d(5), or with --cert-dir"
	}
	return ""
}
