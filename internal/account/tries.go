package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"matricula/internal/token"
)

// lane is where a try at an address's password is counted. Each caller whom the
// address knows has one of its own, so that strangers can't use up the tries of the
// owner, nor somebody on a known network those of a known browser.
type lane struct {
	name  string
	proof token.Digest // zero for strangers
}

const byNetwork = "network"

var strangers = lane{name: "strangers"}

func (l lane) isKnown() bool { return l != strangers }

// isOwners reports whether what the caller shows is the owner's alone. A network is
// not: whoever else is on it must not learn that the address knows it, which would
// tell that there is an account. So its tries count for strangers as well, and its
// own lane is what it has left when strangers have used up theirs.
func (l lane) isOwners() bool { return l.isKnown() && l.name != byNetwork }

// try is one that was counted before its password was looked at.
type try struct {
	at      time.Time
	in      []counted // the lanes that it was counted in, its own first
	sprayed bool      // the address is one more of those that the network failed at
}

// counted is a lane that a try was counted in, and when the one before it was.
type counted struct {
	lane   lane
	before time.Time
}

// spendTry counts a try at the password of an address before the password is
// looked at, so that many tries at once can't pass the limit together. session is a
// live one of that very account that came with the call, or nil. It refuses with
// TooMany.
func (s *Service) spendTry(ctx context.Context, c Caller, key string, session []byte) (spent try, err error) {
	if s.config.Limits.Off {
		return try{}, nil
	}
	err = s.store.Update(aboutTries(ctx, c, key), func(tx Tx) error {
		spent = try{at: s.now()}
		own, err := s.laneOf(tx, c, key, session, spent.at)
		if err != nil {
			return err
		}
		if spent.in, err = s.enter(tx, key, own, spent.at); err != nil {
			return err
		}
		if !own.isOwners() {
			if spent.sprayed, err = s.spendSpray(tx, c, key, spent.at); err != nil {
				return err
			}
		}
		return s.addFailures(tx, c, key, spent)
	})
	return spent, err
}

// aboutTries is for changes that count tries: they meet at the address and at the
// network.
func aboutTries(ctx context.Context, c Caller, key string) context.Context {
	if !c.Client.IsValid() {
		return aboutAddress(ctx, key)
	}
	return About(ctx, "address "+key, "network "+string(networkOf(c.Client)))
}

// aboutAddress is for changes that write what belongs to the address.
func aboutAddress(ctx context.Context, key string) context.Context { return About(ctx, "address "+key) }

// laneOf answers the lane of a caller: that of what shows most surely who it is.
func (s *Service) laneOf(r Reader, c Caller, key string, session []byte, now time.Time) (lane, error) {
	device, network := s.deviceProof(key, c.Device), s.networkProof(key, c)
	known, err := r.Known(s.digest("known", key), now, device, network)
	switch {
	case err != nil:
		return lane{}, err
	case slices.Contains(known, device):
		return lane{"device", device}, nil
	case session != nil:
		return lane{"session", s.sessionProof(key, session)}, nil
	case slices.Contains(known, network):
		return lane{byNetwork, network}, nil
	}
	return strangers, nil
}

// enter answers the lanes that the next try is counted in. It refuses with TooMany
// when the caller's own rests and the strangers' does, too. Tries that are turned away
// are not counted, for they must not prolong the rest. For strangers their lane is read
// twice: where nothing is hashed, the time of one read more would tell of a known network.
func (s *Service) enter(tx Tx, key string, own lane, now time.Time) ([]counted, error) {
	var in []counted
	soonest := s.config.Limits.Rest
	for _, l := range []lane{own, strangers} {
		f, err := tx.Failures(s.digest("failures", key), l.proof)
		if err != nil {
			return nil, err
		}
		wait := s.rest(l, f, now)
		if in = append(in, counted{l, f.LastAt}); wait == 0 && own.isOwners() {
			return in[len(in)-1:], nil
		}
		soonest = min(soonest, wait)
	}
	if soonest > 0 {
		return nil, &Error{Code: TooMany, RetryAfter: soonest, Err: errAddressRests}
	}
	if !own.isKnown() {
		in = in[:1]
	}
	return in, nil
}

// rest answers how long a lane with these failures rests still.
func (s *Service) rest(l lane, f Failures, now time.Time) time.Duration {
	wait := f.LastAt.Add(s.config.Limits.Rest).Sub(now)
	// A rest that seems to take much longer than any was begun by a clock that ran ahead.
	if f.Count < s.mostFailures(l) || wait <= 0 || wait > s.config.Limits.Rest+clocksDiffer {
		return 0
	}
	return min(wait, s.config.Limits.Rest)
}

