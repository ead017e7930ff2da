package account

import (
	"context"
	"time"

	"matricula/internal/mail"
	"matricula/internal/token"
)

// NewAccount is an account made by an operator.
type NewAccount struct {
	Email    string
	Name     string
	Password token.Secret // the empty one sends a mail to set one
}

// CreateAccount makes a confirmed account (contract, "accounts"). Without a
// password its owner gets a mail to set one. It refuses with Invalid,
// WeakPassword, Taken and Busy.
func (s *Service) CreateAccount(ctx context.Context, c Caller, in NewAccount) (Account, error) {
	email, badEmail := ParseAddress(in.Email)
	if err := allOf(badEmail, checkName("name", in.Name)); err != nil {
		return Account{}, err
	}
	hash, class, err := s.newPassword(ctx, in.Password.Reveal(), email.Text)
	if err != nil {
		return Account{}, err
	}
	id := token.NewID()
	var made Account
	err = s.store.Update(ctx, func(tx Tx) error {
		now := s.now()
		a := Account{Email: email, Name: in.Name, PasswordHash: hash, ConfirmedAt: now, CreatedAt: now}
		var err error
		if a.ID, err = tx.AddAccount(a, class); err != nil {
			return err
		}
		made = a
		if err := tx.AddEvent(c.event(now, AccountMade, a.ID, "")); err != nil {
			return err
		}
		if hash != "" {
			return nil
		}
		return s.addSetPasswordMail(tx, a, id, now)
	})
	return made, err
}

// newPassword judges and hashes a password that an operator gives; "" is none.
func (s *Service) newPassword(ctx context.Context, secret string, own ...string) (hash, class string, err error) {
	if secret == "" {
		return "", "", nil
	}
	if err := s.judge("password", secret, own...); err != nil {
		return "", "", err
	}
	return s.hash(ctx, secret)
}

// addSetPasswordMail queues an invitation. Its link lives as long as a
// confirmation's, since nobody sits waiting for it.
func (s *Service) addSetPasswordMail(tx Tx, a Account, id token.ID, now time.Time) error {
	t := MailToken{ID: id, Account: a.ID, Kind: SetPasswordToken, CreatedAt: now, ExpiresAt: now.Add(s.config.ConfirmTTL)}
	return addTokenMail(tx, a, t, mail.SetPassword, MailData{})
}

// FindAccount answers the account with this address. It refuses with Invalid and
// NotFound.
func (s *Service) FindAccount(ctx context.Context, email string) (Account, error) {
	address, err := ParseAddress(email)
	if err != nil {
		return Account{}, err
	}
	return s.store.Read(ctx).AccountByEmail(address.Key)
}

// Account answers the account with this id. It refuses with NotFound.
func (s *Service) Account(ctx context.Context, id int64) (Account, error) {
	return s.store.Read(ctx).Account(id)
}

// Accounts lists the accounts by id, from the one behind after.
func (s *Service) Accounts(ctx context.Context, after int64, limit int) ([]Account, error) {
	return s.store.Read(ctx).Accounts(after, limit)
}

// AccountEdit is what an operator may set on an account; nil leaves a member as it
// is, "" unsets a link or the text.
type AccountEdit struct {
	Name, ProfilePicURL, GithubURL, LinkedinURL, PersonalSiteURL, SelfIntro *string
}

// maxSelfIntro bounds the text that a person tells of itself, in characters.
const maxSelfIntro = 10_000

// EditAccount sets what the edit names. It refuses with NotFound and Invalid.
func (s *Service) EditAccount(ctx context.Context, c Caller, id int64, edit AccountEdit) error {
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(id)
		if err != nil {
			return err
		}
		if err := edit.apply(&a); err != nil {
			return err
		}
		if err := tx.SetAccount(a); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), AccountChanged, id, ""))
	})
}

func (e AccountEdit) apply(a *Account) error {
	set(&a.Name, e.Name)
	set(&a.SelfIntro, e.SelfIntro)
	errs := []error{checkName("name", a.Name), checkLength("self_intro", a.SelfIntro, maxSelfIntro)}
	for _, link := range []struct {
		field string
		to    *string
		from  *string
	}{
		{"profile_pic_url", &a.ProfilePicURL, e.ProfilePicURL},
		{"github_url", &a.GithubURL, e.GithubURL},
		{"linkedin_url", &a.LinkedinURL, e.LinkedinURL},
		{"personal_site_url", &a.PersonalSiteURL, e.PersonalSiteURL},
	} {
		if link.from == nil {
			continue
		}
		clean, err := cleanLink(link.field, *link.from)
		*link.to, errs = clean, append(errs, err)
	}
	return allOf(errs...)
}

