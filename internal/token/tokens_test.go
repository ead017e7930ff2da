package token

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

// What is written is what other software computed (Python's hmac, hashlib and
// cryptography): a change here ends every link and session that is out.
const (
	goldenConfirm = "AAECAwQFBgcICQoLDA0OD2KR2ucWHQSQz5OOHyZiIqqhB4iD407rC48nFLFkB5fP"
	goldenReset   = "AAECAwQFBgcICQoLDA0OD263lHmsEDNAyEdOpDaLqS_lre4gIgh07-x6Pce_8M6S"
	goldenRefresh = "eyJhbGciOiJIUzI1NiIsInR5cCI6InJlZnJlc2grand0In0" +
		".eyJpc3MiOiJodHRwczovL2lkLmNhbXB1cy50ZXN0IiwiYXVkIjoiaHR0cHM6Ly9pZC5jYW1wdXMudGVzdCIsInN1YiI6IjciLCJleHAiOjE3OTUzOTIwMDAs" +
		"Imp0aSI6IkVCRVNFeFFWRmhjWUdSb2JIQjBlSHciLCJpYXQiOjE3OTUzMDU2MDB9" +
		".1EYDsZDQbjWK4GuOT9niwk2s9ZQlLdPuoP7RQStUqdg"
	goldenLink = "eyJhbGciOiJIUzI1NiIsInR5cCI6InJlc2V0K2p3dCJ9" +
		".eyJpc3MiOiJodHRwczovL2lkLmNhbXB1cy50ZXN0IiwiYXVkIjoiaHR0cHM6Ly9pZC5jYW1wdXMudGVzdCIsInN1YiI6IjciLCJleHAiOjE3OTUzMDc0MDAs" +
		"Imp0aSI6IkFBRUNBd1FGQmdjSUNRb0xEQTBPRHcifQ"
	goldenLinkHash   = goldenLink + ".2gS_nFLgY5yxmo5Nfs4Qk9WZDSimYuRHVIYE7lRjFt0"
	goldenLinkNoHash = goldenLink + ".v7yT4Kw5Mqh_2c5ch7JoIKFAumTE-JCYc1eYtWjrL_w"
	goldenAccess     = "eyJhbGciOiJFUzI1NiIsImtpZCI6Im9LSXl3dkdVcFRWVHl4TVEzYndJSWVRVXVkZnJfQ2tMTWpDRTE5RUNELVUiLCJ0eXAiOiJhdCtqd3QifQ" +
		".eyJpc3MiOiJodHRwczovL2lkLmNhbXB1cy50ZXN0IiwiYXVkIjoiaHR0cHM6Ly9pZC5jYW1wdXMudGVzdCIsInN1YiI6IjciLCJleHAiOjE3OTUzMDY1MDAs" +
		"Imp0aSI6IkFBRUNBd1FGQmdjSUNRb0xEQTBPRHciLCJpYXQiOjE3OTUzMDU2MDAsImNsaWVudF9pZCI6ImNsdWJzIiwic2lkIjoiRUJFU0V4UVZGaGNZR1Jv" +
		"YkhCMGVIdyJ9" +
		".p-s8ixkxE92oBQrFDYO7UkHX5Alv1PEzpORvlj4UYtCmOrQowWpWmIY7E3kyy_wVzvHSNgQ3-lqOj9Vqr8WLBQ"
)

func TestTokensKnownAnswers(t *testing.T) {
	i, _ := newTestIssuer(t)
	tokens := tokensOf(t, i)
	for n, want := range []string{"", goldenRefresh, goldenLinkHash, goldenLinkNoHash, goldenConfirm, goldenReset} {
		if got := tokens[n].Reveal(); n > 0 && got != want {
			t.Errorf("%s: got %s, want %s", readers[n].kind, got, want)
		}
	}
	i.SetKeys([]SigningKey{rfcKey(t)})
	a, err := i.ParseAccess(SecretOf(goldenAccess), testNow)
	if err != nil || a != testAccess {
		t.Errorf("access: got %v, %v, want %v", a, err, testAccess)
	}
	wantInput, _, _ := cutLast(goldenAccess)
	gotInput, _, _ := cutLast(must(t)(i.SignAccess(testAccess)).Reveal())
	if gotInput != wantInput {
		t.Errorf("access: signs %s, want %s", gotInput, wantInput)
	}
}

func cutLast(text string) (before, after string, ok bool) {
	n := strings.LastIndexByte(text, '.')
	if n < 0 {
		return text, "", false
	}
	return text[:n], text[n+1:], true
}

