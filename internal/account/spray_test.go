package account_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/token"
)

// sprayed are limits of three addresses for a network, and of three questions.
func sprayed(c *account.Config) { c.Limits.Sprayed, c.Limits.Lookups = 3, 3 }

func TestANetworkFailsAtFewAddresses(t *testing.T) {
	k := accounttest.New(t, sprayed)
	people := []string{ada, "bob@x.test", "eve@x.test", "joe@x.test"}
	for _, email := range people[:3] {
		member(t, k, email)
	}
	fail := func(c account.Caller, email string) error {
		_, err := signIn(t, k, c, email, "Summer2026!")
		return err
	}
	for i, email := range people[:3] {
		k.Clock.Move(time.Minute)
		wants(t, "a first try at "+email, fail(from(1), email), account.SignInRefused)
		wants(t, "a second try at "+email, fail(from(1), email), account.SignInRefused)
		if i < 2 && kinds(t, k, 0)[account.AddressesUsedUp] != 0 {
			t.Error("an event came too early")
		}
	}
	_, err := signIn(t, k, from(1), "joe@x.test", good)
	if wait := account.RetryAfterOf(err); account.CodeOf(err) != account.TooMany || wait != 58*time.Minute {
		t.Errorf("a fourth address: %v, for %v; want 58m, an hour since the first", err, wait)
	}
	wants(t, "the login of the other contract", loginOf(t, k, from(1), "joe@x.test"), account.TooMany)
	wants(t, "the same from its IPv6 form", fail(account.Caller{Client: from(1).Client.Unmap()}, "joe@x.test"), account.TooMany)
	wants(t, "an address that it failed at before", fail(from(1), ada), account.SignInRefused)
	wants(t, "another network", fail(from(2), "joe@x.test"), account.SignInRefused)
	if n := kinds(t, k, 0)[account.AddressesUsedUp]; n != 1 {
		t.Errorf("%d events say that the network has used its addresses up, want 1", n)
	}

	_, err = signIn(t, k, from(1), ada, good) // gives its address back
	must(t, err)
	wants(t, "a fourth address again", fail(from(1), "joe@x.test"), account.SignInRefused)
	wants(t, "a fifth", fail(from(1), "kim@x.test"), account.TooMany)
	wants(t, "where the network is known", fail(from(1), ada), account.TooMany)
	if n := kinds(t, k, 0)[account.AddressesUsedUp]; n != 1 {
		t.Errorf("%d events, want the one of this window", n)
	}
	k.Clock.Move(time.Hour + time.Second)
	for _, email := range people[1:] {
		wants(t, "an hour later", fail(from(1), email), account.SignInRefused)
	}
	if n := kinds(t, k, 0)[account.AddressesUsedUp]; n != 2 {
		t.Errorf("%d events, want one more in the next window", n)
	}
}

func loginOf(t *testing.T, k *accounttest.Kit, c account.Caller, email string) error {
	t.Helper()
	_, err := k.SignInOfficer(t.Context(), c, email, good)
	return err
}

// TestAKnownBrowserIsNotCounted: a campus that was refused still has its regulars in.
func TestAKnownBrowserIsNotCounted(t *testing.T) {
	k := accounttest.New(t, sprayed)
	officer(t, k, chess)
	pair, session := signedIn(t, k, chess, good)
	member(t, k, ada)
	cookie, err := signIn(t, k, from(7), ada, good)
	must(t, err)
	browser := account.Caller{Client: from(1).Client, Device: cookie.Device}
	for range 5 {
		_, err := signIn(t, k, browser, ada, "wrong") // takes no address
		wants(t, "a wrong password of a known browser", err, account.SignInRefused)
	}
	for i := range 3 {
		_, err := signIn(t, k, from(1), fmt.Sprintf("n%d@x.test", i), "wrong")
		wants(t, "a stranger's", err, account.SignInRefused)
	}
	_, err = signIn(t, k, from(1), "n9@x.test", "wrong")
	wants(t, "one too many", err, account.TooMany)
	_, err = signIn(t, k, browser, ada, good)
	wants(t, "a browser that is known", err, "")
	_, _, err = k.SignInMember(t.Context(), from(1), chess, good, session.Secret)
	wants(t, "a live session", err, "")
	must(t, k.ChangePassword(t.Context(), from(1), pair.Access, good, better))
}