// SetEmail gives an account another address. Its mailed tokens end, for they were
// sent to the old one, and both addresses are told. It refuses with Invalid,
// NotFound and Taken.
func (s *Service) SetEmail(ctx context.Context, c Caller, id int64, email string) error {
	address, err := ParseAddress(email)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(id)
		if err != nil {
			return err
		}
		if err := tx.SetEmail(id, address); err != nil {
			return err
		}
		if err := tx.EndMailTokens(id, ConfirmToken, ResetToken, ResetLinkToken, SetPasswordToken); err != nil {
			return err
		}
		if err := s.forgetTries(tx, a.Email.Key); err != nil {
			return err
		}
		now := s.now()
		for _, to := range []string{a.Email.Text, address.Text} {
			err := tx.AddMail(OutboxMail{
				Account: id, Template: mail.EmailChanged, To: to, CreatedAt: now, DueAt: now,
				Data: MailData{OldEmail: a.Email.Text, NewEmail: address.Text},
			})
			if err != nil {
				return err
			}
		}
		return tx.AddEvent(c.event(now, EmailChanged, id, ""))
	})
}

// SetDisabled disables an account and ends its sessions, or enables it; an end is
// an end, so enabling brings no session back. It refuses with NotFound.
func (s *Service) SetDisabled(ctx context.Context, c Caller, id int64, disabled bool) error {
	return s.store.Update(ctx, func(tx Tx) error {
		now := s.now()
		at, kind := now, AccountDisabled
		if !disabled {
			at, kind = time.Time{}, AccountEnabled
		}
		if err := tx.SetDisabled(id, at); err != nil {
			return err
		}
		if disabled {
			if _, err := tx.EndSessions(id, nil, Clubs, Cohorts); err != nil {
				return err
			}
		}
		return tx.AddEvent(c.event(now, kind, id, ""))
	})
}

// DeleteAccount deletes an account with its club, roles, credentials and waiting
// mails. The audit log keeps its id, the roster its address. It refuses with
// NotFound.
func (s *Service) DeleteAccount(ctx context.Context, c Caller, id int64) error {
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(id)
		if err != nil {
			return err
		}
		if err := tx.DeleteAccount(id); err != nil {
			return err
		}
		if err := s.forgetTries(tx, a.Email.Key); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), AccountDeleted, id, ""))
	})
}

// SetPassword gives an account a password, ends every credential of the old one, and
// forgets the failures and whom the address knows. It refuses with NotFound, WeakPassword and Busy.
func (s *Service) SetPassword(ctx context.Context, c Caller, id int64, secret string) error {
	r := s.store.Read(ctx)
	a, err := r.Account(id)
	if err != nil {
		return err
	}
	own, err := ownWords(r, a)
	if err != nil {
		return err
	}
	if secret == "" {
		return invalid("password", "A password is needed.")
	}
	hash, class, err := s.newPassword(ctx, secret, own...)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(id)
		if err != nil {
			return err
		}
		now := s.now()
		if err := s.putPassword(tx, a, hash, class, nil, now); err != nil {
			return err
		}
		if err := s.forgetTries(tx, a.Email.Key); err != nil {
			return err
		}
		return tx.AddEvent(c.event(now, PasswordSet, id, ""))
	})
}

// InviteToSetPassword mails the account a link to set a password; the one in
// force stays until then. It refuses with NotFound.
func (s *Service) InviteToSetPassword(ctx context.Context, c Caller, id int64) error {
	mailID := token.NewID()
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(id)
		if err != nil {
			return err
		}
		now := s.now()
		if err := tx.AddEvent(c.event(now, ResetAsked, id, string(SetPasswordToken))); err != nil {
			return err
		}
		return s.addSetPasswordMail(tx, a, mailID, now)
	})
}

// Events lists the audit log, newest first, of one account or of all with 0.
func (s *Service) Events(ctx context.Context, account, before int64, limit int) ([]Event, error) {
	return s.store.Read(ctx).Events(account, before, limit)
}
