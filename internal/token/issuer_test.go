package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// signedBy names the key of an access token.
func signedBy(t *testing.T, i *Issuer, s Secret) string {
	t.Helper()
	for _, k := range i.ring.Load().keys {
		if strings.HasPrefix(s.Reveal(), k.pair.header+".") {
			return k.ID
		}
	}
	t.Fatal("signed by no key of the ring")
	return ""
}

func accepts(t *testing.T, i *Issuer, s Secret) bool {
	t.Helper()
	_, err := i.ParseAccess(s, testNow)
	if err != nil && !errors.Is(err, ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
	return err == nil
}

func TestNoKeyNoAccessToken(t *testing.T) {
	i := NewIssuer(testMaster(t), testIssuer)
	if _, err := i.SignAccess(testAccess); !errors.Is(err, ErrNoKey) {
		t.Errorf("got %v, want ErrNoKey", err)
	}
	if got, want := string(i.JWKS()), `{"keys":[]}`; got != want {
		t.Errorf("JWKS: got %s, want %s", got, want)
	}
	other, _ := newTestIssuer(t)
	if accepts(t, i, must(t)(other.SignAccess(testAccess))) {
		t.Error("a token was accepted without any key")
	}
	i.SetKeys([]SigningKey{{}, {ID: "x"}})
	if got := i.Keys(); len(got) != 0 {
		t.Errorf("got keys %v of zero keys", got)
	}
}

func TestNewestKeySignsAndAllVerify(t *testing.T) {
	i := NewIssuer(testMaster(t), testIssuer)
	oldest, middle, newest := newTestKey(t, testNow.Add(-time.Hour)), newTestKey(t, testNow.Add(-time.Minute)), newTestKey(t, testNow)
	var tokens []Secret
	for _, k := range []SigningKey{oldest, middle, newest} {
		i.SetKeys([]SigningKey{k})
		tokens = append(tokens, must(t)(i.SignAccess(testAccess)))
	}
	i.SetKeys([]SigningKey{middle, newest, oldest, middle})
	for n, s := range tokens {
		if !accepts(t, i, s) {
			t.Errorf("token %d is refused", n)
		}
	}
	if got := signedBy(t, i, must(t)(i.SignAccess(testAccess))); got != newest.ID {
		t.Errorf("signed by %s, want %s", got, newest.ID)
	}
	want := []KeyInfo{{oldest.ID, oldest.CreatedAt}, {middle.ID, middle.CreatedAt}, {newest.ID, newest.CreatedAt}}
	if got := i.Keys(); !slices.Equal(got, want) {
		t.Errorf("Keys: got %v, want %v", got, want)
	}
}

func TestKeySignsFromItsTimeOn(t *testing.T) {
	i := NewIssuer(testMaster(t), testIssuer)
	now, next, later := newTestKey(t, testNow), newTestKey(t, testNow.Add(time.Minute)), newTestKey(t, testNow.Add(time.Hour))
	i.SetKeys([]SigningKey{next, later, now})
	for _, c := range []struct {
		at   time.Duration
		want SigningKey
	}{
		{-time.Second, now}, // none has come yet: the first to come
		{0, now},
		{time.Minute - time.Microsecond, now},
		{time.Minute, next},
		{2 * time.Hour, later},
	} {
		a := testAccess
		a.IssuedAt, a.ExpiresAt = a.IssuedAt.Add(c.at), a.ExpiresAt.Add(c.at)
		s := must(t)(i.SignAccess(a))
		if got := signedBy(t, i, s); got != c.want.ID {
			t.Errorf("at %v: signed by %s, want %s", c.at, got, c.want.ID)
		}
	}
}

func TestKeysOfOneInstantHaveOneOrder(t *testing.T) {
	a, b := newTestKey(t, testNow), newTestKey(t, testNow)
	i, j := NewIssuer(testMaster(t), testIssuer), NewIssuer(testMaster(t), testIssuer)
	i.SetKeys([]SigningKey{a, b})
	j.SetKeys([]SigningKey{b, a})
	if got, want := i.Keys(), j.Keys(); !slices.Equal(got, want) {
		t.Errorf("got %v and %v", got, want)
	}
}

func TestRemovedKeyIsRefusedAtOnce(t *testing.T) {
	i, old := newTestIssuer(t)
	s := must(t)(i.SignAccess(testAccess))
	fresh := newTestKey(t, testNow.Add(time.Second))
	i.SetKeys([]SigningKey{old, fresh})
	for range 2 { // the second time it is remembered
		if !accepts(t, i, s) {
			t.Fatal("refused while its key is there")
		}
	}
	i.SetKeys([]SigningKey{fresh})
	if accepts(t, i, s) {
		t.Error("accepted after its key is gone")
	}
	i.SetKeys([]SigningKey{old, fresh})
	if !accepts(t, i, s) {
		t.Error("refused after its key is back")
	}
	i.SetKeys(nil)
	if accepts(t, i, s) {
		t.Error("accepted without any key")
	}
}

func TestKeyOfAnotherNameIsRefused(t *testing.T) {
	i, _ := newTestIssuer(t)
	other := newTestKey(t, testNow)
	s := must(t)(i.SignAccess(testAccess))
	_, rest, _ := strings.Cut(s.Reveal(), ".")
	if accepts(t, i, SecretOf(other.pair.header+"."+rest)) {
		t.Error("accepted under an unknown kid")
	}
	i.SetKeys([]SigningKey{other, i.ring.Load().keys[0]})
	if accepts(t, i, SecretOf(other.pair.header+"."+rest)) {
		t.Error("accepted under the kid of another key")
	}
}

func TestJWKSIsPublic(t *testing.T) {
	i := NewIssuer(testMaster(t), testIssuer)
	k, rfc := newTestKey(t, testNow.Add(time.Hour)), rfcKey(t) // k is published before it signs
	i.SetKeys([]SigningKey{k, rfc, k})
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	if err := json.Unmarshal(i.JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	if got, want := len(set.Keys), 2; got != want {
		t.Fatalf("got %d keys, want %d", got, want)
	}
	for n, jwk := range set.Keys {
		names := slices.Sorted(func(yield func(string) bool) {
			for name := range jwk {
				if !yield(name) {
					return
				}
			}
		})
		if want := []string{"alg", "crv", "kid", "kty", "use", "x", "y"}; !slices.Equal(names, want) {
			t.Errorf("key %d: got members %v, want %v", n, names, want)
		}
		if jwk["use"] != "sig" || jwk["alg"] != "ES256" || jwk["kty"] != "EC" || jwk["crv"] != "P-256" {
			t.Errorf("key %d: got %v", n, jwk)
		}
	}
	if set.Keys[0]["kid"] != rfc.ID || set.Keys[1]["kid"] != k.ID {
		t.Errorf("got kids %s, %s, want %s, %s", set.Keys[0]["kid"], set.Keys[1]["kid"], rfc.ID, k.ID)
	}
	i.JWKS()[0] = 'x'
	if got := i.JWKS()[0]; got != '{' {
		t.Errorf("a caller can change the JWKS: it begins with %q", got)
	}
}

func TestVerdictOnASignatureIsRemembered(t *testing.T) {
	i, k := newTestIssuer(t)
	s := must(t)(i.SignAccess(testAccess))
	if _, ok := i.ring.Load().seen.get(s.Digest()); ok {
		t.Error("remembered before it was presented")
	}
	cold, err := i.ParseAccess(s, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := i.ring.Load().seen.get(s.Digest()); !ok {
		t.Error("not remembered")
	}
	i.SetKeys([]SigningKey{k}) // the same keys, as every second
	if _, ok := i.ring.Load().seen.get(s.Digest()); !ok {
		t.Error("forgotten though the keys are the same")
	}
	warm, err := i.ParseAccess(s, testNow)
	if err != nil || warm != cold {
		t.Errorf("got %v, %v, want %v", warm, err, cold)
	}
	if _, err := i.ParseAccess(s, testAccess.ExpiresAt); !errors.Is(err, ErrInvalid) {
		t.Errorf("remembered and expired: got %v, want ErrInvalid", err)
	}
	if _, err := i.ParseAccess(s, testNow.Add(-iatLeeway-time.Second)); !errors.Is(err, ErrInvalid) {
		t.Errorf("remembered and not yet issued: got %v, want ErrInvalid", err)
	}
	i.SetKeys([]SigningKey{k, newTestKey(t, testNow)})
	if _, ok := i.ring.Load().seen.get(s.Digest()); ok {
		t.Error("remembered though the keys have changed")
	}
}

func TestFailuresAreNotRemembered(t *testing.T) {
	i, _ := newTestIssuer(t)
	s := must(t)(i.SignAccess(testAccess))
	bad := []Secret{SecretOf(""), SecretOf("a.b.c"), SecretOf(s.Reveal() + "A"), must(t)(i.SignRefresh(testRefresh))}
	for _, b := range bad {
		accepts(t, i, b)
	}
	if _, err := i.ParseAccess(s, testAccess.ExpiresAt); err == nil {
		t.Error("an expired token was accepted")
	}
	if m := &i.ring.Load().seen; len(m.young)+len(m.old) != 0 {
		t.Errorf("%d failures are remembered", len(m.young)+len(m.old))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var m memory
	digest := func(n int) Digest { return SecretOf(fmt.Sprint(n)).Digest() }
	for n := range 5*generation + 7 {
		m.put(digest(n), Access{Account: int64(n)})
		if got := len(m.young) + len(m.old); got > 2*generation {
			t.Fatalf("after %d: %d are remembered", n, got)
		}
	}
	for n := 4 * generation; n < 5*generation+7; n++ {
		if a, ok := m.get(digest(n)); !ok || a.Account != int64(n) {
			t.Fatalf("got %v, %v for the recent %d", a.Account, ok, n)
		}
	}
	if _, ok := m.get(digest(0)); ok {
		t.Error("the first is still remembered")
	}
}

func TestIssuerIsSafeForConcurrentUse(t *testing.T) {
	i, kept := newTestIssuer(t)
	s := must(t)(i.SignAccess(testAccess))
	others := []SigningKey{newTestKey(t, testNow.Add(-time.Hour)), newTestKey(t, testNow.Add(-time.Minute))}
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			for range 50 {
				if !accepts(t, i, s) {
					t.Error("refused while its key is there")
				}
				a := testAccess
				a.ID = NewID()
				if fresh, err := i.SignAccess(a); err != nil || !accepts(t, i, fresh) {
					t.Errorf("a fresh token is refused: %v", err)
				}
				i.SetKeys([]SigningKey{kept, others[n%2]})
				i.JWKS()
				i.Keys()
			}
		})
	}
	group.Wait()
}
