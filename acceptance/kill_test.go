package acceptance

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// How the kills go: so many rounds, with so many officers at once in each, none of
// whom gets further than the last of hers.
const (
	killRounds  = 10
	killClients = 6
	killEach    = 25
)

// TestKilledServerLosesNothingThatItAcknowledged kills the server under
// registrations, ten times over on one data directory. Whoever was told that the
// registration is done has an account that works, and a mail; whoever has no
// account has no mail.
func TestKilledServerLosesNothingThatItAcknowledged(t *testing.T) {
	t.Parallel()
	in, clock := installMovable(t, "MATRICULA_LIMITS=off")
	in.roster(t, killAddresses()...)
	acknowledged := map[string]bool{}
	for round := range killRounds {
		for _, email := range registerUntilKilled(t, in, round) {
			acknowledged[email] = true
		}
		in.run(t, "", "check")
	}
	t.Logf("%d registrations were acknowledged in %d rounds", len(acknowledged), killRounds)

	// A mail that a killed server was sending waits until its lease is over.
	clock.move(t, 10*time.Minute)
	s := in.serve(t)
	accounts := in.accounts(t)
	for email := range acknowledged {
		if !slices.Contains(accounts, email) {
			t.Errorf("the registration of %s was acknowledged and is lost", email)
		}
	}
	mails := in.awaitMails(t, accounts)
	for to, mailed := range mails {
		if !slices.Contains(accounts, to) {
			t.Errorf("%s has a mail and no account", to)
		}
		for _, l := range mailed {
			if len(mailed) > 2 || l.Secret() != mailed[0].Secret() {
				t.Errorf("%s has %d mails of one registration, want at most 2 with the same link", to, len(mailed))
			}
		}
	}
	for _, email := range accounts { // acknowledged or not: an account is whole
		s.follow(t, mails[email][0]).want(t, 303)
		tokens := s.login(t, killed(email))
		s.profile(t, tokens.access).want(t, 200).says(t, "owner", email)
	}
	s.stop(t)
	in.run(t, "", "check")
}

// killed is the officer of an address.
func killed(email string) officer { return officer{email, "the password of " + email, "Club " + email} }

func killAddress(round, client, n int) string {
	return fmt.Sprintf("officer-%d-%d-%d@example.edu", round, client, n)
}

func killAddresses() []string {
	var all []string
	for round := range killRounds {
		for client := range killClients {
			for n := range killEach {
				all = append(all, killAddress(round, client, n))
			}
		}
	}
	return all
}

// registerUntilKilled has officers register at once, kills the server at a moment
// that nobody chose, and answers the addresses that were told yes.
func registerUntilKilled(t *testing.T, in *installation, round int) []string {
	t.Helper()
	s := in.serve(t)
	var mu sync.Mutex
	var told []string
	begun := make(chan struct{}, killClients*killEach)
	var clients sync.WaitGroup
	for client := range killClients {
		clients.Go(func() {
			for n := range killEach {
				email := killAddress(round, client, n)
				a, err := s.try("POST", "/api/user/register", killed(email).sample())
				if err != nil {
					return // the server is dead
				}
				if a.status != 200 {
					t.Errorf("the registration of %s: %d %s", email, a.status, a.body)
				}
				mu.Lock()
				told = append(told, email)
				mu.Unlock()
				begun <- struct{}{}
			}
		})
	}
	<-begun
	<-time.After(time.Duration(rand.IntN(150)) * time.Millisecond)
	s.kill()
	clients.Wait()
	return told
}

// accounts answers the addresses of all accounts.
func (in *installation) accounts(t *testing.T) []string {
	t.Helper()
	var all []struct{ Email string }
	text := in.run(t, "", "account", "list", "--json")
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatalf("account list --json: %v: %s", err, text)
	}
	var emails []string
	for _, a := range all {
		emails = append(emails, a.Email)
	}
	return emails
}

// awaitMails waits until every address has a mail, and answers all mails by
// address.
func (in *installation) awaitMails(t *testing.T, emails []string) map[string][]letter {
	t.Helper()
	var mails map[string][]letter
	var without []string
	if !outside.Poll(2*mailTime, func() bool {
		mails, without = map[string][]letter{}, nil
		for _, l := range in.letters(t) {
			mails[l.To] = append(mails[l.To], l)
		}
		for _, email := range emails {
			if len(mails[email]) == 0 {
				without = append(without, email)
			}
		}
		return len(without) == 0
	}) {
		t.Fatalf("these have an account and no mail: %s", strings.Join(without, " "))
	}
	return mails
}

// clock moves the time of a program with the build tag testclock.
type clock struct {
	file string
	at   time.Duration // ahead of the machine's
}

// installMovable is install with a clock that the test moves.
func installMovable(t *testing.T, env ...string) (*installation, *clock) {
	t.Helper()
	c := &clock{file: filepath.Join(t.TempDir(), "clock")}
	c.move(t, 0)
	in := install(t, append(env, "MATRICULA_TEST_CLOCK="+c.file)...)
	in.program = movable
	return in, c
}

// move moves the clock onwards. The file appears whole.
func (c *clock) move(t *testing.T, by time.Duration) {
	t.Helper()
	c.at += by
	next := c.file + ".next"
	if err := os.WriteFile(next, fmt.Appendln(nil, int64(c.at/time.Second)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, c.file); err != nil {
		t.Fatal(err)
	}
}
