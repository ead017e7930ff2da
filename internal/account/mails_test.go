package account_test

import (
	"fmt"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
)

// TestFewMailsToOneAddress asks for mails of every kind that strangers can cause, more
// often than they go out.
func TestFewMailsToOneAddress(t *testing.T) {
	for _, test := range []struct {
		what    string
		kind    string
		prepare func(*testing.T, *accounttest.Kit) (sent int) // of the kind
		ask     func(*testing.T, *accounttest.Kit) error
		wants   account.Code
	}{
		{"clubs resets", "reset", anOfficer, func(t *testing.T, k *accounttest.Kit) error {
			return k.RequestReset(t.Context(), stranger, chess)
		}, ""},
		{"cohorts resets", "reset-cohorts", anOfficer, func(t *testing.T, k *accounttest.Kit) error {
			return k.RequestResetLink(t.Context(), stranger, chess, accounttest.Origin)
		}, ""},
		{"confirmations asked for", "confirm", aNewcomer, func(t *testing.T, k *accounttest.Kit) error {
			return k.ResendConfirm(t.Context(), stranger, chess)
		}, ""},
		{"confirmations of a right password", "confirm", aNewcomer, func(t *testing.T, k *accounttest.Kit) error {
			return loginOf(t, k, stranger, chess)
		}, account.Unconfirmed},
		{"notices of an account not confirmed", "already-registered", func(t *testing.T, k *accounttest.Kit) int {
			aNewcomer(t, k)
			return 0
		}, func(t *testing.T, k *accounttest.Kit) error {
			return k.SignUp(t.Context(), stranger, registration(chess))
		}, ""},
		{"notices of an account", "already-registered", anOfficer, func(t *testing.T, k *accounttest.Kit) error {
			return k.SignUp(t.Context(), stranger, registration(chess))
		}, ""},
		{"notices to register a club", "no-club", func(t *testing.T, k *accounttest.Kit) int {
			member(t, k, chess)
			_, err := k.AddToRoster(t.Context(), operator, []string{chess})
			must(t, err)
			return 0
		}, func(t *testing.T, k *accounttest.Kit) error {
			return k.SignUp(t.Context(), stranger, registration(chess))
		}, ""},
	} {
		t.Run(test.what, func(t *testing.T) {
			k := accounttest.New(t)
			sent := test.prepare(t, k)
			k.Deliver(t)
			for i := range 8 {
				wants(t, fmt.Sprint("call ", i), test.ask(t, k), test.wants)
				if waits := waiting(t, k); waits != 1 {
					t.Fatalf("call %d: %d rows wait in the outbox, want 1 whatever it is", i, waits)
				}
				want := 1
				if sent+i >= 5 {
					want = 0
				}
				if got := len(k.Deliver(t)); got != want {
					t.Errorf("call %d: %d mails, want %d", i, got, want)
				}
			}
			told := 0
			events, err := k.Events(t.Context(), 1, 0, 1000)
			must(t, err)
			for _, e := range events {
				if e.Kind == account.MailsUsedUp && e.Detail == test.kind {
					told++
				}
			}
			if told != 1 {
				t.Errorf("%d events say that no more go out, want 1", told)
			}
			k.Clock.Move(time.Hour + time.Second)
			wants(t, "an hour later", test.ask(t, k), test.wants)
			if got := len(k.Deliver(t)); got != 1 {
				t.Errorf("%d mails an hour later, want 1", got)
			}
		})
	}
}

func anOfficer(t *testing.T, k *accounttest.Kit) int {
	officer(t, k, chess)
	return 0
}

// aNewcomer has registered, which has sent a first confirmation.
func aNewcomer(t *testing.T, k *accounttest.Kit) int {
	_, err := k.AddToRoster(t.Context(), operator, []string{chess})
	must(t, err)
	must(t, k.SignUp(t.Context(), someone, registration(chess)))
	return 1
}

func waiting(t *testing.T, k *accounttest.Kit) int64 {
	t.Helper()
	stats, err := k.OutboxStats(t.Context())
	must(t, err)
	return stats.Waiting
}

// TestKindsOfMailsAreCountedApart: nobody keeps the reset from an owner by asking for
// something else, nor from another.
func TestKindsOfMailsAreCountedApart(t *testing.T) {
	k := accounttest.New(t)
	officer(t, k, chess)
	officer(t, k, "go@x.test")
	k.Deliver(t)
	for range 9 {
		must(t, k.RequestResetLink(t.Context(), stranger, chess, accounttest.Origin))
		must(t, k.ResendConfirm(t.Context(), stranger, chess))
		must(t, k.SignUp(t.Context(), stranger, registration(chess)))
	}
	k.Deliver(t)
	must(t, k.RequestReset(t.Context(), someone, chess))
	must(t, k.RequestResetLink(t.Context(), someone, "go@x.test", accounttest.Origin))
	if got := k.Deliver(t); len(got) != 2 {
		t.Errorf("%d mails, want a reset of either", len(got))
	}
}

