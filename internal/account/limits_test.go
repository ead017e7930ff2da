package account_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/mail"
	"matricula/internal/token"
)

// TestAServersFailureIsNoFailedTry holds what a database that fails after the
// password was looked at costs the owner: nothing.
func TestAServersFailureIsNoFailedTry(t *testing.T) {
	whole := accounttest.New(t, func(c *account.Config) { c.Limits.Failures = 3 })
	officer(t, whole, chess)
	failing := &failingStore{Store: whole.Store}
	k := accounttest.Over(t, failing, func(c *account.Config) { c.Limits.Failures = 3 })
	for range 5 {
		failing.in = 2 // the try is counted, the session can't be written
		_, err := k.SignInOfficer(t.Context(), someone, chess, good)
		if !errors.Is(err, errDisk) {
			t.Fatalf("got %v, want %v", err, errDisk)
		}
	}
	signedIn(t, k, chess, good)
}

var errDisk = errors.New("the disk is full")

// failingStore fails one change.
type failingStore struct {
	account.Store
	in int // how many changes from now; 0 is never
}

func (s *failingStore) Update(ctx context.Context, change func(account.Tx) error) error {
	s.in--
	if s.in == 0 {
		return errDisk
	}
	return s.Store.Update(ctx, change)
}

func TestARightPasswordIsNoFailedTry(t *testing.T) {
	k := accounttest.New(t, func(c *account.Config) { c.Limits.Failures = 3 })
	officer(t, k, chess)
	pair, _ := signedIn(t, k, chess, good)
	for range 5 {
		wants(t, "a weak new one", k.ChangePassword(t.Context(), someone, pair.Access, good, "12345678"), account.WeakPassword)
		wants(t, "the same one", k.ChangePassword(t.Context(), someone, pair.Access, good, good), account.SamePassword)
	}
	must(t, k.ChangePassword(t.Context(), someone, pair.Access, good, better))
}

func TestAClockThatRanAheadLocksNobodyOut(t *testing.T) {
	k := accounttest.New(t, func(c *account.Config) { c.Limits.Failures, c.Limits.Lookups = 3, 3 })
	officer(t, k, chess)
	k.Clock.Move(24 * time.Hour)
	for range 5 {
		_, _ = k.SignInOfficer(t.Context(), someone, chess, "wrong")
	}
	for _, email := range []string{"a@x.test", "b@x.test", "c@x.test"} {
		_, err := k.OnRoster(t.Context(), someone, email)
		must(t, err)
	}
	k.Clock.Move(-24 * time.Hour)
	signedIn(t, k, chess, good)
	_, err := k.OnRoster(t.Context(), someone, "d@x.test")
	wants(t, "the budget of the roster", err, "")
}

// TestALaneRestsForServersWhoseClocksDiffer: the one that is behind by a little, or
// that read its clock a moment ago, hands out no guesses.
func TestALaneRestsForServersWhoseClocksDiffer(t *testing.T) {
	k := accounttest.New(t, few)
	officer(t, k, chess)
	ahead := accounttest.Over(t, k.Store, few)
	ahead.Clock.Move(2 * time.Second)
	looked(t, ahead, someone, chess)
	_, err := k.SignInOfficer(t.Context(), someone, chess, "wrong")
	wants(t, "at the server that is behind", err, account.TooMany)
	if refusal, ok := errors.AsType[*account.Error](err); !ok || refusal.RetryAfter > 15*time.Minute {
		t.Errorf("got %+v, want to be told to come in 15 minutes at most", err)
	}
}

func TestARevokedTokenStaysRevokedWhenTheClockGoesBack(t *testing.T) {
	k := accounttest.New(t)
	officer(t, k, chess)
	pair, _ := signedIn(t, k, chess, good)
	must(t, k.RevokeAccess(t.Context(), someone, pair.Access))
	k.Clock.Move(16 * time.Minute)
	must(t, k.Purge(t.Context()))
	k.Clock.Move(-10 * time.Minute)
	_, _, err := k.ClubOf(t.Context(), pair.Access)
	wants(t, "the revoked token", err, account.Unauthenticated)
}

func TestASessionWithoutARefreshTokenEndsSoon(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	pair, err := k.SignInOfficer(t.Context(), someone, chess, good)
	must(t, err)
	must(t, k.RevokeRefresh(t.Context(), someone, pair.Refresh))
	_, _, err = k.ClubOf(t.Context(), pair.Access)
	wants(t, "its access token", err, "")
	k.Clock.Move(16 * time.Minute)
	if sessions, err := k.Sessions(t.Context(), a.ID); err != nil || len(sessions) != 0 {
		t.Errorf("sessions that nothing can use any more: %v, %v", sessions, err)
	}
}

