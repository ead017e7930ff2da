package token

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// The key of RFC 7515 A.3, its thumbprint, and the key sealed under the secret of
// testMaster, the last two computed with Python's cryptography.
const (
	rfcKeyID     = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
	rfcKeySealed = "AQABAgMEBQYHCAkKC0fsPmiyGituaCgEEHv1vegOvIy9eITolBhjXaR06bVvJvvPsAFDQVZx37rUC-IN5SYMhhwDMI5Q9hs0NdI0BNQm" +
		"beUVi3-FCSReWw3chWz8dWAzHaYcr16oYnAOp8Mj8SzvjdEh24-MfIZHcvRHALdAw4azefmMglxVUqmObaJwBTnXXUeHsO_s2P9cfaKQal9lJS1CqI5tdik"
)

func rfcKey(t testing.TB) SigningKey {
	t.Helper()
	sealed, err := decode(rfcKeySealed)
	if err != nil {
		t.Fatal(err)
	}
	k, err := testMaster(t).OpenKey(rfcKeyID, testNow, sealed)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// RFC 7638 §3.1.
func TestThumbprintOfRFC7638(t *testing.T) {
	var k jose.JSONWebKey
	if err := json.Unmarshal([]byte(`{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx`+
		`4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs`+
		`tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2`+
		`QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbI`+
		`SD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqb`+
		`w0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`), &k); err != nil {
		t.Fatal(err)
	}
	got, err := thumbprint(k)
	if want := "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestOpenKeyKnownAnswer(t *testing.T) {
	k := rfcKey(t)
	if k.ID != rfcKeyID || !k.CreatedAt.Equal(testNow) {
		t.Errorf("got %s of %v", k.ID, k.CreatedAt)
	}
	want := `{"use":"sig","kty":"EC","kid":"` + rfcKeyID + `","crv":"P-256","alg":"ES256",` +
		`"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`
	if got := string(k.pair.jwk); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSealKeyOpens(t *testing.T) {
	m, k := testMaster(t), newTestKey(t, testNow)
	sealed, err := m.SealKey(k)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.OpenKey(k.ID, k.CreatedAt, sealed)
	if err != nil || got.ID != k.ID || !got.pair.private.Equal(k.pair.private) {
		t.Errorf("got %v, %v, want %v", got, err, k)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.pair.private)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, der[len(der)-40:]) {
		t.Error("the sealed key is in the clear")
	}
}

func TestOpenKeyRefuses(t *testing.T) {
	m, k, other := testMaster(t), newTestKey(t, testNow), newTestKey(t, testNow)
	sealed, err := m.SealKey(k)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.OpenKey(other.ID, testNow, sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("under another id: got %v, want ErrSealed", err)
	}
	if _, err := newTestMaster(t, strings.Repeat("another ", 4)).OpenKey(k.ID, testNow, sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("under another secret: got %v, want ErrSealed", err)
	}
	if _, err := m.OpenKey(k.ID, testNow, nil); !errors.Is(err, ErrSealed) {
		t.Errorf("nothing: got %v, want ErrSealed", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(other.pair.private)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.OpenKey(k.ID, testNow, m.Seal(purposeSigningKeys, der, []byte(k.ID))); err == nil {
		t.Error("a key opened under an id that is not its own")
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if der, err = x509.MarshalPKCS8PrivateKey(p384); err != nil {
		t.Fatal(err)
	}
	if _, err := parseKey(der, testNow); err == nil {
		t.Error("a P-384 key was taken")
	}
	for what, plain := range map[string][]byte{"P-384": der, "no key": []byte("x"), "empty": nil} {
		if _, err := m.OpenKey(k.ID, testNow, m.Seal(purposeSigningKeys, plain, []byte(k.ID))); err == nil {
			t.Errorf("%s: opened", what)
		}
	}
}

func TestSealKeyRefusesNone(t *testing.T) {
	if sealed, err := testMaster(t).SealKey(SigningKey{}); err == nil {
		t.Errorf("got %x, want an error", sealed)
	}
}
