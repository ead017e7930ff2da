package postgres

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"matricula/internal/store/postgres/pgtest"
)

// TestTLS goes to a server that proves to be 127.0.0.1, for those who know who has
// signed that.
func TestTLS(t *testing.T) {
	server, err := pgtest.Start(t.Context(), pgtest.Config{})
	pgtest.OrSkip(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	certificate, key := selfSigned(t)
	err = server.Do(t.Context(), "postgres",
		// The server's own user writes them, so that it may read them.
		fmt.Sprintf("COPY (SELECT unnest(string_to_array('%s', E'\\n'))) TO PROGRAM 'cat >server.crt'", strings.TrimSpace(certificate)),
		fmt.Sprintf("COPY (SELECT unnest(string_to_array('%s', E'\\n'))) TO PROGRAM 'umask 077 && cat >server.key'", strings.TrimSpace(key)),
		"ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")
	if err != nil {
		t.Fatal(err)
	}
	authority := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(authority, []byte(certificate), 0o600); err != nil {
		t.Fatal(err)
	}
	url := server.PortURL("postgres")
	waitFor(t, "TLS", func() bool {
		return Config{URL: url + "?sslmode=require", Migrate: true, AllowLoss: true}.try(t) == nil
	})
	for _, test := range []struct {
		url  string
		says string // "" when it is taken
	}{
		{url + "?sslmode=verify-full&sslrootcert=" + authority, ""},
		{url + "?sslmode=verify-full", "sslrootcert=FILE"},
		{strings.Replace(url, "127.0.0.1", "localhost", 1) + "?sslmode=verify-full&sslrootcert=" + authority, "localhost"},
		{strings.Replace(url, "127.0.0.1", "localhost", 1) + "?sslmode=verify-ca&sslrootcert=" + authority, ""},
	} {
		err := Config{URL: test.url, AllowLoss: true}.try(t)
		if test.says == "" {
			if err != nil {
				t.Errorf("%s: %v", test.url, err)
			}
			continue
		}
		wantOneLine(t, err, ErrUnreachable, test.says)
	}
}

// try opens a database and closes it again.
func (c Config) try(t *testing.T) error {
	s, err := Open(t.Context(), c)
	if err != nil {
		return err
	}
	return s.Close()
}

// waitFor looks again and again, for what the server does by and by.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	enough := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-enough:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// selfSigned answers a certificate for 127.0.0.1 that is its own authority, and its
// key.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	octets, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: octets}))
}