// TestAPanicInASenderIsAFailedMail: a mail that breaks the sender must not end
// the program, nor hold up the next mail.
func TestAPanicInASenderIsAFailedMail(t *testing.T) {
	sender := &touchySender{Sink: &accounttest.Sink{}}
	k := accounttest.New(t, func(c *account.Config) { c.Sender = sender })
	_, err := k.CreateAccount(t.Context(), operator, account.NewAccount{Email: "poison@x.test", Name: "Poison"})
	must(t, err)
	_, err = k.CreateAccount(t.Context(), operator, account.NewAccount{Email: "ada@x.test", Name: "Ada"})
	must(t, err)
	k.SendDue(t.Context())
	if sent := sender.All(); len(sent) != 1 || sent[0].To != "ada@x.test" {
		t.Errorf("sent: %v, want the one mail that can be", sent)
	}
	if stats, err := k.OutboxStats(t.Context()); err != nil || stats.Waiting != 1 {
		t.Errorf("the outbox has %+v, %v; want the other one waiting", stats, err)
	}
}

type touchySender struct{ *accounttest.Sink }

func (s *touchySender) Send(ctx context.Context, m mail.Message) error {
	if m.To == "poison@x.test" {
		panic("a mail that the sender can't take")
	}
	return s.Sink.Send(ctx, m)
}

// TestDecoysKeepNobodyWaiting: a crowd of decoys costs a real mail one claim.
func TestDecoysKeepNobodyWaiting(t *testing.T) {
	k := accounttest.New(t)
	officer(t, k, chess)
	k.Deliver(t)
	for range 300 {
		must(t, k.RequestReset(t.Context(), someone, "nobody@x.test"))
	}
	must(t, k.RequestReset(t.Context(), someone, chess))
	if n := k.SendDue(t.Context()); n != 1 || len(k.Mails.All()) == 0 {
		t.Errorf("one round sent %d mails, want the one behind the decoys", n)
	}
}

// TestRunSendsAndStops plays the worker itself: it wakes for a mail, one slow
// recipient holds nobody up, and a stop waits for what has begun.
func TestRunSendsAndStops(t *testing.T) {
	sender := &slowSender{Sink: &accounttest.Sink{}, begun: make(chan struct{}), release: make(chan struct{})}
	k := accounttest.New(t, func(c *account.Config) { c.Sender = sender })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- k.Run(ctx) }()
	_, err := k.CreateAccount(t.Context(), operator, account.NewAccount{Email: "slow@x.test", Name: "Slow"})
	must(t, err)
	<-sender.begun
	for _, email := range []string{"a@x.test", "b@x.test", "c@x.test"} {
		_, err := k.CreateAccount(t.Context(), operator, account.NewAccount{Email: email, Name: "Quick"})
		must(t, err)
	}
	for len(sender.All()) < 3 {
		runtime.Gosched()
	}
	stop()
	select {
	case err := <-ended:
		t.Fatalf("Run has ended (%v) while a mail was being sent", err)
	default:
	}
	close(sender.release)
	must(t, <-ended)
	if stats, err := k.OutboxStats(t.Context()); err != nil || stats.Waiting != 0 {
		t.Errorf("the outbox has %+v, %v; want nothing", stats, err)
	}
}

type slowSender struct {
	*accounttest.Sink
	begun, release chan struct{}
}

func (s *slowSender) Send(ctx context.Context, m mail.Message) error {
	if m.To == "slow@x.test" {
		close(s.begun)
		<-s.release
	}
	return s.Sink.Send(ctx, m)
}

func TestASignInElsewhereIsWrittenForWhomItEnds(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	b := officer(t, k, "go@x.test")
	_, cookie := signedIn(t, k, chess, good)
	_, _, err := k.SignInMember(t.Context(), someone, "go@x.test", good, cookie.Secret)
	must(t, err)
	if kinds(t, k, a.ID)[account.SignedOut] != 1 || kinds(t, k, b.ID)[account.SignedOut] != 0 {
		t.Error("the session that the browser brought ended without an event for its owner")
	}
}

