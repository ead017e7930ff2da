package account

import (
	"context"
	"fmt"
)

// notOnRoster refuses an address that may not register.
var notOnRoster = &Error{Code: NotOnRoster, Fields: []FieldError{
	{Field: "email", Why: "This address is not on the list of club addresses."},
}}

// OnRoster answers whether the address is on the roster (clubs contract,
// "email-exists"); it never tells of accounts. Each different address takes one
// from the budget of the caller's network. It refuses with Invalid and TooMany.
func (s *Service) OnRoster(ctx context.Context, c Caller, email string) (bool, error) {
	address, err := ParseAddress(email)
	if err != nil || s.config.HideRoster {
		return err == nil, err
	}
	var listed bool
	err = s.store.Update(aboutTries(ctx, c, address.Key), func(tx Tx) error {
		if err := s.spendLookup(tx, c, address.Key, s.now()); err != nil {
			return err
		}
		var err error
		listed, err = tx.OnRoster(address.Key)
		return err
	})
	return listed, err
}

// AddToRoster puts addresses on the roster, all or none, and answers how many
// were not on it before. It refuses with Invalid, naming the first bad entry.
func (s *Service) AddToRoster(ctx context.Context, c Caller, emails []string) (int, error) {
	addresses := make([]Address, len(emails))
	for i, email := range emails {
		address, err := ParseAddress(email)
		if err != nil {
			return 0, invalid("email", "Entry %d, %q, is not an e-mail address.", i+1, email)
		}
		addresses[i] = address
	}
	var added int
	err := s.store.Update(ctx, func(tx Tx) error {
		added = 0
		now := s.now()
		for _, address := range addresses {
			isNew, err := tx.AddToRoster(RosterEntry{Email: address, AddedAt: now})
			if err != nil {
				return err
			}
			if isNew {
				added++
			}
		}
		return tx.AddEvent(c.event(now, RosterChanged, 0, fmt.Sprintf("%d added", added)))
	})
	return added, err
}

// RemoveFromRoster takes an address off the roster; its account, if it has one,
// stays. It refuses with Invalid and NotFound.
func (s *Service) RemoveFromRoster(ctx context.Context, c Caller, email string) error {
	address, err := ParseAddress(email)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		removed, err := tx.RemoveFromRoster(address.Key)
		if err != nil {
			return err
		}
		if !removed {
			return NotFound
		}
		return tx.AddEvent(c.event(s.now(), RosterChanged, 0, "1 removed"))
	})
}

// Roster lists the roster by canonical address, from the one behind after.
func (s *Service) Roster(ctx context.Context, after string, limit int) ([]RosterEntry, error) {
	return s.store.Read(ctx).Roster(after, limit)
}
