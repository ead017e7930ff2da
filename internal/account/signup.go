package account

import (
	"context"
	"errors"
	"time"
	"unicode"
	"unicode/utf8"

	"matricula/internal/mail"
	"matricula/internal/token"
)

// SignUp is what a club officer registers with (clubs contract, "register").
type SignUp struct {
	Name        string // the club's
	Email       string
	Password    token.Secret
	Tags        []int64
	AppRequired bool
	NewMembers  bool
	NumUsers    int64

	ApplyDeadlineStart, ApplyDeadlineEnd time.Time // zero where not given
	RecruitingStart, RecruitingEnd       time.Time
}

// SignUp makes an unconfirmed officer account with its club, and queues the mail
// that confirms it: all or nothing. It refuses, in this order, with Invalid,
// WeakPassword, TooMany and NotOnRoster. For an address that has an account
// already it changes nothing, writes to the owner, and answers the same.
func (s *Service) SignUp(ctx context.Context, c Caller, in SignUp) error {
	email, badEmail := ParseAddress(in.Email)
	club := in.club()
	if err := allOf(badEmail, checkClub(s.store.Read(ctx), club)); err != nil {
		return err
	}
	if err := s.judge("password", in.Password.Reveal(), email.Text, in.Name); err != nil {
		return err
	}
	ctx, done, err := s.takeTurn(ctx, c, false)
	if err != nil {
		return err
	}
	defer done()
	if err := s.admitSignUp(ctx, c, email); err != nil {
		return err
	}
	hash, class, err := s.hash(ctx, in.Password.Reveal())
	if err != nil {
		return err
	}

	officer := Account{Email: email, Name: in.Name, PasswordHash: hash}
	id := token.NewID()
	return s.evenly(aboutAddress(ctx, email.Key), signUpGrain, func(tx Tx) error {
		now := s.now()
		known, found, err := find(tx, email.Key)
		switch {
		case err != nil:
			return err
		case found:
			return s.tellOwner(tx, c, known, id, now)
		}
		return s.addOfficer(tx, c, officer, class, club, id, now)
	})
}

// admitSignUp asks the roster, on the budget of the caller's network. The refusal
// comes after the change, which would otherwise take back what was spent.
func (s *Service) admitSignUp(ctx context.Context, c Caller, email Address) error {
	var listed bool
	err := s.store.Update(aboutTries(ctx, c, email.Key), func(tx Tx) (err error) {
		if err := s.spendLookup(tx, c, email.Key, s.now()); err != nil {
			return err
		}
		listed, err = tx.OnRoster(email.Key)
		return err
	})
	if err == nil && !listed {
		return notOnRoster
	}
	return err
}

// addOfficer writes the account, the club, the token, the mail and the event.
func (s *Service) addOfficer(tx Tx, c Caller, officer Account, class string, club Club, id token.ID, now time.Time) error {
	officer.CreatedAt, club.LastUpdated = now, now
	owner, err := tx.AddAccount(officer, class)
	if err != nil {
		return err
	}
	officer.ID, club.Owner = owner, owner
	if err := s.addClub(tx, club); err != nil {
		return err
	}
	if err := tx.AddEvent(c.event(now, SignedUp, owner, string(Clubs))); err != nil {
		return err
	}
	// It goes out whatever strangers have asked for before, but it counts.
	if _, err := s.mayMail(tx, c, string(ConfirmToken), officer.Email.Key, owner, now); err != nil {
		return err
	}
	return s.addConfirmMail(tx, officer, id, club.Name, now)
}

// tellOwner writes to the owner of an address that somebody registered again. That is
// never a link that confirms: whoever registered first chose the password, and may
// have been a stranger. The owner gets in by a reset, which confirms the address and
// ends what was there before. The decoy token brings the change nearer to what a
// registration writes; the hash before it hides the rest.
func (s *Service) tellOwner(tx Tx, c Caller, known Account, id token.ID, now time.Time) error {
	template := mail.AlreadyMember
	if known.Confirmed() && known.ClubID == 0 {
		template = mail.NoClub
	}
	sends, err := s.mayMail(tx, c, string(template), known.Email.Key, known.ID, now)
	if err != nil {
		return err
	}
	if err := tx.AddEvent(c.event(now, SignUpKnown, concerned(known, sends), string(Clubs))); err != nil {
		return err
	}
	if !sends {
		return addDecoyMail(tx, id, ConfirmToken, now)
	}
	if err := tx.AddMailToken(MailToken{ID: id, Kind: ConfirmToken, CreatedAt: now, ExpiresAt: now}); err != nil {
		return err
	}
	return tx.AddMail(OutboxMail{
		Account: known.ID, Template: template, To: known.Email.Text, CreatedAt: now, DueAt: now,
	})
}

// club is the club that a registration makes.
func (in SignUp) club() Club {
	return Club{
		Name: in.Name, Tags: in.Tags, AppRequired: in.AppRequired, NewMembers: in.NewMembers, NumUsers: in.NumUsers,
		ApplyDeadlineStart: in.ApplyDeadlineStart, ApplyDeadlineEnd: in.ApplyDeadlineEnd,
		RecruitingStart: in.RecruitingStart, RecruitingEnd: in.RecruitingEnd,
		Reactivated: true,
	}
}

// maxName is the longest name of a club, an account or a project in characters.
const maxName = 70

// checkName refuses a name that is empty, too long, or can't be shown on a line.
func checkName(field, name string) error {
	n, visible := 0, false
	for _, r := range name {
		if unicode.IsControl(r) {
			return invalid(field, "A name is one line of plain text.")
		}
		visible = visible || !unicode.IsSpace(r)
		n++
	}
	if !visible || n > maxName || !utf8.ValidString(name) {
		return invalid(field, "A name has 1 to %d characters.", maxName)
	}
	return nil
}

// allOf gathers the fields of every Invalid among errs into one refusal; another
// error comes back as it is.
func allOf(errs ...error) error {
	all := &Error{Code: Invalid}
	for _, err := range errs {
		if err == nil {
			continue
		}
		refusal, ok := errors.AsType[*Error](err)
		if !ok || refusal.Code != Invalid {
			return err
		}
		all.Fields = append(all.Fields, refusal.Fields...)
	}
	if len(all.Fields) == 0 {
		return nil
	}
	return all
}
