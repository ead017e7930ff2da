package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"matricula/internal/mail"
	"matricula/internal/token"
)

// ResendConfirm queues a new confirmation mail for an unconfirmed account, and
// writes as much for any other address, so that nobody learns which it was. It
// refuses with Invalid alone.
func (s *Service) ResendConfirm(ctx context.Context, c Caller, email string) error {
	address, err := ParseAddress(email)
	if err != nil {
		return err
	}
	id := token.NewID()
	return s.evenly(ctx, mailGrain, func(tx Tx) error {
		now := s.now()
		a, found, err := find(tx, address.Key)
		if err != nil {
			return err
		}
		sends, err := s.mayMail(tx, c, string(ConfirmToken), address.Key, a.ID, now)
		if err != nil {
			return err
		}
		if err := tx.AddEvent(c.event(now, ConfirmAsked, concerned(a, sends), "")); err != nil {
			return err
		}
		if !found || !sends || a.Confirmed() {
			return addDecoyMail(tx, id, ConfirmToken, now)
		}
		return s.addConfirmMail(tx, a, id, "", now)
	})
}

// Confirm confirms the address that the mailed token was sent to. Using the link
// again, within its life, is as good as the first time; it signs nobody in. It
// refuses with TokenInvalid.
func (s *Service) Confirm(ctx context.Context, c Caller, presented token.Secret) error {
	id, err := s.config.Issuer.ParseMailToken(token.ConfirmMail, presented)
	if err != nil {
		return TokenInvalid
	}
	a, err := s.mailToken(s.store.Read(ctx), id, ConfirmToken)
	if err != nil || a.Confirmed() {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := s.mailToken(tx, id, ConfirmToken)
		if err != nil || a.Confirmed() {
			return err
		}
		now := s.now()
		if err := tx.SetConfirmed(a.ID, now); err != nil {
			return err
		}
		return tx.AddEvent(c.event(now, EmailConfirmed, a.ID, ""))
	})
}

// mailToken answers the account of a mailed token, or refuses with TokenInvalid: unknown, of another kind, expired, a decoy.
func (s *Service) mailToken(r Reader, id token.ID, kinds ...MailTokenKind) (Account, error) {
	t, err := r.MailToken(id)
	if errors.Is(err, NotFound) {
		return Account{}, TokenInvalid
	}
	if err != nil {
		return Account{}, err
	}
	if !slices.Contains(kinds, t.Kind) || t.Account == 0 || !s.now().Before(t.ExpiresAt) {
		return Account{}, TokenInvalid
	}
	a, err := r.Account(t.Account)
	if errors.Is(err, NotFound) {
		return Account{}, TokenInvalid
	}
	return a, err
}

// addConfirmMail queues the mail that confirms an address.
func (s *Service) addConfirmMail(tx Tx, a Account, id token.ID, club string, now time.Time) error {
	t := MailToken{ID: id, Account: a.ID, Kind: ConfirmToken, CreatedAt: now, ExpiresAt: now.Add(s.config.ConfirmTTL)}
	return addTokenMail(tx, a, t, mail.Confirm, MailData{Club: club})
}

// addTokenMail writes a token and the mail that will carry its secret.
func addTokenMail(tx Tx, a Account, t MailToken, template mail.Template, data MailData) error {
	if err := tx.AddMailToken(t); err != nil {
		return err
	}
	return tx.AddMail(OutboxMail{
		Account: a.ID, Template: template, To: a.Email.Text, Token: t.ID, Data: data, CreatedAt: t.CreatedAt, DueAt: t.CreatedAt,
	})
}

// addDecoyMail writes rows of the same shape for an address that gets no mail.
func addDecoyMail(tx Tx, id token.ID, kind MailTokenKind, now time.Time) error {
	if err := tx.AddMailToken(MailToken{ID: id, Kind: kind, CreatedAt: now, ExpiresAt: now}); err != nil {
		return err
	}
	return tx.AddMail(OutboxMail{Token: id, CreatedAt: now, DueAt: now})
}
