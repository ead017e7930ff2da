package account_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/token"
)

// from is a caller on a network of its own.
func from(n int) account.Caller {
	return account.Caller{Client: netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})}
}

// few are limits that a test meets soon: strangers 5, everybody known 2.
func few(c *account.Config) { c.Limits.Failures, c.Limits.KnownFailures = 5, 2 }

// member makes a confirmed account with the good password.
func member(t *testing.T, k *accounttest.Kit, email string) account.Account {
	t.Helper()
	a, err := k.CreateAccount(t.Context(), operator, account.NewAccount{Email: email, Name: "Ada", Password: token.SecretOf(good)})
	must(t, err)
	return a
}

// signIn signs in on the cohorts contract, with what the caller brings.
func signIn(t *testing.T, k *accounttest.Kit, c account.Caller, email, secret string) (account.Cookie, error) {
	t.Helper()
	_, cookie, err := k.SignInMember(t.Context(), c, email, secret, token.Secret{})
	return cookie, err
}

// looked tries wrong passwords until one is turned away, and answers how many were
// looked at.
func looked(t *testing.T, k *accounttest.Kit, c account.Caller, email string) int {
	t.Helper()
	for n := range 1000 {
		_, err := signIn(t, k, c, email, "wrong")
		switch account.CodeOf(err) {
		case account.TooMany:
			return n
		case account.SignInRefused:
		default:
			t.Fatalf("try %d: %v", n, err)
		}
	}
	t.Fatal("a thousand wrong passwords were looked at")
	return 0
}

const ada = "ada@x.test"

func TestStrangersCantLockTheOwnerOut(t *testing.T) {
	for _, test := range []struct {
		what  string
		owner func(*testing.T, *accounttest.Kit) account.Caller
	}{
		{"a network that signed in", func(t *testing.T, k *accounttest.Kit) account.Caller {
			_, err := signIn(t, k, from(1), ada, good)
			must(t, err)
			return from(1)
		}},
		{"its IPv6 form", func(t *testing.T, k *accounttest.Kit) account.Caller {
			_, err := signIn(t, k, from(1), ada, good)
			must(t, err)
			return account.Caller{Client: netip.MustParseAddr("::ffff:10.0.0.1")}
		}},
		{"another address of the site", func(t *testing.T, k *accounttest.Kit) account.Caller {
			_, err := signIn(t, k, account.Caller{Client: netip.MustParseAddr("2001:db8:0:1::1")}, ada, good)
			must(t, err)
			return account.Caller{Client: netip.MustParseAddr("2001:db8:0:1:ffff::2")}
		}},
		{"a browser that signed in, elsewhere now", func(t *testing.T, k *accounttest.Kit) account.Caller {
			cookie, err := signIn(t, k, from(1), ada, good)
			must(t, err)
			c := from(2)
			c.Device = cookie.Device
			return c
		}},
		{"a browser that signed in for somebody else first", func(t *testing.T, k *accounttest.Kit) account.Caller {
			member(t, k, "bob@x.test")
			c := from(1)
			first, err := signIn(t, k, c, "bob@x.test", good)
			must(t, err)
			c.Device = first.Device
			second, err := signIn(t, k, c, ada, good)
			must(t, err)
			if first.Device.Reveal() != second.Device.Reveal() {
				t.Error("the browser got another secret, and is a stranger to the first account")
			}
			return account.Caller{Client: from(2).Client, Device: second.Device}
		}},
	} {
		t.Run(test.what, func(t *testing.T) {
			k := accounttest.New(t, few)
			member(t, k, ada)
			owner := test.owner(t, k)
			if n := looked(t, k, stranger, ada); n != 5 {
				t.Errorf("%d passwords of a stranger were looked at, want 5", n)
			}
			for i := range 3 {
				_, err := signIn(t, k, owner, ada, good)
				wants(t, fmt.Sprint("sign-in of the owner ", i), err, "")
			}
			if n := looked(t, k, stranger, ada); n != 0 {
				t.Errorf("%d more passwords of a stranger were looked at after the owner came, want none", n)
			}
			_, err := signIn(t, k, stranger, ada, good)
			wants(t, "the right one of a stranger", err, account.TooMany)
		})
	}
}

