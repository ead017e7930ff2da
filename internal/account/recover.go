package account

import (
	"context"
	"errors"
	"time"

	"matricula/internal/mail"
	"matricula/internal/token"
)

// RequestReset queues the mail with a clubs reset link, and writes as much for an
// address without an account (clubs contract, "request-reset"). It refuses with
// Invalid alone.
func (s *Service) RequestReset(ctx context.Context, c Caller, email string) error {
	address, err := ParseAddress(email)
	if err != nil {
		return err
	}
	return s.requestReset(ctx, c, address, ResetToken, mail.ResetClubs, MailData{})
}

// RequestResetLink does the same for the cohorts contract ("reset-password"),
// with a link into one of the listed front ends. It refuses with OriginRefused,
// before any account is looked up, and with Invalid.
func (s *Service) RequestResetLink(ctx context.Context, c Caller, email, origin string) error {
	if !s.origins[origin] {
		return OriginRefused
	}
	address, err := ParseAddress(email)
	if err != nil {
		return err
	}
	return s.requestReset(ctx, c, address, ResetLinkToken, mail.ResetCohorts, MailData{Origin: origin})
}

func (s *Service) requestReset(ctx context.Context, c Caller, address Address, kind MailTokenKind, template mail.Template, data MailData) error {
	id := token.NewID()
	return s.evenly(aboutAddress(ctx, address.Key), mailGrain, func(tx Tx) error {
		now := s.now()
		a, found, err := find(tx, address.Key)
		if err != nil {
			return err
		}
		sends, err := s.mayMail(tx, c, string(kind), address.Key, a.ID, now)
		if err != nil {
			return err
		}
		if err := tx.AddEvent(c.event(now, ResetAsked, concerned(a, sends), string(kind))); err != nil {
			return err
		}
		if !found || !sends {
			return addDecoyMail(tx, id, kind, now)
		}
		t := MailToken{ID: id, Account: a.ID, Kind: kind, CreatedAt: now, ExpiresAt: now.Add(s.config.ResetTTL)}
		return addTokenMail(tx, a, t, template, data)
	})
}

// Reset sets a new password with the token of a clubs reset link, confirms the
// address, and ends every credential of the account on both contracts (clubs
// contract, "confirm-reset"). It refuses, in this order, with TokenInvalid,
// WeakPassword (the token stays usable) and Busy.
func (s *Service) Reset(ctx context.Context, c Caller, presented token.Secret, fresh string) error {
	id, err := s.config.Issuer.ParseMailToken(token.ResetMail, presented)
	if err != nil {
		return TokenInvalid
	}
	return s.reset(ctx, c, fresh, func(r Reader) (token.ID, Account, error) {
		a, err := s.mailToken(r, id, ResetToken)
		return id, a, err
	})
}

// ResetByLink does the same with the token and the account id of a cohorts reset
// link (cohorts contract, "change-password").
func (s *Service) ResetByLink(ctx context.Context, c Caller, account int64, presented token.Secret, fresh string) error {
	return s.reset(ctx, c, fresh, func(r Reader) (token.ID, Account, error) { return s.resetLink(r, account, presented) })
}

// CheckReset answers nil where [Service.Reset] would take the token, and else
// refuses with TokenInvalid. It uses nothing up.
func (s *Service) CheckReset(ctx context.Context, presented token.Secret) error {
	id, err := s.config.Issuer.ParseMailToken(token.ResetMail, presented)
	if err != nil {
		return TokenInvalid
	}
	_, err = s.mailToken(s.store.Read(ctx), id, ResetToken)
	return err
}

// CheckResetLink does the same for [Service.ResetByLink].
func (s *Service) CheckResetLink(ctx context.Context, account int64, presented token.Secret) error {
	_, _, err := s.resetLink(s.store.Read(ctx), account, presented)
	return err
}

// resetLink reads a cohorts reset token: first the row that it names, and by that
// the account, never the account of the id that a stranger asks about, whose being
// there the time would tell. The key it was signed with holds the hash in force, so
// a changed password has killed it already.
func (s *Service) resetLink(r Reader, account int64, presented token.Secret) (token.ID, Account, error) {
	id, err := token.ResetID(presented)
	if err != nil {
		return token.ID{}, Account{}, TokenInvalid
	}
	owner, err := s.mailToken(r, id, ResetLinkToken, SetPasswordToken)
	if err != nil {
		return token.ID{}, Account{}, err
	}
	claims, err := s.config.Issuer.ParseReset(presented, owner.ID, owner.PasswordHash, s.now())
	if err != nil || claims.ID != id || owner.ID != account {
		return token.ID{}, Account{}, TokenInvalid
	}
	return id, owner, nil
}

// reset sets a new password for the account that read finds, using up its token.
// The token is read again inside the change: of many uses at once one wins.
func (s *Service) reset(ctx context.Context, c Caller, fresh string, read func(Reader) (token.ID, Account, error)) error {
	r := s.store.Read(ctx)
	_, a, err := read(r)
	if err != nil {
		return err
	}
	own, err := ownWords(r, a)
	if err != nil {
		return err
	}
	if err := s.judge("password", fresh, own...); err != nil {
		return err
	}
	ctx, done, err := s.takeTurn(ctx, c, true)
	if err != nil {
		return err
	}
	defer done()
	hash, class, err := s.hash(ctx, fresh)
	if err != nil {
		return err
	}
	return s.store.Update(aboutAddress(ctx, a.Email.Key), func(tx Tx) error {
		id, a, err := read(tx)
		if err != nil {
			return err
		}
		used, err := tx.EndMailToken(id)
		if err != nil {
			return err
		}
		if !used {
			return TokenInvalid
		}
		now := s.now()
		if err := s.putPassword(tx, a, hash, class, nil, now); err != nil {
			return err
		}
		if err := confirmByMail(tx, a, now); err != nil {
			return err
		}
		if err := s.startAfresh(tx, c, a.Email.Key, now); err != nil {
			return err
		}
		return tx.AddEvent(c.event(now, PasswordReset, a.ID, ""))
	})
}

// startAfresh forgets the tries at an address whose owner has read its mail, and whom
// it knew. Somebody else may have been among them; the owner is where the link was
// used.
func (s *Service) startAfresh(tx Tx, c Caller, key string, now time.Time) error {
	if err := s.forgetTries(tx, key); err != nil {
		return err
	}
	c.Device = token.Secret{}
	return s.remember(tx, c, key, now)
}

// confirmByMail confirms the address of somebody who has read its mail.
func confirmByMail(tx Tx, a Account, now time.Time) error {
	if a.Confirmed() {
		return nil
	}
	return tx.SetConfirmed(a.ID, now)
}

// ownWords are what the account's password must not be.
func ownWords(r Reader, a Account) ([]string, error) {
	own := []string{a.Email.Text}
	if a.ClubID == 0 {
		return own, nil
	}
	club, err := r.Club(a.ClubID)
	if errors.Is(err, NotFound) {
		return own, nil
	}
	return append(own, club.Name), err
}