func TestTheTriesOfAnAddressAreUsedUpOnce(t *testing.T) {
	k := accounttest.New(t, func(c *account.Config) { c.Limits.Failures = 3 })
	a := officer(t, k, chess)
	for range 6 {
		_, _ = k.SignInOfficer(t.Context(), someone, chess, "wrong")
	}
	if n := kinds(t, k, a.ID)[account.TriesUsedUp]; n != 1 {
		t.Errorf("%d events say that the address rests, want 1", n)
	}
}

func TestAChangeOfPasswordSurvivesARehash(t *testing.T) {
	k := accounttest.New(t)
	for range 10 {
		a := officer(t, k, chess)
		must(t, k.Store.Update(t.Context(), func(tx account.Tx) error { return tx.SetPassword(a.ID, bcryptOf(t, good), "$2b$04") }))
		// The session comes first, its sign-in would replace the hash.
		pair := sessionOf(t, k, a)
		done := make(chan error, 1)
		go func() {
			_, _, err := k.SignInMember(t.Context(), someone, chess, good, token.Secret{})
			done <- err
		}()
		must(t, k.ChangePassword(t.Context(), someone, pair, good, better))
		if err := <-done; err != nil && !errors.Is(err, account.SignInRefused) {
			t.Fatal(err)
		}
		must(t, k.DeleteAccount(t.Context(), operator, a.ID))
	}
}

// sessionOf starts a clubs session without a sign-in.
func sessionOf(t *testing.T, k *accounttest.Kit, a account.Account) token.Secret {
	t.Helper()
	id, now := token.NewID(), k.Clock.Now()
	must(t, k.Store.Update(t.Context(), func(tx account.Tx) error {
		return tx.AddSession(account.Session{
			ID: id[:], Account: a.ID, Contract: account.Clubs, CreatedAt: now, ExpiresAt: now.Add(time.Hour), KeepUntil: now.Add(time.Hour),
		})
	}))
	signed, err := k.Issuer.SignAccess(token.Access{Account: a.ID, Session: id, ID: token.NewID(), IssuedAt: now, ExpiresAt: now.Add(time.Minute)})
	must(t, err)
	return signed
}

// TestATakenBackTryProlongsNoRest: after a rest, a server that is busy must not
// begin another one.
func TestATakenBackTryProlongsNoRest(t *testing.T) {
	limits := func(c *account.Config) { c.Limits = account.Limits{Failures: 3, Rest: 15 * time.Minute} }
	whole := accounttest.New(t, limits)
	officer(t, whole, chess)
	failing := &failingStore{Store: whole.Store}
	k := accounttest.Over(t, failing, limits)
	for range 3 {
		_, _ = k.SignInOfficer(t.Context(), someone, chess, "wrong")
	}
	k.Clock.Move(15 * time.Minute)
	failing.in = 2
	if _, err := k.SignInOfficer(t.Context(), someone, chess, good); !errors.Is(err, errDisk) {
		t.Fatalf("got %v, want %v", err, errDisk)
	}
	signedIn(t, k, chess, good)
}

// TestOneChangeOfAPasswordWins plays many changes by one token at once, while the
// hash in force is an old one.
func TestOneChangeOfAPasswordWins(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	must(t, k.Store.Update(t.Context(), func(tx account.Tx) error { return tx.SetPassword(a.ID, bcryptOf(t, good), "$2b$04") }))
	access := sessionOf(t, k, a)
	var wins atomic.Int64
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			err := k.ChangePassword(t.Context(), someone, access, good, fmt.Sprintf("one of thirty passphrases, %d", i))
			switch account.CodeOf(err) {
			case "":
				must(t, err)
				wins.Add(1)
			case account.WrongPassword, account.TooMany, account.Busy:
			default:
				t.Errorf("change %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if wins.Load() != 1 {
		t.Errorf("%d changes with one old password succeeded, want 1", wins.Load())
	}
}

func TestTheRosterSaysWhenItMayBeAskedAgain(t *testing.T) {
	k := accounttest.New(t, func(c *account.Config) { c.Limits.Lookups = 2 })
	ask := func(email string) error {
		_, err := k.OnRoster(t.Context(), someone, email)
		return err
	}
	must(t, ask("a@x.test"))
	k.Clock.Move(10 * time.Minute)
	must(t, ask("b@x.test"))
	k.Clock.Move(10 * time.Minute)
	wait := account.RetryAfterOf(ask("c@x.test"))
	if wait != 40*time.Minute {
		t.Errorf("told to wait %v, want 40m", wait)
	}
	k.Clock.Move(wait + time.Microsecond)
	must(t, ask("c@x.test"))
}