// TestWhoIsNoOwner: what looks like a proof and is none leaves a caller a stranger.
func TestWhoIsNoOwner(t *testing.T) {
	for _, test := range []struct {
		what   string
		caller func(*testing.T, *accounttest.Kit) account.Caller
	}{
		{"the network next to it", func(t *testing.T, k *accounttest.Kit) account.Caller {
			_, err := signIn(t, k, from(1), ada, good)
			must(t, err)
			return from(2)
		}},
		{"the network of somebody else", func(t *testing.T, k *accounttest.Kit) account.Caller {
			member(t, k, "bob@x.test")
			_, err := signIn(t, k, from(1), "bob@x.test", good)
			must(t, err)
			return from(1)
		}},
		{"the browser of somebody else", func(t *testing.T, k *accounttest.Kit) account.Caller {
			member(t, k, "bob@x.test")
			cookie, err := signIn(t, k, from(1), "bob@x.test", good)
			must(t, err)
			return account.Caller{Client: from(2).Client, Device: cookie.Device}
		}},
		{"a browser that makes its secret up", func(*testing.T, *accounttest.Kit) account.Caller {
			return account.Caller{Client: from(2).Client, Device: token.NewSecret()}
		}},
		{"a network that failed", func(t *testing.T, k *accounttest.Kit) account.Caller {
			_, err := signIn(t, k, from(1), ada, "wrong")
			wants(t, "the failure", err, account.SignInRefused)
			must(t, k.Unlock(t.Context(), operator, 1))
			return from(1)
		}},
		{"a network of a month ago", func(t *testing.T, k *accounttest.Kit) account.Caller {
			_, err := signIn(t, k, from(1), ada, good)
			must(t, err)
			k.Clock.Move(30 * 24 * time.Hour)
			return from(1)
		}},
		{"a browser of half a year ago", func(t *testing.T, k *accounttest.Kit) account.Caller {
			cookie, err := signIn(t, k, from(1), ada, good)
			must(t, err)
			k.Clock.Move(account.DeviceLife)
			return account.Caller{Client: from(2).Client, Device: cookie.Device}
		}},
		{"a network that twenty others have followed", func(t *testing.T, k *accounttest.Kit) account.Caller {
			for n := range 21 {
				_, err := k.SignInOfficer(t.Context(), from(n), ada, good)
				wants(t, "a login", err, "")
				k.Clock.Move(time.Minute)
			}
			return from(0)
		}},
	} {
		t.Run(test.what, func(t *testing.T) {
			k := accounttest.New(t, few)
			a := member(t, k, ada)
			name := "Chess Club"
			_, err := k.CreateClub(t.Context(), operator, a.ID, account.ClubEdit{Name: &name})
			must(t, err)
			caller := test.caller(t, k)
			if n := looked(t, k, stranger, ada); n != 5 {
				t.Fatalf("%d passwords of a stranger were looked at, want 5", n)
			}
			_, err = signIn(t, k, caller, ada, good)
			wants(t, "the right password", err, account.TooMany)
		})
	}
}

func TestABrowserIsKnownForHalfAYear(t *testing.T) {
	k := accounttest.New(t, few)
	member(t, k, ada)
	cookie, err := signIn(t, k, from(1), ada, good)
	must(t, err)
	owner := account.Caller{Client: from(2).Client, Device: cookie.Device}
	for range 3 { // each sign-in begins another half
		k.Clock.Move(account.DeviceLife - time.Second)
		must(t, k.Purge(t.Context()))
		looked(t, k, stranger, ada)
		_, err = signIn(t, k, owner, ada, good)
		wants(t, "a sign-in just in time", err, "")
	}
}

