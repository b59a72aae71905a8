package source_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/paddock-dev/paddock/transports/source"
)

// A host that an origin leads to is trusted like the origin, but never sees its client certificate.
func TestOtherTLS(t *testing.T) {
	pool := x509.NewCertPool()
	own := &tls.Config{Certificates: []tls.Certificate{{}}, RootCAs: pool, InsecureSkipVerify: true}
	for _, trust := range []*source.Trust{{PerHostCertDir: t.TempDir()}, {CertDir: t.TempDir()}} {
		other, err := trust.Other(own, "cdn.example")
		if err != nil {
			t.Fatal(err)
		}
		if len(other.Certificates) != 0 || !other.InsecureSkipVerify || other.RootCAs == pool || !other.RootCAs.Equal(pool) {
			t.Errorf("%+v", other)
		}
	}
	if len(own.Certificates) != 1 {
		t.Error("the origin's own settings changed")
	}
}
