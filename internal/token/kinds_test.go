package token

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// presented is a token of one kind with all that its reader is told beside it.
type presented struct {
	kind string
	text string
	sign signature // by the key of this kind, for this token
	read func(Secret) error
}

// drawTokens makes one token of every kind, of one account and one session, all
// good at the moment that is drawn with them.
func drawTokens(t *rapid.T, i *Issuer, access signature) []presented {
	account := rapid.Int64Range(1, maxAccount).Draw(t, "account")
	id := ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
	session := ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "session"))
	if rapid.Bool().Draw(t, "one id for all") {
		session = id
	}
	hash := rapid.SampledFrom([]string{"", testHash, "$2b$10$x", "id:7", strings.Repeat("$", 300)}).Draw(t, "hash")
	issued := time.Unix(rapid.Int64Range(1, lastSecond-2).Draw(t, "issued"), 0).UTC()
	ends := time.Unix(rapid.Int64Range(issued.Unix()+1, lastSecond).Draw(t, "ends"), 0).UTC()
	now := time.Unix(rapid.Int64Range(issued.Unix(), ends.Unix()-1).Draw(t, "now"), 0).UTC()

	signed := func(s Secret, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return s.Reveal()
	}
	return []presented{
		{"access", signed(i.SignAccess(Access{account, session, id, issued, ends})), access,
			func(s Secret) error { _, err := i.ParseAccess(s, now); return err }},
		{"refresh", signed(i.SignRefresh(Refresh{account, session, issued, ends})), hs256(i.master.Key(purposeRefresh)),
			func(s Secret) error { _, err := i.ParseRefresh(s, now); return err }},
		{"reset link", signed(i.SignReset(Reset{account, id, ends}, hash)), hs256(i.resetKey(account, hash)),
			func(s Secret) error { _, err := i.ParseReset(s, account, hash, now); return err }},
		{"confirm mail", i.MailToken(ConfirmMail, id).Reveal(), nil,
			func(s Secret) error { _, err := i.ParseMailToken(ConfirmMail, s); return err }},
		{"reset mail", i.MailToken(ResetMail, id).Reveal(), nil,
			func(s Secret) error { _, err := i.ParseMailToken(ResetMail, s); return err }},
	}
}

// TestNoKindPassesForAnotherWhateverItSays is TestNoKindPassesForAnother for any
// claims: a token is taken by the reader of its kind and by no other.
func TestNoKindPassesForAnotherWhateverItSays(t *testing.T) {
	i, k := newTestIssuer(t)
	access := es256(t, k)
	rapid.Check(t, func(t *rapid.T) {
		tokens := drawTokens(t, i, access)
		for _, made := range tokens {
			for _, asked := range tokens {
				err := asked.read(SecretOf(made.text))
				if made.kind == asked.kind && err != nil || made.kind != asked.kind && !errors.Is(err, ErrInvalid) {
					t.Errorf("%s as %s: got %v", made.kind, asked.kind, err)
				}
			}
		}
	})
}

// TestHeaderClaimsAndKeyMustBeOfOneKind puts tokens together from the header of
// one kind, the claims of another and the key of a third: whoever had one key could
// make no other kind by it.
func TestHeaderClaimsAndKeyMustBeOfOneKind(t *testing.T) {
	i, k := newTestIssuer(t)
	access := es256(t, k)
	rapid.Check(t, func(t *rapid.T) {
		jwts := drawTokens(t, i, access)[:3]
		one := rapid.SampledFrom(jwts)
		head, claims, key := one.Draw(t, "header"), one.Draw(t, "claims"), one.Draw(t, "key")
		input := strings.Split(head.text, ".")[0] + "." + strings.Split(claims.text, ".")[1]
		text := input + "." + base64url.EncodeToString(key.sign(input))
		for _, asked := range jwts {
			same := head.kind == asked.kind && claims.kind == asked.kind && key.kind == asked.kind
			err := asked.read(SecretOf(text))
			if same && err != nil || !same && !errors.Is(err, ErrInvalid) {
				t.Errorf("header of %s, claims of %s, key of %s, as %s: got %v", head.kind, claims.kind, key.kind, asked.kind, err)
			}
		}
	})
}