// TestOneCallerHasOneSum: whoever is known as the owner has its own tries and those of
// strangers.
func TestOneCallerHasOneSum(t *testing.T) {
	k := accounttest.New(t)
	a := member(t, k, ada)
	cookie, err := signIn(t, k, from(1), ada, good)
	must(t, err)
	owner := account.Caller{Client: from(1).Client, Device: cookie.Device}
	if n := looked(t, k, owner, ada); n != 100 {
		t.Errorf("%d wrong passwords in a row of one caller were looked at, want 100", n)
	}
	var names []string
	events, err := k.Events(t.Context(), a.ID, 0, 1000)
	must(t, err)
	for _, e := range events {
		if e.Kind == account.TriesUsedUp {
			names = append(names, e.Detail)
		}
	}
	if !slices.Equal(names, []string{"strangers", "device"}) { // newest first
		t.Errorf("the lanes used up are %q, want strangers after device", names)
	}
	if n, err := k.Failures(t.Context(), a); err != nil || n != 80 {
		t.Errorf("got %d failures of strangers and %v, want 80", n, err)
	}
	k.Clock.Move(15*time.Minute - time.Second)
	_, err = signIn(t, k, owner, ada, good)
	if wait := account.RetryAfterOf(err); account.CodeOf(err) != account.TooMany || wait != time.Second {
		t.Errorf("before the end of the rest: %v for %v, want a second", err, wait)
	}
	k.Clock.Move(time.Second)
	if n := looked(t, k, owner, ada); n != 2 {
		t.Errorf("after the rest %d were looked at, want one in each lane", n)
	}
}

// TestOneNetworkLearnsNothing: whoever is on a network can't tell, by counting, whether
// somebody has signed in to an address from it, which would tell that there is an
// account. Slowly or fast, with rests or without, and by trying many addresses.
func TestOneNetworkLearnsNothing(t *testing.T) {
	limits := func(c *account.Config) { c.Limits.Failures, c.Limits.KnownFailures, c.Limits.Sprayed = 8, 3, 4 }
	for _, pause := range []time.Duration{0, time.Minute, 4 * time.Minute, 7 * time.Minute, 20 * time.Minute} {
		k := accounttest.New(t, limits)
		member(t, k, ada)
		_, err := signIn(t, k, from(1), ada, good)
		must(t, err)
		var answers [2][]string
		for i, email := range []string{ada, "nobody@x.test"} {
			at := k.Clock.Now()
			for range 60 {
				_, err := signIn(t, k, from(1), email, "a guess")
				answers[i] = append(answers[i], fmt.Sprint(account.CodeOf(err), account.RetryAfterOf(err)))
				k.Clock.Move(pause)
			}
			k.Clock.Move(at.Add(60 * pause).Sub(k.Clock.Now()))
		}
		if !slices.Equal(answers[0], answers[1]) {
			t.Errorf("every %v: somebody is answered\n%q, nobody\n%q", pause, answers[0], answers[1])
		}
	}
	k := accounttest.New(t, limits)
	member(t, k, ada)
	_, err := signIn(t, k, from(1), ada, good)
	must(t, err)
	for i := range 4 {
		_, err := signIn(t, k, from(1), fmt.Sprintf("n%d@x.test", i), "a guess")
		wants(t, "a guess", err, account.SignInRefused)
	}
	for _, email := range []string{ada, "nobody@x.test"} {
		_, err := signIn(t, k, from(1), email, "a guess")
		wants(t, "a guess at one address more", err, account.TooMany)
	}
}

// TestANetworkTakesBackWhatItCounted: typing errors at home don't add up among those of
// strangers.
func TestANetworkTakesBackWhatItCounted(t *testing.T) {
	k := accounttest.New(t, few)
	a := member(t, k, ada)
	_, err := signIn(t, k, from(1), ada, good)
	must(t, err)
	for range 2 {
		_, err := signIn(t, k, stranger, ada, "a guess")
		wants(t, "a guess", err, account.SignInRefused)
	}
	for range 10 {
		_, err := signIn(t, k, from(1), ada, "a typo")
		wants(t, "a typo", err, account.SignInRefused)
		_, err = signIn(t, k, from(1), ada, good)
		wants(t, "and the right one", err, "")
	}
	if n, err := k.Failures(t.Context(), a); err != nil || n != 2 {
		t.Errorf("%d failures are left (%v), want the 2 of the stranger", n, err)
	}
}

// TestSomebodyOnTheNetworkCantUseUpTheBrowser: the surest proof decides.
func TestSomebodyOnTheNetworkCantUseUpTheBrowser(t *testing.T) {
	k := accounttest.New(t, few)
	member(t, k, ada)
	owner := from(1)
	cookie, err := signIn(t, k, owner, ada, good)
	must(t, err)
	owner.Device = cookie.Device
	if n := looked(t, k, from(1), ada); n != 5 {
		t.Errorf("%d passwords of the neighbour were looked at, want 5", n)
	}
	_, err = signIn(t, k, owner, ada, "a typo")
	wants(t, "a typo of the owner", err, account.SignInRefused)
	_, err = signIn(t, k, owner, ada, good)
	wants(t, "and the right one", err, "")
	if n := looked(t, k, from(1), ada); n != 0 {
		t.Errorf("the neighbour had %d more, want none", n)
	}
}

