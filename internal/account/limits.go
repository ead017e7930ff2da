package account

import (
	"context"
	"net/netip"
	"time"

	"matricula/internal/token"
)

// Limits are the rates that guard accounts and the roster; they are kept in the
// database, so a restart forgets none. The zero value takes the defaults.
type Limits struct {
	Off bool // no limit at all: for load tests

	// Failures is how many wrong passwords in a row one address may meet, over
	// every way in, before it rests (NIST SP 800-63B-4 §3.2.2 allows 100); Rest is
	// how long it then rests after each further one.
	Failures int64
	Rest     time.Duration

	// Lookups is how many different addresses one client network may ask the
	// roster about within LookupWindow. A sign-in with the address gives it back.
	Lookups      int64
	LookupWindow time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.Failures == 0 {
		l.Failures = 100
	}
	if l.Rest == 0 {
		l.Rest = 15 * time.Minute
	}
	if l.Lookups == 0 {
		l.Lookups = 300
	}
	if l.LookupWindow == 0 {
		l.LookupWindow = time.Hour
	}
	return l
}

// failureKey is what the failures of an address are counted under. It is keyed,
// so the table doesn't tell who was tried, and unknown addresses count as well.
func (s *Service) failureKey(key string) token.Digest {
	return s.config.Master.MAC("failures", []byte(key))
}

// spendTry counts a try at the password of an address before the password is
// looked at, so that many tries at once can't pass the limit together. A right
// password clears the count. It refuses with TooMany.
func (s *Service) spendTry(ctx context.Context, c Caller, key string) (spent try, err error) {
	if s.config.Limits.Off {
		return try{}, nil
	}
	digest := s.failureKey(key)
	err = s.store.Update(ctx, func(tx Tx) error {
		now := s.now()
		before, err := tx.Failures(digest)
		if err != nil {
			return err
		}
		wait := before.LastAt.Add(s.config.Limits.Rest).Sub(now)
		// Not counted: tries that are turned away must not prolong the rest. A rest
		// that seems to take longer than any was begun by a clock that ran ahead.
		if before.Count >= s.config.Limits.Failures && wait > 0 && wait <= s.config.Limits.Rest {
			return &Error{Code: TooMany, RetryAfter: wait}
		}
		spent = try{at: now, before: before.LastAt}
		count, err := tx.AddFailure(digest, now)
		if err != nil || count != s.config.Limits.Failures {
			return err
		}
		a, _, err := find(tx, key)
		if err != nil {
			return err
		}
		return tx.AddEvent(c.event(now, TriesUsedUp, a.ID, ""))
	})
	return spent, err
}

// try is one that was counted, and when the one before it was.
type try struct{ at, before time.Time }

// returnTry takes a try back that turned out to be none, for the server could not
// look at the password: neither does it count nor prolong a rest.
func (s *Service) returnTry(ctx context.Context, key string, spent try) error {
	if s.config.Limits.Off {
		return nil
	}
	return s.store.Update(ctx, func(tx Tx) error {
		return tx.TakeBackFailure(s.failureKey(key), spent.at, spent.before)
	})
}

// clearTries forgets the failures of an address whose password was right.
func (s *Service) clearTries(ctx context.Context, key string) error {
	if s.config.Limits.Off {
		return nil
	}
	return s.store.Update(ctx, func(tx Tx) error { return tx.ClearFailures(s.failureKey(key)) })
}

// spendLookup takes one address from the budget of the caller's network, or
// refuses with TooMany and takes nothing. It is written by tx.
func (s *Service) spendLookup(tx Tx, c Caller, key string, now time.Time) error {
	network, ok := s.networkKey(c.Client)
	if !ok {
		return nil
	}
	asked, oldest, err := tx.AddLookup(network, s.lookupKey(key), now, now.Add(-s.config.Limits.LookupWindow))
	if err != nil {
		return err
	}
	if asked > s.config.Limits.Lookups {
		return &Error{Code: TooMany, RetryAfter: oldest.Add(s.config.Limits.LookupWindow).Sub(now)}
	}
	return nil
}

// refundLookup gives the address back to the network that signed in with it.
func (s *Service) refundLookup(tx Tx, c Caller, key string) error {
	network, ok := s.networkKey(c.Client)
	if !ok {
		return nil
	}
	return tx.ForgetLookup(network, s.lookupKey(key))
}

func (s *Service) lookupKey(key string) token.Digest {
	return s.config.Master.MAC("lookup address", []byte(key))
}

// networkKey digests the network of a client: an IPv4 address, or the /64 that
// one IPv6 site has for itself. ok is false where nothing is to be limited.
func (s *Service) networkKey(client netip.Addr) (digest token.Digest, ok bool) {
	if s.config.Limits.Off || !client.IsValid() {
		return token.Digest{}, false
	}
	client = client.Unmap().WithZone("")
	if client.Is6() {
		site, err := client.Prefix(64)
		if err != nil {
			return token.Digest{}, false
		}
		client = site.Addr()
	}
	return s.config.Master.MAC("lookup network", client.AsSlice()), true
}

// Unlock forgets the failures of an account.
func (s *Service) Unlock(ctx context.Context, c Caller, id int64) error {
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(id)
		if err != nil {
			return err
		}
		if err := tx.ClearFailures(s.failureKey(a.Email.Key)); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), AccountUnlocked, id, ""))
	})
}

// Failures answers how many wrong passwords in a row the account has met.
func (s *Service) Failures(ctx context.Context, a Account) (int64, error) {
	f, err := s.store.Read(ctx).Failures(s.failureKey(a.Email.Key))
	return f.Count, err
}

// RestsUntil answers when the account may try passwords again, the zero time when
// it may now.
func (s *Service) RestsUntil(ctx context.Context, a Account) (time.Time, error) {
	f, err := s.store.Read(ctx).Failures(s.failureKey(a.Email.Key))
	until, now := f.LastAt.Add(s.config.Limits.Rest), s.now()
	if err != nil || s.config.Limits.Off || f.Count < s.config.Limits.Failures || !until.After(now) || until.Sub(now) > s.config.Limits.Rest {
		return time.Time{}, err
	}
	return until, nil
}
