package account_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
)

var errServerAway = errors.New("the mail server is away")

func TestMailsWaitForTheServer(t *testing.T) {
	k := accounttest.New(t)
	_, err := k.AddToRoster(t.Context(), account.Caller{}, []string{chess})
	must(t, err)
	k.Mails.Fail(errServerAway)
	must(t, k.SignUp(t.Context(), someone, registration(chess)))
	for range 6 {
		k.Deliver(t)
		k.Clock.Move(10 * time.Minute)
	}
	stats, err := k.OutboxStats(t.Context())
	must(t, err)
	if stats.Waiting != 1 || stats.Dead != 0 || !stats.Oldest.Equal(accounttest.Start) {
		t.Errorf("the outbox has %+v, want one that waits since %v", stats, accounttest.Start)
	}
	k.Mails.Fail(nil)
	must(t, k.Confirm(t.Context(), someone, confirmToken(t, k, chess)))
	if stats, _ = k.OutboxStats(t.Context()); stats.Waiting != 0 {
		t.Errorf("%d mails wait after sending, want none", stats.Waiting)
	}
}

func TestMailsAreGivenUpInTheEnd(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	k.Deliver(t)
	k.Mails.Fail(errServerAway)
	must(t, k.SetPassword(t.Context(), account.Caller{Actor: "operator"}, a.ID, better))
	for range 80 {
		k.Deliver(t)
		k.Clock.Move(time.Hour)
	}
	stats, err := k.OutboxStats(t.Context())
	must(t, err)
	if stats.Waiting != 0 || stats.Dead != 1 {
		t.Errorf("after 80 hours the outbox has %+v, want one given up", stats)
	}
	if kinds(t, k, a.ID)[account.MailGivenUp] != 1 {
		t.Error("no event says that the mail was given up")
	}
}

func TestALinkThatEndedIsNotSent(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	k.Deliver(t)
	k.Mails.Fail(errServerAway)
	must(t, k.RequestReset(t.Context(), someone, chess))
	k.Deliver(t)
	k.Mails.Fail(nil)
	k.Clock.Move(31 * time.Minute)
	if mails := k.Deliver(t); len(mails) != 0 {
		t.Errorf("a mail with an ended link was sent: %q", mails[0].Subject)
	}
	if kinds(t, k, a.ID)[account.MailDropped] != 1 {
		t.Error("no event says that the mail was dropped")
	}
}

// TestASecondAttemptCarriesTheSameSecret plays a process that died after the mail
// server's yes: its lease runs out, and the mail goes out once more.
func TestASecondAttemptCarriesTheSameSecret(t *testing.T) {
	k := accounttest.New(t)
	officer(t, k, chess)
	k.Deliver(t)
	for _, ask := range []func() error{
		func() error { return k.RequestReset(t.Context(), someone, chess) },
		func() error { return k.RequestResetLink(t.Context(), someone, chess, accounttest.Origin) },
	} {
		must(t, ask())
		k.Mails.FailAfter(errServerAway)
		first := k.Deliver(t)
		k.Mails.Fail(nil)
		k.Clock.Move(time.Minute)
		second := k.Deliver(t)
		if len(first) != 1 || len(second) != 1 {
			t.Fatalf("%d and %d mails, want 1 and 1", len(first), len(second))
		}
		if first[0].Text != second[0].Text || first[0].ID != second[0].ID {
			t.Errorf("the second attempt differs:\n%s\n%s\n%s\n%s", first[0].ID, first[0].Text, second[0].ID, second[0].Text)
		}
	}
}

func TestNothingIsSentForARefusal(t *testing.T) {
	k := accounttest.New(t)
	wants(t, "an address that is not on the roster", k.SignUp(t.Context(), someone, registration(chess)), account.NotOnRoster)
	if stats, err := k.OutboxStats(t.Context()); err != nil || stats.Waiting != 0 {
		t.Errorf("the outbox has %+v, %v; want nothing", stats, err)
	}
	must(t, k.RequestReset(t.Context(), someone, "nobody@x.test"))
	must(t, k.ResendConfirm(t.Context(), someone, "nobody@x.test"))
	if mails := k.Deliver(t); len(mails) != 0 {
		t.Errorf("%d mails to nobody", len(mails))
	}
	if stats, _ := k.OutboxStats(t.Context()); stats.Waiting != 0 {
		t.Errorf("%d decoys stay in the outbox", stats.Waiting)
	}
}

func TestLinksComeFromConfiguration(t *testing.T) {
	k := accounttest.New(t)
	officer(t, k, chess)
	for _, origin := range []string{
		"https://evil.test", "http://localhost:3000.evil.test", "http://localhost:3000@evil.test", "http://localhost:3000/",
		"HTTP://LOCALHOST:3000", "javascript:alert(1)//", "//evil", "", "null", "http://localhost:3000/\r\nBcc: x",
	} {
		wants(t, "origin "+origin, k.RequestResetLink(t.Context(), someone, chess, origin), account.OriginRefused)
	}
	for _, origin := range []string{accounttest.Origin, accounttest.PublicURL} {
		must(t, k.RequestResetLink(t.Context(), someone, chess, origin))
		link := k.Link(t, chess)
		if got := link.Scheme + "://" + link.Host + link.Path; got != origin+"/change-password" {
			t.Errorf("the link leads to %s, want %s/change-password", got, origin)
		}
	}
}

func TestBothAddressesAreToldOfAChange(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	reset := resetToken(t, k, chess)
	must(t, k.SetEmail(t.Context(), account.Caller{Actor: "operator"}, a.ID, "go@x.test"))
	told := map[string]bool{}
	for _, m := range k.Deliver(t) {
		told[m.To] = strings.Contains(m.Text, "go@x.test")
	}
	if len(told) != 2 || !told[chess] || !told["go@x.test"] {
		t.Errorf("told: %v; want the old and the new address", told)
	}
	wants(t, "a token mailed to the old address", k.Reset(t.Context(), someone, reset, better), account.TokenInvalid)
	signedIn(t, k, "go@x.test", good)
}

func kinds(t *testing.T, k *accounttest.Kit, id int64) map[account.EventKind]int {
	t.Helper()
	events, err := k.Events(t.Context(), id, 0, 1000)
	must(t, err)
	counts := map[account.EventKind]int{}
	for _, e := range events {
		counts[e.Kind]++
	}
	return counts
}

// TestADecoyCostsTheWorkerWhatAMailCosts counts the worker's changes: each of them
// holds up whoever writes at that moment, and so tells of itself.
func TestADecoyCostsTheWorkerWhatAMailCosts(t *testing.T) {
	k := accounttest.New(t)
	officer(t, k, chess)
	k.Deliver(t)
	counted := &countedStore{Store: k.Store}
	k = accounttest.Over(t, counted, func(c *account.Config) { c.Limits.Off = true })
	changes := func(email string) int64 {
		must(t, k.RequestReset(t.Context(), someone, email))
		before := counted.changes.Load()
		k.SendDue(t.Context())
		return counted.changes.Load() - before
	}
	if mail, decoy := changes(chess), changes("nobody@x.test"); mail != decoy || mail != 2 {
		t.Errorf("a mail costs the worker %d changes and a decoy %d, want 2 and 2", mail, decoy)
	}
}

// countedStore counts the changes that it is asked for.
type countedStore struct {
	account.Store
	changes atomic.Int64
}

func (s *countedStore) Update(ctx context.Context, change func(account.Tx) error) error {
	s.changes.Add(1)
	return s.Store.Update(ctx, change)
}
