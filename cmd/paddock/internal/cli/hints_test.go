package cli

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/paddock-dev/paddock/artifacts"
	"github.com/paddock-dev/paddock/transports/aliases"
	"github.com/paddock-dev/paddock/transports/registry"
)

// TestPullHints: what is wrong says what to do, and to whom.
func TestPullHints(t *testing.T) {
	asking := func(err error) error {
		return fmt.Errorf("pinging: %w", &url.Error{Op: "Get", URL: "https://real.example:5000/v2/", Err: err})
	}
	why := errors.New("why")
	for _, c := range []struct {
		typed string
		err   error
		code  int
		hint  string // "" for none
	}{
		{"quay.io/a/m:1", &registry.PolicyError{Act: "reading", Blocked: true, Err: why}, 5, "man containers-registries.conf"},
		{"quay.io/a/m:1", &registry.PolicyError{Act: "checking", Unsigned: true, Err: why}, 5, "containers-registries.d(5)"},
		{"quay.io/a/m:1", &registry.PolicyError{Act: "checking", Err: why}, 5, "podman image trust show"},
		{"quay.io/a/m:1", fmt.Errorf("asking: %w", artifacts.ErrPolicy), 5, "podman image trust show"},
		{"quay.io/a/m:1", fmt.Errorf("asking: %w", artifacts.ErrAuthentication), 4, "paddock login quay.io"},
		{"tiny", &registry.AuthenticationError{Registry: "real.example:5000", Err: why}, 4, "paddock login real.example:5000"},
		{"quay.io/a/m:1", asking(http.ErrSchemeMismatch), 1, "insecure = true"},
		{"quay.io/a/m:1", asking(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), 1, "certs.d/real.example:5000/ca.crt"},
		{"quay.io/a/m:1", asking(why), 1, ""},
		{"tiny:1", fmt.Errorf("asking: %w", artifacts.ErrInvalidName), 2, "put the registry in front"},
		{"tiny:1", fmt.Errorf("asking: %w", artifacts.ErrInvalidName), 2, "models.conf"},
		{"a/tiny:1", fmt.Errorf("asking: %w", artifacts.ErrInvalidName), 2, "add an alias"},
		{"tiny", &aliases.CircleError{Names: []string{"tiny", "tiny"}, File: "/etc/models.conf"}, 2, "paddock pull --help"},
		{"quay.io/a/m:1", fmt.Errorf("asking: %w", artifacts.ErrInvalidName), 2, "paddock pull --help"},
	} {
		w := newWorld(t)
		w.refusals[c.typed] = c.err
		code, _, err := w.run(t, "pull", c.typed)
		hints := strings.Join(Hints(err), "\n")
		if code != c.code || !strings.Contains(hints, c.hint) || (hints == "") != (c.hint == "") || !strings.Contains(err.Error(), c.typed) {
			t.Errorf("%s, %v: exit %d, %v, hints %q", c.typed, c.err, code, err, hints)
		}
	}
}

// TestPathHints: a name that nobody has, and a file here has, may have been meant for the file.
func TestPathHints(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"src/split", ".hidden"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for typed, want := range map[string]string{
		"src/split": "./src/split", "src": "./src", "src/none": "", "./src/split": "", ".hidden": "", "quay.io/a/m:1": "",
	} {
		if got := hintPath(typed); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q", typed, got)
		}
	}
}