func TestALiveSessionHasALane(t *testing.T) {
	k := accounttest.New(t, few)
	a := officer(t, k, chess)
	pair, cookie := signedIn(t, k, chess, good)
	member(t, k, ada)
	other, err := signIn(t, k, from(9), ada, good)
	must(t, err)
	looked(t, k, stranger, chess)
	present := func(session token.Secret, secret string) error {
		_, _, err := k.SignInMember(t.Context(), stranger, chess, secret, session)
		return err
	}
	wants(t, "another's session", present(other.Secret, good), account.TooMany)
	wants(t, "a wrong password beside the own session", present(cookie.Secret, "wrong"), account.SignInRefused)
	wants(t, "another wrong one", present(cookie.Secret, "wrong"), account.SignInRefused)
	wants(t, "the session's tries are used up", present(cookie.Secret, good), account.TooMany)
	change := func(old string) error { return k.ChangePassword(t.Context(), stranger, pair.Access, old, better) }
	wants(t, "a wrong old password", change("wrong"), account.WrongPassword)
	wants(t, "another", change("wrong"), account.WrongPassword)
	wants(t, "the token's tries are used up", change(good), account.TooMany)
	k.Clock.Move(15 * time.Minute)
	must(t, k.SignOut(t.Context(), someone, cookie.Secret))
	looked(t, k, stranger, chess)
	wants(t, "an ended session", present(cookie.Secret, good), account.TooMany)
	if n := kinds(t, k, a.ID)[account.TriesUsedUp]; n != 3 {
		t.Errorf("%d lanes were used up, want those of strangers, of the cookie and of the token", n)
	}
}

// TestAChangeOfPasswordHandsOutNoGuesses: nor does any right password of the owner.
func TestAChangeOfPasswordHandsOutNoGuesses(t *testing.T) {
	k := accounttest.New(t, few)
	officer(t, k, chess)
	pair, _ := signedIn(t, k, chess, good)
	looked(t, k, stranger, chess)
	must(t, k.ChangePassword(t.Context(), someone, pair.Access, good, better))
	if n := looked(t, k, stranger, chess); n != 0 {
		t.Errorf("a stranger had %d more tries, want none", n)
	}
	_, err := signIn(t, k, someone, chess, better)
	wants(t, "the owner", err, "")
}

func TestAResetForgetsWhoWasKnown(t *testing.T) {
	for name, reset := range map[string]func(*testing.T, *accounttest.Kit, account.Account){
		"a clubs link": func(t *testing.T, k *accounttest.Kit, _ account.Account) {
			must(t, k.RequestReset(t.Context(), stranger, chess))
			link := token.SecretOf(k.Link(t, chess).Query().Get("token"))
			must(t, k.Reset(t.Context(), from(5), link, better))
		},
		"a cohorts link": func(t *testing.T, k *accounttest.Kit, a account.Account) {
			must(t, k.RequestResetLink(t.Context(), stranger, chess, accounttest.Origin))
			link := token.SecretOf(k.Link(t, chess).Query().Get("token"))
			must(t, k.ResetByLink(t.Context(), from(5), a.ID, link, better))
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := accounttest.New(t, few)
			a := officer(t, k, chess)
			_, cookie := signedIn(t, k, chess, good)
			looked(t, k, someone, chess)
			reset(t, k, a)
			if n, err := k.Failures(t.Context(), a); err != nil || n != 0 {
				t.Errorf("%d failures are left (%v), want none", n, err)
			}
			looked(t, k, stranger, chess)
			before := someone
			before.Device = cookie.Device
			_, err := signIn(t, k, before, chess, better)
			wants(t, "who was known before", err, account.TooMany)
			_, err = signIn(t, k, from(5), chess, better)
			wants(t, "the network that used the link", err, "")
		})
	}
}