// RFC 7515 A.1 and A.3: the signatures alone, for their headers and claims are
// not ours.
func TestPayloadOfRFC7515(t *testing.T) {
	const claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	want, err := decode(claims)
	if err != nil {
		t.Fatal(err)
	}
	hmacKey, err := decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
	if err != nil {
		t.Fatal(err)
	}
	ecKey := &rfcKey(t).pair.private.PublicKey
	a1 := "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + claims + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	a3 := "eyJhbGciOiJFUzI1NiJ9." + claims + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	if got, err := payloadOfMAC(a1, hmacKey); err != nil || string(got) != string(want) {
		t.Errorf("A.1: got %q, %v", got, err)
	}
	if got, err := payloadOf(a3, ecKey); err != nil || string(got) != string(want) {
		t.Errorf("A.3: got %q, %v", got, err)
	}
	if _, err := payloadOf(a1, ecKey); !errors.Is(err, ErrInvalid) {
		t.Errorf("A.1 as ES256: got %v, want ErrInvalid", err)
	}
	if _, err := payloadOfMAC(a3, hmacKey); !errors.Is(err, ErrInvalid) {
		t.Errorf("A.3 as HS256: got %v, want ErrInvalid", err)
	}
}

func TestTokensSayWhatWasSigned(t *testing.T) {
	i, _ := newTestIssuer(t)
	zone := time.FixedZone("", 3600)
	for _, account := range []int64{1, 7, maxAccount} {
		a := Access{account, NewID(), NewID(), testNow.Add(999 * time.Millisecond).In(zone), testNow.Add(time.Hour + 999*time.Millisecond).In(zone)}
		s := must(t)(i.SignAccess(a))
		a.IssuedAt, a.ExpiresAt = testNow, testNow.Add(time.Hour)
		if got, err := i.ParseAccess(s, testNow); err != nil || got != a {
			t.Errorf("access: got %v, %v, want %v", got, err, a)
		}
		r := Refresh{account, NewID(), testNow.In(zone), testNow.Add(time.Hour).In(zone)}
		s = must(t)(i.SignRefresh(r))
		r.IssuedAt, r.ExpiresAt = testNow, testNow.Add(time.Hour)
		if got, err := i.ParseRefresh(s, testNow); err != nil || got != r {
			t.Errorf("refresh: got %v, %v, want %v", got, err, r)
		}
		l := Reset{account, NewID(), testNow.Add(time.Hour).In(zone)}
		s = must(t)(i.SignReset(l, testHash))
		l.ExpiresAt = testNow.Add(time.Hour)
		if got, err := i.ParseReset(s, account, testHash, testNow); err != nil || got != l {
			t.Errorf("reset link: got %v, %v, want %v", got, err, l)
		}
	}
	for _, kind := range []MailKind{ConfirmMail, ResetMail} {
		id := NewID()
		if got, err := i.ParseMailToken(kind, i.MailToken(kind, id)); err != nil || got != id {
			t.Errorf("%s mail: got %v, %v, want %v", kind, got, err, id)
		}
	}
}