// clocksDiffer is how far the clocks of servers on one database may be apart.
const clocksDiffer = time.Minute

func (s *Service) mostFailures(l lane) int64 {
	if l.isKnown() {
		return s.config.Limits.KnownFailures
	}
	return s.config.Limits.Failures
}

// addFailures counts a try in its lanes, and writes an event when it is the last of one.
func (s *Service) addFailures(tx Tx, c Caller, key string, spent try) error {
	for _, in := range spent.in {
		count, err := tx.AddFailure(s.digest("failures", key), in.lane.proof, spent.at)
		if err != nil {
			return err
		}
		if count != s.mostFailures(in.lane) {
			continue
		}
		a, _, err := find(tx, key)
		if err != nil {
			return err
		}
		if err := tx.AddEvent(c.event(spent.at, TriesUsedUp, a.ID, in.lane.name)); err != nil {
			return err
		}
	}
	return nil
}

// returnTry takes a try back that turned out to be none, for the server could not
// look at the password: neither does it count nor prolong a rest.
func (s *Service) returnTry(ctx context.Context, c Caller, key string, spent try) error {
	if s.config.Limits.Off {
		return nil
	}
	return s.store.Update(aboutTries(ctx, c, key), func(tx Tx) error {
		for _, in := range spent.in {
			err := tx.TakeBackFailures(s.digest("failures", key), in.lane.proof, 1, spent.at, in.before)
			if err != nil {
				return err
			}
		}
		if !spent.sprayed {
			return nil
		}
		return s.refundSpray(tx, c, key)
	})
}

// clearTries forgets the failures of the lane in which the password was right, and of
// no other: an owner who signs in beside an attack must not hand out new guesses. What
// a network has counted among strangers goes, too, and it has its address back.
func (s *Service) clearTries(tx Tx, c Caller, key string, spent try) error {
	if s.config.Limits.Off {
		return nil
	}
	address, own := s.digest("failures", key), spent.in[0].lane
	var among int64 // strangers
	if own.name == byNetwork {
		f, err := tx.Failures(address, own.proof)
		if err != nil {
			return err
		}
		among = f.Count
	}
	// The own lane first, as when tries are counted: in two orders, two changes could
	// wait for each other.
	if err := tx.ClearFailures(address, own.proof); err != nil {
		return err
	}
	if among > 0 {
		if err := tx.TakeBackFailures(address, strangers.proof, among, time.Time{}, time.Time{}); err != nil {
			return err
		}
	}
	return s.refundSpray(tx, c, key)
}

// ownSession answers the id of the cohorts session presented, if it lives and is of
// the account with this address, else nil.
func (s *Service) ownSession(ctx context.Context, presented token.Secret, key string) ([]byte, error) {
	if presented.IsZero() {
		return nil, nil
	}
	h, err := s.memberHolder(s.store.Read(ctx), presented)
	switch {
	case errors.Is(err, Unauthenticated):
		return nil, nil
	case err != nil:
		return nil, err
	case h.Account.Email.Key != key:
		return nil, nil
	}
	return h.Session.ID, nil
}

// Unlock forgets the failures of an account, in every lane.
func (s *Service) Unlock(ctx context.Context, c Caller, id int64) error {
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(id)
		if err != nil {
			return err
		}
		if err := tx.ForgetFailures(s.digest("failures", a.Email.Key)); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), AccountUnlocked, id, ""))
	})
}

// Failures answers how many wrong passwords in a row were tried at the account, but
// for those of the owner's browsers and sessions.
func (s *Service) Failures(ctx context.Context, a Account) (int64, error) {
	f, err := s.store.Read(ctx).Failures(s.digest("failures", a.Email.Key), strangers.proof)
	return f.Count, err
}

// RestsUntil answers when strangers may try passwords of the account again, the zero
// time when they may now.
func (s *Service) RestsUntil(ctx context.Context, a Account) (time.Time, error) {
	f, err := s.store.Read(ctx).Failures(s.digest("failures", a.Email.Key), strangers.proof)
	now := s.now()
	wait := s.rest(strangers, f, now)
	if err != nil || s.config.Limits.Off || wait == 0 {
		return time.Time{}, err
	}
	return now.Add(wait), nil
}
