package account_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/password"
	"matricula/internal/token"
)

// errWritten is what a change comes to in a store that has stopped.
var errWritten = errors.New("it would have been written")

// stoppedStore reads, and once it has stopped writes nothing more: whoever gets as
// far as a change was not refused before.
type stoppedStore struct {
	account.Store
	stopped bool
}

// Update refuses with errWritten, once the store has stopped.
func (s *stoppedStore) Update(ctx context.Context, change func(account.Tx) error) error {
	if s.stopped {
		return errWritten
	}
	return s.Store.Update(ctx, change)
}

// TestOneVerdictOnAPassword asks every call that takes a new password about ten
// thousand of them, and all say the same. password-strength knows neither address
// nor club: of the owner's own words alone it may think better.
func TestOneVerdictOnAPassword(t *testing.T) {
	for _, policy := range []password.Policy{password.Modern, password.Classic} {
		t.Run(string(policy), func(t *testing.T) {
			atOnce := 100 // of each of rapid's hundred checks
			if policy == password.Classic || testing.Short() {
				atOnce = 10
			}
			oneVerdict(t, policy, atOnce)
		})
	}
}

func oneVerdict(t *testing.T, policy password.Policy, atOnce int) {
	const old, breached = "the 1st passphrase of mine!", "the 2nd passphrase of mine!"
	store := &stoppedStore{}
	k := accounttest.New(t, func(c *account.Config) {
		store.Store, c.Store, c.Policy, c.Limits.Off = c.Store, store, policy, true
		c.Breached = listOf(t, breached)
	})
	club := registration(chess)
	club.Name, club.Password = "Berkeley Chess & Go", token.SecretOf(old)
	_, err := k.AddToRoster(t.Context(), someone, []string{chess})
	must(t, err)
	must(t, k.SignUp(t.Context(), someone, club))
	must(t, k.Confirm(t.Context(), someone, confirmToken(t, k, chess)))
	owner, err := k.FindAccount(t.Context(), chess)
	must(t, err)
	pair, err := k.SignInOfficer(t.Context(), someone, chess, old)
	must(t, err)
	reset := resetToken(t, k, chess)
	must(t, k.RequestResetLink(t.Context(), someone, chess, accounttest.Origin))
	link := token.SecretOf(k.Link(t, chess).Query().Get("token"))
	store.stopped = true

	own := []string{chess, "chess", "x.test", club.Name}
	register := taker{"register", func(fresh string) error {
		again := club
		again.Password = token.SecretOf(fresh)
		return k.SignUp(t.Context(), someone, again)
	}}
	others := []taker{
		{"confirm-reset", func(fresh string) error { return k.Reset(t.Context(), someone, reset, fresh) }},
		{"change-password, clubs", func(fresh string) error { return k.ChangePassword(t.Context(), someone, pair.Access, old, fresh) }},
		{"change-password, cohorts", func(fresh string) error { return k.ResetByLink(t.Context(), someone, owner.ID, link, fresh) }},
		{"account set-password", func(fresh string) error { return k.SetPassword(t.Context(), someone, owner.ID, fresh) }},
	}
	strong := 0
	rapid.Check(t, func(t *rapid.T) {
		for i, fresh := range rapid.SliceOfN(passwords(own), atOnce, atOnce).Draw(t, "passwords") {
			reasons := k.PasswordReasons(fresh)
			isOwn := slices.ContainsFunc(own, func(word string) bool { return strings.EqualFold(norm.NFC.String(fresh), word) })
			want := errWritten
			if len(reasons) > 0 || isOwn && policy == password.Modern {
				want = account.WeakPassword
			} else {
				strong++
			}
			for _, call := range []taker{register, others[i%len(others)]} {
				err := call.take(fresh)
				blank := call.name == "account set-password" && fresh == "" // none is given
				if !errors.Is(err, want) && !blank {
					t.Fatalf("%s: %+q: got %v, password-strength says %q", call.name, fresh, err, reasons)
				}
			}
		}
	})
	if got := k.PasswordReasons(breached); !slices.Equal(got, []password.Reason{password.Breached}) {
		t.Errorf("password-strength: %q of a breached password, want %q alone", got, password.Breached)
	}
	for _, call := range append(others, register) {
		if err := call.take(breached); !errors.Is(err, account.WeakPassword) {
			t.Errorf("%s: a breached password: got %v, want %v", call.name, err, account.WeakPassword)
		}
	}
	if strong < atOnce {
		t.Errorf("%d of the passwords were strong: too few to say much", strong)
	}
}

// listOf is an installation's own list of passwords.
func listOf(t *testing.T, words ...string) *password.List {
	t.Helper()
	path := filepath.Join(t.TempDir(), "passwords.list")
	file, err := os.Create(path)
	must(t, err)
	_, err = password.BuildList(file, password.Corpus{Text: strings.NewReader(strings.Join(words, "\n"))})
	must(t, errors.Join(err, file.Close()))
	list, err := password.OpenList(path)
	must(t, err)
	t.Cleanup(func() { must(t, list.Close()) })
	return list
}

// taker is a call that takes a new password.
type taker struct {
	name string
	take func(fresh string) error
}

// passwords are such as people choose and such as nobody does.
func passwords(own []string) *rapid.Generator[string] {
	word := rapid.SampledFrom(append([]string{
		"password", "12345678", "qwertyuiop", "letmein", "matricula", "correct horse", "kestrel", "p@ssw0rd!", "Ünïcödé ", "日本語", "😀", " ", "\t",
	}, own...))
	return rapid.OneOf(
		rapid.String(),
		rapid.StringMatching(`[ -~]{6,17}`),
		rapid.StringMatching(`[a-z]{8,15}`),
		rapid.StringMatching(`[A-Za-z]{3,9}[0-9]{1,4}[!?#]?`),
		rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(word, 1, 3).Draw(t, "words"), "") }),
		rapid.Custom(func(t *rapid.T) string {
			spell := rapid.SampledFrom([]func(string) string{strings.ToUpper, strings.ToLower, norm.NFD.String, norm.NFKC.String}).Draw(t, "spelling")
			return spell(word.Draw(t, "word"))
		}),
		rapid.Custom(func(t *rapid.T) string { // about the bounds
			n := rapid.IntRange(0, 5).Draw(t, "more") + rapid.SampledFrom([]int{5, 12, 253, 1021}).Draw(t, "length")
			return strings.Repeat(rapid.SampledFrom([]string{"a", "ä", "a\u0308", "한", "😀", "7x!"}).Draw(t, "unit"), n)
		}),
		rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(rapid.Byte(), 0, 24).Draw(t, "octets")) }),
	)
}
