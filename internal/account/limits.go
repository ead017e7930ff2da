package account

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"matricula/internal/token"
)

// Limits are the rates that guard accounts and the roster; they are kept in the
// database, so a restart forgets none. The zero value takes the defaults.
type Limits struct {
	Off bool // no limit at all: for load tests

	// Failures is how many wrong passwords in a row strangers together may try at one
	// address, over every way in, before it rests for them. KnownFailures is how many
	// each caller may whom the address knows, in a lane of its own; beyond them it is
	// one of the strangers. So no caller gets more than the sum, and NIST SP 800-63B-4
	// §3.2.2 allows 100. Rest is how long a lane rests after each further one.
	Failures, KnownFailures int64
	Rest                    time.Duration

	// Sprayed is how many different addresses one client network may fail at within
	// SprayWindow. A right password gives its address back, and where the network or
	// the browser is known it takes none.
	Sprayed     int64
	SprayWindow time.Duration

	// Lookups is how many different addresses one client network may ask the
	// roster about within LookupWindow. A sign-in with the address gives it back.
	Lookups      int64
	LookupWindow time.Duration

	// Mails is how many mails of one kind strangers may have sent to one address
	// within MailWindow. Whoever asks for more doesn't notice.
	Mails      int64
	MailWindow time.Duration

	// Rows is how many rows of a [Heap] are kept.
	Rows int64
}

func (l Limits) withDefaults() Limits {
	for _, limit := range []struct {
		n        *int64
		standard int64
	}{{&l.Failures, 80}, {&l.KnownFailures, 20}, {&l.Sprayed, 300}, {&l.Lookups, 300}, {&l.Mails, 5}, {&l.Rows, 200_000}} {
		if *limit.n == 0 {
			*limit.n = limit.standard
		}
	}
	for _, window := range []struct {
		d        *time.Duration
		standard time.Duration
	}{{&l.Rest, 15 * time.Minute}, {&l.SprayWindow, time.Hour}, {&l.LookupWindow, time.Hour}, {&l.MailWindow, time.Hour}} {
		if *window.d == 0 {
			*window.d = window.standard
		}
	}
	return l
}

// What is kept of addresses and networks are keyed digests, each table's under a key
// of its own: a copy of the database doesn't tell who was tried, nor from where, and
// unknown addresses are counted like the others.

func (s *Service) digest(purpose, text string) token.Digest {
	return s.config.Master.MAC(purpose, []byte(text))
}

// networkDigest digests the network of a client. ok is false where nothing is to be
// limited: a command, or limits that are off.
func (s *Service) networkDigest(purpose string, client netip.Addr) (digest token.Digest, ok bool) {
	if s.config.Limits.Off || !client.IsValid() {
		return token.Digest{}, false
	}
	return s.config.Master.MAC(purpose, networkOf(client)), true
}

// networkOf is what one client can't leave at will: an IPv4 address, or the /64 that
// one IPv6 site has for itself.
func networkOf(client netip.Addr) []byte {
	client = client.Unmap().WithZone("")
	if client.Is4() {
		return client.AsSlice()
	}
	return client.AsSlice()[:8]
}

// spendLookup takes one address from the budget of the caller's network, or
// refuses with TooMany and takes nothing. It is written by tx.
func (s *Service) spendLookup(tx Tx, c Caller, key string, now time.Time) error {
	network, ok := s.networkDigest("lookup network", c.Client)
	if !ok {
		return nil
	}
	window := s.config.Limits.LookupWindow
	asked, err := tx.AddLookup(network, s.digest("lookup address", key), now, now.Add(-window))
	if err != nil {
		return err
	}
	return overBudget(asked, s.config.Limits.Lookups, window, now, errNetworkAsked)
}

// What the log says of a refusal with TooMany, where whoever runs the server looks for
// which limit it was. Nobody else is told.
var (
	errAddressRests  = errors.New("the address rests")
	errNetworkFailed = errors.New("the network failed at too many addresses")
	errNetworkAsked  = errors.New("the network asked about too many addresses")
)

// overBudget refuses a network that asked about more addresses than it may.
func overBudget(asked Asked, most int64, window time.Duration, now time.Time, cause error) error {
	if asked.Count <= most {
		return nil
	}
	return &Error{Code: TooMany, RetryAfter: asked.Oldest.Add(window).Sub(now), Err: cause}
}

