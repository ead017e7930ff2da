package token

import (
	"errors"
	"testing"
)

// seeds gives a fuzz target good tokens of every kind, and bad ones near to them.
func seeds(f *testing.F, i *Issuer) {
	f.Helper()
	for _, s := range tokensOf(f, i) {
		f.Add(s.Reveal())
		f.Add(s.Reveal() + "=")
	}
	f.Add("")
	f.Add("..")
	f.Add("eyJhbGciOiJub25lIn0..")
	f.Add(goldenAccess)
}

// refused reports whether err says so, and that it says nothing else.
func refused(t *testing.T, err error) bool {
	t.Helper()
	if err != nil && err != ErrInvalid {
		t.Errorf("got %v, want ErrInvalid", err)
	}
	return errors.Is(err, ErrInvalid)
}

func FuzzParseAccess(f *testing.F) {
	i := NewIssuer(testMaster(f), testIssuer)
	i.SetKeys([]SigningKey{rfcKey(f)})
	seeds(f, i)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := i.ParseAccess(SecretOf(text), testNow)
		if refused(t, err) {
			return
		}
		want, _, _ := cutLast(text) // the signature is another each time
		got, _, _ := cutLast(must(t)(i.SignAccess(a)).Reveal())
		if got != want {
			t.Errorf("got %q back from %q", got, want)
		}
	})
}

func FuzzParseRefresh(f *testing.F) {
	i, _ := newTestIssuer(f)
	seeds(f, i)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := i.ParseRefresh(SecretOf(text), testNow)
		if refused(t, err) {
			return
		}
		if got := must(t)(i.SignRefresh(r)).Reveal(); got != text {
			t.Errorf("got %q back from %q", got, text)
		}
	})
}

func FuzzParseReset(f *testing.F) {
	i, _ := newTestIssuer(f)
	seeds(f, i)
	f.Fuzz(func(t *testing.T, text string) {
		for _, hash := range []string{testHash, ""} {
			r, err := i.ParseReset(SecretOf(text), 7, hash, testNow)
			if refused(t, err) {
				continue
			}
			if got := must(t)(i.SignReset(r, hash)).Reveal(); got != text {
				t.Errorf("got %q back from %q", got, text)
			}
			if id, err := ResetID(SecretOf(text)); err != nil || id != r.ID {
				t.Errorf("the row of %q is said to be %v (%v), want %v", text, id, err, r.ID)
			}
		}
	})
}

func FuzzParseMailToken(f *testing.F) {
	i, _ := newTestIssuer(f)
	seeds(f, i)
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []MailKind{ConfirmMail, ResetMail} {
			id, err := i.ParseMailToken(kind, SecretOf(text))
			if refused(t, err) {
				continue
			}
			if got := i.MailToken(kind, id).Reveal(); got != text {
				t.Errorf("got %q back from %q", got, text)
			}
		}
	})
}

// FuzzClaims signs whatever it is given: only the text that we would write for
// it is read.
func FuzzClaims(f *testing.F) {
	i, k := newTestIssuer(f)
	kinds := jwtKinds(f, i, k)
	for _, kind := range kinds {
		f.Add(kind.payload)
		for _, payload := range badPayloads(f, kind.payload) {
			f.Add(payload)
		}
	}
	f.Fuzz(func(t *testing.T, payload string) {
		for n, kind := range kinds[1:] { // the HMACs, whose signing is quick
			text := forge(kind.header, payload, kind.sign)
			if refused(t, kind.read(i, SecretOf(text), testNow)) {
				continue
			}
			var again Secret
			if n == 0 {
				r, err := i.ParseRefresh(SecretOf(text), testNow)
				refused(t, err)
				again = must(t)(i.SignRefresh(r))
			} else {
				r, err := i.ParseReset(SecretOf(text), 7, testHash, testNow)
				refused(t, err)
				again = must(t)(i.SignReset(r, testHash))
			}
			if again.Reveal() != text {
				t.Errorf("%s: claims %q have a second text", kind.kind, payload)
			}
		}
	})
}