// TestAnotherAddressKnowsNobody: an address that changes hands must not let the one
// before have a lane.
func TestAnotherAddressKnowsNobody(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *accounttest.Kit, account.Account){
		"deleted": func(t *testing.T, k *accounttest.Kit, a account.Account) {
			must(t, k.DeleteAccount(t.Context(), operator, a.ID))
		},
		"changed": func(t *testing.T, k *accounttest.Kit, a account.Account) {
			must(t, k.SetEmail(t.Context(), operator, a.ID, "countess@x.test"))
		},
		"set by an operator": func(t *testing.T, k *accounttest.Kit, a account.Account) {
			must(t, k.SetPassword(t.Context(), operator, a.ID, better))
			must(t, k.SetEmail(t.Context(), operator, a.ID, "countess@x.test"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := accounttest.New(t, few)
			a := member(t, k, ada)
			owner := from(1)
			cookie, err := signIn(t, k, owner, ada, good)
			must(t, err)
			owner.Device = cookie.Device
			change(t, k, a)
			again := member(t, k, ada)
			if n := looked(t, k, owner, ada); n != 5 {
				t.Errorf("%d tries, want those of a stranger", n)
			}
			if n, err := k.Failures(t.Context(), again); err != nil || n != 5 {
				t.Errorf("%d failures (%v), want 5", n, err)
			}
		})
	}
}

// TestARightPasswordElsewhereDoesNotWait: many who come at once in one lane can fill
// it before their passwords were looked at. Those in others don't notice.
func TestARightPasswordElsewhereDoesNotWait(t *testing.T) {
	k := accounttest.New(t)
	member(t, k, ada)
	_, err := signIn(t, k, from(1), ada, good)
	must(t, err)
	var all sync.WaitGroup
	for range 300 {
		all.Go(func() {
			if _, err := signIn(t, k, stranger, ada, "wrong"); !errors.Is(err, account.SignInRefused) && !errors.Is(err, account.TooMany) {
				t.Errorf("a stranger: %v", err)
			}
		})
	}
	for range 20 {
		all.Go(func() {
			_, err := signIn(t, k, from(1), ada, good)
			wants(t, "the owner among them", err, "")
		})
	}
	all.Wait()
}

// TestGuessingFromEverywhere is the figure: of 10,000 wrong passwords from 1,000
// networks fewer than 100 are looked at, and the owner signs in throughout.
func TestGuessingFromEverywhere(t *testing.T) {
	k := accounttest.New(t)
	for _, email := range []string{ada, "bob@x.test"} {
		member(t, k, email)
	}
	network := from(1)
	cookie, err := signIn(t, k, network, ada, good)
	must(t, err)
	browser := account.Caller{Client: from(2).Client, Device: cookie.Device}
	_, err = k.SignInOfficer(t.Context(), network, ada, good) // no club, so it counts as wrong
	wants(t, "a login without a club", err, account.SignInRefused)

	var evaluated [3]atomic.Int64
	emails := []string{ada, "bob@x.test", "nobody@x.test"}
	work := make(chan int)
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for i := range work {
				_, err := signIn(t, k, from(1000+i%1000), emails[i%3], fmt.Sprint("guess ", i))
				switch account.CodeOf(err) {
				case account.SignInRefused:
					evaluated[i%3].Add(1)
				case account.TooMany:
				default:
					t.Errorf("guess %d: %v", i, err)
				}
			}
		})
	}
	for i := range 30_000 {
		if i%1500 == 0 {
			_, err := signIn(t, k, network, ada, good)
			wants(t, "the owner on a known network", err, "")
			_, err = signIn(t, k, browser, ada, good)
			wants(t, "the owner's browser", err, "")
		}
		work <- i
	}
	close(work)
	all.Wait()
	for i, email := range emails {
		if n := evaluated[i].Load(); n != 80 {
			t.Errorf("%s: %d of 10,000 wrong passwords were looked at, want 80", email, n)
		}
	}
}

// TestCountsOutliveARestart: another Service over the same database goes on.
func TestCountsOutliveARestart(t *testing.T) {
	k := accounttest.New(t, few)
	member(t, k, ada)
	_, err := signIn(t, k, from(1), ada, good)
	must(t, err)
	looked(t, k, stranger, ada)
	again := accounttest.Over(t, k.Store, few)
	if n := looked(t, again, stranger, ada); n != 0 {
		t.Errorf("a stranger had %d more tries after a restart, want none", n)
	}
	_, err = signIn(t, again, from(1), ada, good)
	wants(t, "the owner", err, "")
}