// refundLookup gives the address back to the network that signed in with it.
func (s *Service) refundLookup(tx Tx, c Caller, key string) error {
	network, ok := s.networkDigest("lookup network", c.Client)
	if !ok {
		return nil
	}
	return tx.ForgetLookup(network, s.digest("lookup address", key))
}

// spendSpray notes that the caller's network tries a password of the address, or
// refuses with TooMany and notes nothing. It reports whether the address is one
// more. Guessing one common password of many people is what it makes slow; it
// counts before the password is looked at, so that many at once can't pass together.
func (s *Service) spendSpray(tx Tx, c Caller, key string, now time.Time) (fresh bool, err error) {
	network, ok := s.networkDigest("spray network", c.Client)
	if !ok {
		return false, nil
	}
	limits := s.config.Limits
	asked, err := tx.AddLookup(network, s.digest("spray address", key), now, now.Add(-limits.SprayWindow))
	if err != nil {
		return false, err
	}
	if err := overBudget(asked, limits.Sprayed, limits.SprayWindow, now, errNetworkFailed); err != nil {
		return false, err
	}
	if !asked.New || asked.Count < limits.Sprayed {
		return asked.New, nil
	}
	told, err := tx.AddTally(s.sprayTold(network), now, now.Add(-limits.SprayWindow))
	if err != nil || told > 1 {
		return true, err
	}
	return true, tx.AddEvent(c.event(now, AddressesUsedUp, 0, ""))
}

// sprayTold is the count that has a full budget said once in its window.
func (s *Service) sprayTold(network token.Digest) token.Digest {
	return s.config.Master.MAC("spray told", network[:])
}

// UnlockNetwork forgets at how many addresses the network of a client failed and about
// how many it asked, and answers both. A network that is over neither limit is not
// helped by it.
func (s *Service) UnlockNetwork(ctx context.Context, c Caller, client netip.Addr) (failed, asked int64, err error) {
	network := NetworkOf(client)
	spray := s.config.Master.MAC("spray network", networkOf(client))
	lookup := s.config.Master.MAC("lookup network", networkOf(client))
	err = s.store.Update(ctx, func(tx Tx) (err error) {
		if failed, err = tx.ForgetLookups(spray); err != nil {
			return err
		}
		if asked, err = tx.ForgetLookups(lookup); err != nil {
			return err
		}
		if err := tx.ForgetTally(s.sprayTold(spray)); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), NetworkUnlocked, 0, network.String()))
	})
	return failed, asked, err
}

// NetworkOf is the network that a client is limited with: an IPv4 address, or an IPv6
// /64.
func NetworkOf(client netip.Addr) netip.Prefix {
	client = client.Unmap().WithZone("")
	bits := 64
	if client.Is4() {
		bits = 32
	}
	return netip.PrefixFrom(client, bits).Masked()
}

// refundSpray takes such a note back.
func (s *Service) refundSpray(tx Tx, c Caller, key string) error {
	network, ok := s.networkDigest("spray network", c.Client)
	if !ok {
		return nil
	}
	return tx.ForgetLookup(network, s.digest("spray address", key))
}

// concerned is the account that an asked mail's event is written of. Beyond the limit
// it is none: the log of an account is kept for good, and a flood must not fill it.
func concerned(a Account, sends bool) int64 {
	if !sends {
		return 0
	}
	return a.ID
}

// mayMail counts a mail of this kind that a stranger can cause to an address, with an
// account or without (id 0), and reports whether it may go out. Whoever asked is
// answered the same, and as many rows are written.
func (s *Service) mayMail(tx Tx, c Caller, kind, key string, id int64, now time.Time) (bool, error) {
	limits := s.config.Limits
	if limits.Off {
		return true, nil
	}
	n, err := tx.AddTally(s.config.Master.MAC("mails", []byte(kind), []byte(key)), now, now.Add(-s.mailWindow(kind)))
	if err != nil || n != limits.Mails+1 {
		return n <= limits.Mails, err
	}
	return false, tx.AddEvent(c.event(now, MailsUsedUp, id, kind))
}

// mailWindow is how long mails of a kind are counted together: not longer than their
// links live. Else strangers could have the mails sent, let the links end, and keep the
// owner from another.
func (s *Service) mailWindow(kind string) time.Duration {
	switch MailTokenKind(kind) {
	case ResetToken, ResetLinkToken:
		return min(s.config.Limits.MailWindow, s.config.ResetTTL)
	case ConfirmToken:
		return min(s.config.Limits.MailWindow, s.config.ConfirmTTL)
	}
	return s.config.Limits.MailWindow
}