// TestMailsThatNobodyReadsKeepNobodyOut: strangers who ask for resets all the time
// can't wait until the links have ended that were sent, and keep the owner from
// another.
func TestMailsThatNobodyReadsKeepNobodyOut(t *testing.T) {
	for name, ask := range map[string]func(*accounttest.Kit) error{
		"clubs": func(k *accounttest.Kit) error { return k.RequestReset(t.Context(), stranger, chess) },
		"cohorts": func(k *accounttest.Kit) error {
			return k.RequestResetLink(t.Context(), stranger, chess, accounttest.Origin)
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := accounttest.New(t)
			officer(t, k, chess)
			k.Deliver(t)
			last := 0
			for minute := range 120 {
				for range 6 {
					must(t, ask(k))
				}
				if len(k.Deliver(t)) > 0 {
					last = minute
				}
				if minute-last > 30 { // what a link lives
					t.Fatalf("in minute %d the newest link is of minute %d", minute, last)
				}
				k.Clock.Move(time.Minute)
			}
		})
	}
}

// TestNoticesOfChangesAlwaysGoOut: nobody hides a change behind a flood.
func TestNoticesOfChangesAlwaysGoOut(t *testing.T) {
	k := accounttest.New(t)
	a := officer(t, k, chess)
	for range 9 {
		must(t, k.RequestReset(t.Context(), stranger, chess))
		must(t, k.SignUp(t.Context(), stranger, registration(chess)))
	}
	k.Deliver(t)
	for i := range 8 {
		must(t, k.SetPassword(t.Context(), operator, a.ID, fmt.Sprint("a long passphrase of mine, ", i)))
		if got := k.Deliver(t); len(got) != 1 {
			t.Errorf("change %d: %d mails, want one", i, len(got))
		}
	}
	must(t, k.InviteToSetPassword(t.Context(), operator, a.ID))
	must(t, k.SetEmail(t.Context(), operator, a.ID, "go@x.test"))
	if got := k.Deliver(t); len(got) != 2 { // the invitation ends with the address
		t.Errorf("%d mails of a new address, want 2", len(got))
	}
}

// TestAFirstConfirmationAlwaysGoesOut: whatever was asked before there was an account.
func TestAFirstConfirmationAlwaysGoesOut(t *testing.T) {
	k := accounttest.New(t)
	_, err := k.AddToRoster(t.Context(), operator, []string{chess})
	must(t, err)
	for range 9 {
		must(t, k.ResendConfirm(t.Context(), stranger, chess))
	}
	k.Deliver(t)
	must(t, k.SignUp(t.Context(), someone, registration(chess)))
	if got := k.Deliver(t); len(got) != 1 {
		t.Errorf("%d mails, want the confirmation", len(got))
	}
}

// TestUnknownAddressesCountTheirMails: as many rows as a known one's, of the same
// kinds, and nobody's events beyond the limit, which end by time.
func TestUnknownAddressesCountTheirMails(t *testing.T) {
	k := accounttest.New(t)
	member(t, k, ada)
	_, err := k.Events(t.Context(), 0, 0, 1)
	must(t, err)
	seen := map[string][]account.EventKind{}
	for _, email := range []string{ada, "nobody@x.test"} {
		before := newest(t, k)
		for range 9 {
			must(t, k.RequestReset(t.Context(), stranger, email))
		}
		events, err := k.Events(t.Context(), 0, 0, 1000)
		must(t, err)
		for _, e := range events {
			if e.ID > before {
				seen[email] = append(seen[email], e.Kind)
			}
		}
		if n := waiting(t, k); n != 9 {
			t.Errorf("%s: %d rows in the outbox, want 9", email, n)
		}
		k.Deliver(t)
	}
	if fmt.Sprint(seen[ada]) != fmt.Sprint(seen["nobody@x.test"]) || len(seen[ada]) != 10 {
		t.Errorf("the events are %v", seen)
	}
	if n := kinds(t, k, 1)[account.ResetAsked]; n != 5 {
		t.Errorf("%d asked resets stand in the account's log for good, want 5", n)
	}
}

func newest(t *testing.T, k *accounttest.Kit) int64 {
	t.Helper()
	events, err := k.Events(t.Context(), 0, 0, 1)
	must(t, err)
	return events[0].ID
}