func TestIssuerNameMayNeedEscapes(t *testing.T) {
	for _, name := range []string{"", "https://x.test/?a=1&b=<2>", `quote " and \`, "https://ü.test", "\u2028"} {
		i := NewIssuer(testMaster(t), name)
		i.SetKeys([]SigningKey{newTestKey(t, testNow)})
		for n, s := range tokensOf(t, i) {
			if err := readers[n].read(i, s, testNow); err != nil {
				t.Errorf("issuer %q, %s: %v", name, readers[n].kind, err)
			}
		}
	}
}

// RFC 8725 §3.12: a token is good for what it was made for, and nothing else.
func TestNoKindPassesForAnother(t *testing.T) {
	i, _ := newTestIssuer(t)
	for made, s := range tokensOf(t, i) {
		for asked, r := range readers {
			err := r.read(i, s, testNow)
			if made == asked && err != nil {
				t.Errorf("%s: got %v", r.kind, err)
			}
			if made != asked && !errors.Is(err, ErrInvalid) {
				t.Errorf("%s as %s: got %v, want ErrInvalid", readers[made].kind, r.kind, err)
			}
		}
	}
}

func TestTokensOfOthersAreRefused(t *testing.T) {
	i, k := newTestIssuer(t)
	elsewhere := NewIssuer(testMaster(t), "https://staging.campus.test") // the same secret and keys, another name
	elsewhere.SetKeys([]SigningKey{k})
	for n, s := range tokensOf(t, elsewhere) {
		if err := readers[n].read(i, s, testNow); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s of another issuer: got %v, want ErrInvalid", readers[n].kind, err)
		}
	}
	stranger := NewIssuer(newTestMaster(t, strings.Repeat("another ", 4)), testIssuer)
	stranger.SetKeys([]SigningKey{newTestKey(t, testNow)})
	for n, s := range tokensOf(t, stranger) {
		if err := readers[n].read(i, s, testNow); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s under another secret: got %v, want ErrInvalid", readers[n].kind, err)
		}
	}
}

func TestTokensEndAtTheirSecond(t *testing.T) {
	i, _ := newTestIssuer(t)
	for n, exp := range []time.Time{testAccess.ExpiresAt, testRefresh.ExpiresAt, testReset.ExpiresAt, testReset.ExpiresAt} {
		s, r := tokensOf(t, i)[n], readers[n]
		for _, c := range []struct {
			now  time.Time
			live bool
		}{
			{exp.Add(-time.Second), true},
			{exp.Add(-1), true},
			{exp, false},
			{exp.Add(time.Second), false},
			{exp.Add(61 * time.Second), false},
			{exp.AddDate(10, 0, 0), false},
			{exp.Add(-time.Second), true}, // and not by what was remembered
		} {
			err := r.read(i, s, c.now)
			if c.live && err != nil || !c.live && !errors.Is(err, ErrInvalid) {
				t.Errorf("%s at exp%+v: got %v, want live %v", r.kind, c.now.Sub(exp), err, c.live)
			}
		}
	}
}

func TestTokensOfTheFutureAreRefused(t *testing.T) {
	for n, r := range readers[:2] {
		for ahead, live := range map[time.Duration]bool{0: true, 60 * time.Second: true, 61 * time.Second: false, time.Hour: false} {
			i, _ := newTestIssuer(t)
			s := tokensOf(t, i)[n]
			err := r.read(i, s, testNow.Add(-ahead))
			if live && err != nil || !live && !errors.Is(err, ErrInvalid) {
				t.Errorf("%s issued %v ahead: got %v, want live %v", r.kind, ahead, err, live)
			}
		}
	}
}

func TestResetLinkEndsWithItsHash(t *testing.T) {
	i, _ := newTestIssuer(t)
	for _, c := range []struct {
		what        string
		signed      string
		account     int64
		presentHash string
	}{
		{"other hash", testHash, 7, testHash + "x"},
		{"hash removed", testHash, 7, ""},
		{"hash set", "", 7, testHash},
		{"other account, same hash", testHash, 8, testHash},
		{"other account, no hash", "", 8, ""},
		{"hash that looks like the id", "", 7, "7"},
		{"hash that looks like the marked id", "", 7, "id:7"},
	} {
		s := must(t)(i.SignReset(testReset, c.signed))
		if _, err := i.ParseReset(s, c.account, c.presentHash, testNow); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", c.what, err)
		}
	}
}

// The row of a token is told before it is proven, of reset tokens alone.
func TestResetIDIsToldUnproven(t *testing.T) {
	i, _ := newTestIssuer(t)
	s := must(t)(i.SignReset(testReset, testHash)).Reveal()
	forged := s[:len(s)-43] + strings.Repeat("A", 43)
	if id, err := ResetID(SecretOf(forged)); err != nil || id != testReset.ID {
		t.Errorf("a forged token: got %v, %v, want %v", id, err, testReset.ID)
	}
	refresh := must(t)(i.SignRefresh(Refresh{Account: 7, Session: testReset.ID, IssuedAt: testNow, ExpiresAt: testReset.ExpiresAt})).Reveal()
	for _, text := range []string{"", "x", "..", "a.b.c", s[:20] + "." + s[21:], strings.Replace(s, ".", ".e30.", 1), refresh} {
		if id, err := ResetID(SecretOf(text)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: got %v, %v, want ErrInvalid", text, id, err)
		}
	}
}

// A dump of the database alone forges nothing: the hash, bare or hashed, is not
// the key.
func TestHashAloneForgesNoLink(t *testing.T) {
	i, _ := newTestIssuer(t)
	input, _, _ := cutLast(goldenLinkHash)
	digest := SecretOf(testHash).Digest()
	for what, key := range map[string][]byte{"empty": nil, "hash": []byte(testHash), "marked hash": []byte("hash:" + testHash), "digest": digest[:]} {
		s := SecretOf(input + "." + base64url.EncodeToString(hs256(key)(input)))
		if _, err := i.ParseReset(s, 7, testHash, testNow); !errors.Is(err, ErrInvalid) {
			t.Errorf("key %s: got %v, want ErrInvalid", what, err)
		}
	}
}

func TestSignRefusesWhatIsNeverRead(t *testing.T) {
	i, _ := newTestIssuer(t)
	for what, change := range map[string]func(*Access){
		"no account":       func(a *Access) { a.Account = 0 },
		"negative account": func(a *Access) { a.Account = -1 },
		"huge account":     func(a *Access) { a.Account = 1 << 53 },
		"largest account":  func(a *Access) { a.Account = math.MaxInt64 },
		"no expiry":        func(a *Access) { a.ExpiresAt = time.Time{} },
		"expiry too late":  func(a *Access) { a.ExpiresAt = time.Unix(lastSecond+1, 0) },
		"no issue":         func(a *Access) { a.IssuedAt = time.Time{} },
		"born dead":        func(a *Access) { a.ExpiresAt = a.IssuedAt.Add(-time.Second) },
	} {
		a := testAccess
		change(&a)
		if s, err := i.SignAccess(a); err == nil {
			t.Errorf("access, %s: got %s", what, s.Reveal())
		}
		if s, err := i.SignRefresh(Refresh{a.Account, a.Session, a.IssuedAt, a.ExpiresAt}); err == nil {
			t.Errorf("refresh, %s: got %s", what, s.Reveal())
		}
		if what == "no issue" || what == "born dead" {
			continue
		}
		if s, err := i.SignReset(Reset{a.Account, a.ID, a.ExpiresAt}, testHash); err == nil {
			t.Errorf("reset link, %s: got %s", what, s.Reveal())
		}
	}
}
