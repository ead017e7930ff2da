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

var strangers = lane{name: "strangers"}

func (l lane) isKnown() bool { return l != strangers }

// try is one that was counted before its password was looked at.
type try struct {
	lane       lane
	at, before time.Time // it, and the one before it in its lane
	sprayed    bool      // the address is one more of those that the network failed at
}

// spendTry counts a try at the password of an address before the password is
// looked at, so that many tries at once can't pass the limit together. session is a
// live one of that very account that came with the call, or nil. It refuses with
// TooMany.
func (s *Service) spendTry(ctx context.Context, c Caller, key string, session []byte) (spent try, err error) {
	if s.config.Limits.Off {
		return try{}, nil
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		now := s.now()
		own, err := s.laneOf(tx, c, key, session, now)
		if err != nil {
			return err
		}
		spent, err = s.enter(tx, key, own, now)
		if err != nil {
			return err
		}
		if !own.isKnown() {
			if spent.sprayed, err = s.spendSpray(tx, c, key, now); err != nil {
				return err
			}
		}
		return s.addFailure(tx, c, key, spent)
	})
	return spent, err
}

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
		return lane{"network", network}, nil
	}
	return strangers, nil
}

// enter answers the lane that the next try is counted in: the caller's own, and when
// that rests the strangers'. It refuses with TooMany when both do. Tries that are
// turned away are not counted, for they must not prolong the rest.
func (s *Service) enter(tx Tx, key string, own lane, now time.Time) (try, error) {
	lanes := []lane{own}
	if own.isKnown() {
		lanes = append(lanes, strangers)
	}
	soonest := s.config.Limits.Rest
	for _, l := range lanes {
		f, err := tx.Failures(s.digest("failures", key), l.proof)
		if err != nil {
			return try{}, err
		}
		wait := s.rest(l, f, now)
		if wait == 0 {
			return try{lane: l, at: now, before: f.LastAt}, nil
		}
		soonest = min(soonest, wait)
	}
	return try{}, &Error{Code: TooMany, RetryAfter: soonest}
}

// rest answers how long a lane with these failures rests still.
func (s *Service) rest(l lane, f Failures, now time.Time) time.Duration {
	wait := f.LastAt.Add(s.config.Limits.Rest).Sub(now)
	// A rest that seems to take longer than any was begun by a clock that ran ahead.
	if f.Count < s.mostFailures(l) || wait <= 0 || wait > s.config.Limits.Rest {
		return 0
	}
	return wait
}

func (s *Service) mostFailures(l lane) int64 {
	if l.isKnown() {
		return s.config.Limits.KnownFailures
	}
	return s.config.Limits.Failures
}

// addFailure counts a try, and writes an event when it is the last of its lane.
func (s *Service) addFailure(tx Tx, c Caller, key string, spent try) error {
	count, err := tx.AddFailure(s.digest("failures", key), spent.lane.proof, spent.at)
	if err != nil || count != s.mostFailures(spent.lane) {
		return err
	}
	a, _, err := find(tx, key)
	if err != nil {
		return err
	}
	return tx.AddEvent(c.event(spent.at, TriesUsedUp, a.ID, spent.lane.name))
}

// returnTry takes a try back that turned out to be none, for the server could not
// look at the password: neither does it count nor prolong a rest.
func (s *Service) returnTry(ctx context.Context, c Caller, key string, spent try) error {
	if s.config.Limits.Off {
		return nil
	}
	return s.store.Update(ctx, func(tx Tx) error {
		err := tx.TakeBackFailure(s.digest("failures", key), spent.lane.proof, spent.at, spent.before)
		if err != nil || !spent.sprayed {
			return err
		}
		return s.refundSpray(tx, c, key)
	})
}

// clearTries forgets the failures of the lane in which the password was right, and of
// no other: an owner who signs in beside an attack must not hand out new guesses. The
// network has its address back.
func (s *Service) clearTries(tx Tx, c Caller, key string, spent try) error {
	if s.config.Limits.Off {
		return nil
	}
	if err := tx.ClearFailures(s.digest("failures", key), spent.lane.proof); err != nil {
		return err
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

// Failures answers how many wrong passwords were tried at the account since a right
// one, lane by lane, and how many of them strangers tried.
func (s *Service) Failures(ctx context.Context, a Account) (all, byStrangers int64, err error) {
	r, address := s.store.Read(ctx), s.digest("failures", a.Email.Key)
	if all, err = r.AllFailures(address); err != nil {
		return 0, 0, err
	}
	f, err := r.Failures(address, strangers.proof)
	return all, f.Count, err
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
