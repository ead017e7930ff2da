package token

import (
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"testing"
	"time"
)

const (
	testIssuer = "https://id.campus.test"
	testHash   = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"
)

var (
	testNow     = time.Unix(1795305600, 0).UTC() // 2026-11-22T00:00:00Z
	testID      = ID{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	testSession = ID{16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}
	testAccess  = Access{Account: 7, Session: testSession, ID: testID, IssuedAt: testNow, ExpiresAt: testNow.Add(15 * time.Minute)}
	testRefresh = Refresh{Account: 7, Session: testSession, IssuedAt: testNow, ExpiresAt: testNow.Add(24 * time.Hour)}
	testReset   = Reset{Account: 7, ID: testID, ExpiresAt: testNow.Add(30 * time.Minute)}
)

func newTestMaster(t testing.TB, secret string) Master {
	t.Helper()
	m, err := NewMaster([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func testMaster(t testing.TB) Master {
	t.Helper()
	return newTestMaster(t, "the secret of a test installation")
}

func newTestKey(t testing.TB, at time.Time) SigningKey {
	t.Helper()
	k, err := NewSigningKey(at)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// newTestIssuer returns an issuer with one signing key.
func newTestIssuer(t testing.TB) (*Issuer, SigningKey) {
	t.Helper()
	i, k := NewIssuer(testMaster(t), testIssuer), newTestKey(t, testNow)
	i.SetKeys([]SigningKey{k})
	return i, k
}

func must(t testing.TB) func(Secret, error) Secret {
	return func(s Secret, err error) Secret {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// A reader is one way to present a token, with everything else as it should be.
type reader struct {
	kind string
	read func(*Issuer, Secret, time.Time) error
}

var readers = []reader{
	{"access", func(i *Issuer, s Secret, now time.Time) error { _, err := i.ParseAccess(s, now); return err }},
	{"refresh", func(i *Issuer, s Secret, now time.Time) error { _, err := i.ParseRefresh(s, now); return err }},
	{"reset link", func(i *Issuer, s Secret, now time.Time) error {
		_, err := i.ParseReset(s, 7, testHash, now)
		return err
	}},
	{"reset link, no hash", func(i *Issuer, s Secret, now time.Time) error { _, err := i.ParseReset(s, 7, "", now); return err }},
	{"confirm mail", func(i *Issuer, s Secret, _ time.Time) error { _, err := i.ParseMailToken(ConfirmMail, s); return err }},
	{"reset mail", func(i *Issuer, s Secret, _ time.Time) error { _, err := i.ParseMailToken(ResetMail, s); return err }},
}

// tokensOf returns a good token for each of readers.
func tokensOf(t testing.TB, i *Issuer) []Secret {
	t.Helper()
	return []Secret{
		must(t)(i.SignAccess(testAccess)),
		must(t)(i.SignRefresh(testRefresh)),
		must(t)(i.SignReset(testReset, testHash)),
		must(t)(i.SignReset(testReset, "")),
		i.MailToken(ConfirmMail, testID),
		i.MailToken(ResetMail, testID),
	}
}

// A signature makes the third part of a token that is forged by hand.
type signature func(input string) []byte

func hs256(key []byte) signature {
	return func(input string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(input))
		return h.Sum(nil)
	}
}

func es256(t testing.TB, k SigningKey) signature {
	return func(input string) []byte {
		t.Helper()
		sum := sha256.Sum256([]byte(input))
		r, s, err := ecdsa.Sign(rand.Reader, k.pair.private, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		raw := make([]byte, 64)
		r.FillBytes(raw[:32])
		s.FillBytes(raw[32:])
		return raw
	}
}

// forge signs any header and payload, sound JSON or not.
func forge(header, payload string, sign signature) string {
	input := base64url.EncodeToString([]byte(header)) + "." + base64url.EncodeToString([]byte(payload))
	return input + "." + base64url.EncodeToString(sign(input))
}