// TestABusyServerTakesNoAddress: but what failed before stays counted, or a storm
// would be a way to have it forgotten.
func TestABusyServerTakesNoAddress(t *testing.T) {
	whole := accounttest.New(t, sprayed)
	for _, email := range []string{ada, "bob@x.test", "eve@x.test", "joe@x.test"} {
		member(t, whole, email)
	}
	failing := &failingStore{Store: whole.Store}
	k := accounttest.Over(t, failing, sprayed)
	try := func(email, secret string, failAt int) error {
		failing.in = failAt
		_, err := signIn(t, k, from(1), email, secret)
		return err
	}
	for _, email := range []string{ada, "bob@x.test"} {
		wants(t, "a failure", try(email, "wrong", 0), account.SignInRefused)
	}
	for range 3 {
		for _, email := range []string{"eve@x.test", "joe@x.test", ada} {
			if err := try(email, good, 2); err == nil || account.CodeOf(err) != "" {
				t.Fatalf("got %v, want a full disk", err)
			}
		}
	}
	wants(t, "the third address", try("eve@x.test", "wrong", 0), account.SignInRefused)
	wants(t, "the fourth", try("joe@x.test", good, 0), account.TooMany)
}

// TestManyAtOnceCantSprayTogether: the addresses in flight count.
func TestManyAtOnceCantSprayTogether(t *testing.T) {
	k := accounttest.New(t, func(c *account.Config) { c.Limits.Sprayed = 10 })
	var looked atomic.Int64
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			if _, err := signIn(t, k, from(1), fmt.Sprintf("n%d@x.test", i), "Summer2026!"); account.CodeOf(err) == account.SignInRefused {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	if n := looked.Load(); n != 10 {
		t.Errorf("a network failed at %d addresses, want 10", n)
	}
}

// TestAHarvesterAndACampus is the figure: a network with 10,000 candidates learns of 3 %
// of them in an hour, while 2,000 officers behind one address ask and log in, and none
// is refused.
func TestAHarvesterAndACampus(t *testing.T) {
	const officers, candidates = 2000, 10_000
	k := accounttest.New(t)
	emails := addOfficers(t, k, officers)
	harvester, campus := from(1), from(2)

	var learnt atomic.Int64
	var all sync.WaitGroup
	all.Go(func() {
		for i := range candidates {
			var err error
			switch email := fmt.Sprintf("candidate%d@x.test", i); i % 2 {
			case 0:
				_, err = k.OnRoster(t.Context(), harvester, email)
			default:
				err = k.SignUp(t.Context(), harvester, registration(email)) // 404 tells the same
			}
			switch account.CodeOf(err) {
			case "", account.NotOnRoster:
				learnt.Add(1)
			case account.TooMany:
			default:
				t.Errorf("candidate %d: %v", i, err)
			}
		}
	})
	work := make(chan string)
	for range 40 {
		all.Go(func() {
			for email := range work {
				if exists, err := k.OnRoster(t.Context(), campus, email); err != nil || !exists {
					t.Errorf("email-exists of %s: %v, %v", email, exists, err)
				}
				if _, err := k.SignInOfficer(t.Context(), campus, email, good); err != nil {
					t.Errorf("login of %s: %v", email, err)
				}
			}
		})
	}
	for i, email := range emails {
		if i%10 == 0 { // one in ten mistypes the password first
			_, err := k.SignInOfficer(t.Context(), campus, email, "mistyped")
			wants(t, "a typo", err, account.SignInRefused)
		}
		work <- email
		k.Clock.Move(time.Hour / officers)
	}
	close(work)
	all.Wait()
	if n := learnt.Load(); n > candidates*3/100 {
		t.Errorf("the harvester learnt of %d candidates, want 300 at most", n)
	}
}

// addOfficers makes confirmed officers with the good password, on the roster.
func addOfficers(t *testing.T, k *accounttest.Kit, n int) (emails []string) {
	t.Helper()
	hash, err := k.Config.Hasher.Hash(t.Context(), good)
	must(t, err)
	for i := range n {
		emails = append(emails, fmt.Sprintf("officer%d@x.test", i))
	}
	_, err = k.AddToRoster(t.Context(), operator, emails)
	must(t, err)
	must(t, k.Store.Update(t.Context(), func(tx account.Tx) error {
		for i, email := range emails {
			id, err := tx.AddAccount(account.Account{
				Email: account.Address{Text: email, Key: email}, Name: "Ada", PasswordHash: hash,
				ConfirmedAt: accounttest.Start, CreatedAt: accounttest.Start,
			}, k.Config.Hasher.Class())
			if err != nil {
				return err
			}
			club := account.Club{Owner: id, Name: "Chess", LinkName: fmt.Sprint("chess-", i), Tags: []int64{1}, LastUpdated: accounttest.Start}
			if _, err := tx.AddClub(club); err != nil {
				return err
			}
		}
		return nil
	}))
	return emails
}

// TestALimiterWithoutItsStoreRefuses: nothing passes when nothing can be counted.
func TestALimiterWithoutItsStoreRefuses(t *testing.T) {
	for name, break_ := range map[string]func(*accounttest.Kit, *testing.T){
		"away":    func(k *accounttest.Kit, t *testing.T) { k.TakeAway(t) },
		"damaged": func(k *accounttest.Kit, t *testing.T) { k.Damage(t) },
	} {
		t.Run(name, func(t *testing.T) {
			k := accounttest.New(t)
			officer(t, k, chess)
			pair, _ := signedIn(t, k, chess, good)
			k.Deliver(t)
			break_(k, t)
			for what, call := range map[string]func() error{
				"login":           func() error { _, err := k.SignInOfficer(t.Context(), someone, chess, good); return err },
				"sign-in":         func() error { _, err := signIn(t, k, someone, chess, good); return err },
				"change-password": func() error { return k.ChangePassword(t.Context(), someone, pair.Access, good, better) },
				"email-exists":    func() error { _, err := k.OnRoster(t.Context(), someone, chess); return err },
				"register":        func() error { return k.SignUp(t.Context(), someone, registration(chess)) },
				"request-reset":   func() error { return k.RequestReset(t.Context(), someone, chess) },
				"resend-confirm":  func() error { return k.ResendConfirm(t.Context(), someone, chess) },
			} {
				err := call()
				if code := account.CodeOf(err); err == nil || code != "" && code != account.Busy {
					t.Errorf("%s: got %v, want a failure of the machine", what, err)
				}
			}
		})
	}
}

// TestLimitsThatAreOffWriteNothing looks at every table that they have.
func TestLimitsThatAreOffWriteNothing(t *testing.T) {
	k := accounttest.New(t, func(c *account.Config) { c.Limits.Off = true })
	a := officer(t, k, chess)
	pair, cookie := signedIn(t, k, chess, good)
	if !cookie.Device.IsZero() {
		t.Error("the browser was given a secret")
	}
	for range 150 {
		_, err := signIn(t, k, someone, chess, "wrong")
		wants(t, "a wrong password", err, account.SignInRefused)
	}
	_, err := k.OnRoster(t.Context(), someone, chess)
	must(t, err)
	for range 7 {
		must(t, k.RequestReset(t.Context(), someone, chess))
	}
	if n := len(k.Deliver(t)); n != 7 {
		t.Errorf("%d mails, want 7", n)
	}
	must(t, k.ChangePassword(t.Context(), someone, pair.Access, good, better))
	must(t, k.Reset(t.Context(), someone, resetToken(t, k, chess), good))
	r := k.Store.Read(t.Context())
	for _, heap := range []account.Heap{account.FailureRows, account.LookupRows, account.TallyRows} {
		if n, err := r.Rows(heap); err != nil || n != 0 {
			t.Errorf("%d %s (%v), want none", n, heap, err)
		}
	}
	proof := k.Master.MAC("known network", []byte(chess), someone.Client.AsSlice())
	known, err := r.Known(k.Master.MAC("known", []byte(chess)), accounttest.Start, proof)
	if err != nil || len(known) != 0 {
		t.Errorf("the address knows %d (%v), want nobody", len(known), err)
	}
	if got := kinds(t, k, a.ID); got[account.TriesUsedUp]+got[account.MailsUsedUp] != 0 {
		t.Errorf("the events are %v", got)
	}
}

// TestAStrangerIsTheSameEverywhere: for addresses with an account and without, of every
// kind, a stranger's tries run the same statements.
func TestAStrangerIsTheSameEverywhere(t *testing.T) {
	k := accounttest.New(t)
	officer(t, k, chess)
	signedIn(t, k, chess, good)
	member(t, k, ada)
	disabled := member(t, k, "off@x.test")
	must(t, k.SetDisabled(t.Context(), operator, disabled.ID, true))
	counting := &countingStore{Store: k.Store}
	k = accounttest.Over(t, counting, few)
	var first []string
	for _, email := range []string{"nobody@x.test", chess, ada, "off@x.test"} {
		counting.calls = nil
		looked(t, k, stranger, email)
		if first == nil {
			first = counting.calls
			continue
		}
		if fmt.Sprint(counting.calls) != fmt.Sprint(first) {
			t.Errorf("%s: got the calls\n%v, want\n%v", email, counting.calls, first)
		}
	}
}

// TestARefusalTakesAKnownNetworkAsLong: nothing is hashed there that would hide how many
// statements ran.
func TestARefusalTakesAKnownNetworkAsLong(t *testing.T) {
	k := accounttest.New(t, few)
	member(t, k, ada)
	_, err := signIn(t, k, from(1), ada, good)
	must(t, err)
	counting := &countingStore{Store: k.Store}
	k = accounttest.Over(t, counting, few)
	var calls [2][]string
	for i, email := range []string{ada, "nobody@x.test"} {
		looked(t, k, from(1), email)
		counting.calls = nil
		_, err := signIn(t, k, from(1), email, "wrong")
		wants(t, email, err, account.TooMany)
		calls[i] = counting.calls
	}
	if !slices.Equal(calls[0], calls[1]) {
		t.Errorf("somebody known there: %v, nobody: %v", calls[0], calls[1])
	}
}

// countingStore notes which methods of the limits a change calls.
type countingStore struct {
	account.Store
	calls []string
	kept  []token.Digest // of addresses and of what they know
}

func (s *countingStore) Update(ctx context.Context, change func(account.Tx) error) error {
	s.calls = append(s.calls, "Update")
	return s.Store.Update(ctx, func(tx account.Tx) error { return change(countingTx{tx, s}) })
}

// TestProofsHaveNothingInCommon: a copy of the database must not tell that two people
// sign in from one network, by one browser.
func TestProofsHaveNothingInCommon(t *testing.T) {
	k := accounttest.New(t)
	member(t, k, ada)
	member(t, k, "bob@x.test")
	noting := &countingStore{Store: k.Store}
	k = accounttest.Over(t, noting)
	c := from(1)
	for _, email := range []string{ada, "bob@x.test"} {
		cookie, err := signIn(t, k, c, email, good)
		must(t, err)
		c.Device = cookie.Device
	}
	seen := map[token.Digest]bool{}
	for _, digest := range noting.kept {
		if seen[digest] {
			t.Errorf("a digest stands in the rows of both")
		}
		seen[digest] = true
	}
	if len(noting.kept) != 6 {
		t.Errorf("%d digests, want those of two addresses, of the network twice and of the browser twice", len(noting.kept))
	}
}

type countingTx struct {
	account.Tx
	s *countingStore
}

func (c countingTx) Known(address token.Digest, now time.Time, proofs ...token.Digest) ([]token.Digest, error) {
	c.s.calls = append(c.s.calls, fmt.Sprint("Known of ", len(proofs)))
	return c.Tx.Known(address, now, proofs...)
}

func (c countingTx) Failures(address, lane token.Digest) (account.Failures, error) {
	c.s.calls = append(c.s.calls, "Failures")
	return c.Tx.Failures(address, lane)
}

func (c countingTx) AddFailure(address, lane token.Digest, at time.Time) (int64, error) {
	c.s.calls = append(c.s.calls, "AddFailure")
	return c.Tx.AddFailure(address, lane, at)
}

func (c countingTx) AddKnown(address, proof token.Digest, seen, ends time.Time, most int) error {
	if !slices.Contains(c.s.kept, address) {
		c.s.kept = append(c.s.kept, address)
	}
	c.s.kept = append(c.s.kept, proof)
	return c.Tx.AddKnown(address, proof, seen, ends, most)
}

func (c countingTx) AddLookup(network, address token.Digest, at, since time.Time) (account.Asked, error) {
	c.s.calls = append(c.s.calls, "AddLookup")
	return c.Tx.AddLookup(network, address, at, since)
}

func (c countingTx) AddEvent(e account.Event) error {
	c.s.calls = append(c.s.calls, "AddEvent "+string(e.Kind))
	return c.Tx.AddEvent(e)
}
