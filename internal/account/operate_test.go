package account_test

import (
	"errors"

	"pgregory.net/rapid"

	"matricula/internal/account"
	"matricula/internal/token"
)

// create makes an account, with a password or an invitation to set one.
func (s *story) create(t *rapid.T) {
	in := account.NewAccount{Email: s.email(t), Name: "Somebody"}
	password := ""
	if rapid.Bool().Draw(t, "with a password") {
		password = s.password(t)
		in.Password = token.SecretOf(password)
	}
	want := ok
	switch {
	case password == weak:
		want = account.WeakPassword
	case s.world.with(in.Email) != nil:
		want = account.Taken
	}
	_, err := s.CreateAccount(s.ctx, operator, in)
	s.agree(t, "account create", err, want)
	if want != ok {
		return
	}
	p := &person{email: in.Email, password: password, confirmed: true}
	s.world.people = append(s.world.people, p)
	if password == "" {
		s.read(s.world.post(p, account.SetPasswordToken, 7*day))
	}
}

// operate is a command of an operator's on somebody who is there, or no longer.
func (s *story) operate(t *rapid.T) {
	p := s.person(t)
	if p == nil || rapid.IntRange(0, 5).Draw(t, "new") == 0 {
		s.create(t)
		return
	}
	command := rapid.SampledFrom([]string{
		"disable", "enable", "delete", "club create", "club delete", "set-email", "set-password", "sign-out", "invite",
	}).Draw(t, "command")
	want := account.NotFound
	if !p.gone {
		want = ok
	}
	var err error
	switch command {
	case "disable", "enable":
		err = s.SetDisabled(s.ctx, operator, p.id, command == "disable")
		if p.disabled = command == "disable"; p.disabled {
			s.world.end(p, nil, account.Clubs, account.Cohorts)
		}
	case "delete":
		err = s.DeleteAccount(s.ctx, operator, p.id)
		p.gone = true
	case "club create":
		if !p.gone && p.owner {
			want = account.Taken
		}
		name := "Chess Club"
		_, err = s.CreateClub(s.ctx, operator, p.id, account.ClubEdit{Name: &name})
		p.owner = true
	case "club delete":
		if !p.owner {
			want = account.NotFound
		}
		err = s.deleteClubOf(p)
		p.owner = false
		s.world.end(p, nil, account.Clubs)
	case "set-email":
		email := s.email(t)
		if other := s.world.with(email); !p.gone && other != nil && other != p {
			want = account.Taken
		}
		err = s.SetEmail(s.ctx, operator, p.id, email)
		if want == ok {
			p.email = email
			s.world.endLetters(p, account.ConfirmToken, account.ResetToken, account.ResetLinkToken, account.SetPasswordToken)
		}
	case "set-password":
		fresh := s.password(t)
		if !p.gone && fresh == weak {
			want = account.WeakPassword
		}
		err = s.SetPassword(s.ctx, operator, p.id, fresh)
		if want == ok {
			s.world.setPassword(p, fresh, nil)
		}
	case "sign-out":
		_, err = s.EndSessions(s.ctx, operator, p.id)
		s.world.end(p, nil, account.Clubs, account.Cohorts)
	case "invite":
		err = s.InviteToSetPassword(s.ctx, operator, p.id)
		if want == ok {
			s.read(s.world.post(p, account.SetPasswordToken, 7*day))
		}
	}
	s.agree(t, command, err, want)
}

// deleteClubOf deletes the club of somebody who may have none, or be gone.
func (s *story) deleteClubOf(p *person) error {
	club, err := s.ClubOwnedBy(s.ctx, p.id)
	if errors.Is(err, account.NotFound) {
		club.ID = 1 << 40
	} else if err != nil {
		return err
	}
	return s.DeleteClub(s.ctx, operator, club.ID)
}
