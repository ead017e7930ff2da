package account_test

import (
	"pgregory.net/rapid"

	"matricula/internal/account"
)

// look tries everything that anybody ever held, in ways that change nothing, and
// asks for every account.
func (s *story) look(t *rapid.T) {
	for _, email := range s.emails {
		s.lookAt(t, email)
	}
	for _, one := range s.world.sessions {
		if one.contract == account.Cohorts {
			_, err := s.Who(s.ctx, one.secret)
			s.agree(t, "the cookie of "+one.of.email, err, unless(s.world.cookie(one), account.Unauthenticated))
			continue
		}
		_, err := s.Refresh(s.ctx, one.secret)
		s.agree(t, "the refresh token of "+one.of.email, err, unless(s.world.refreshes(one), account.Unauthenticated))
		for _, access := range one.access {
			_, _, err := s.ClubOf(s.ctx, access.secret)
			s.agree(t, "an access token of "+one.of.email, err, unless(s.world.opens(access), account.Unauthenticated))
		}
	}
	for _, l := range s.world.letters {
		s.lookInto(t, l)
	}
}

// lookInto tries a mailed token: one that sets a password with a weak one, which
// leaves it as it is, and one that confirms where that changes nothing.
func (s *story) lookInto(t *rapid.T, l *letter) {
	what := "the link of " + l.of.email
	good := s.world.good(l, l.kind)
	switch l.kind {
	case account.ConfirmToken:
		if good && !l.of.confirmed {
			return
		}
		s.agree(t, what, s.Confirm(s.ctx, someone, l.secret), unless(good, account.TokenInvalid))
	case account.ResetToken:
		s.agree(t, what, s.Reset(s.ctx, someone, l.secret, weak), either(good, account.WeakPassword, account.TokenInvalid))
	default:
		err := s.ResetByLink(s.ctx, someone, l.of.id, l.secret, weak)
		s.agree(t, what, err, either(good, account.WeakPassword, account.TokenInvalid))
	}
}

// lookAt compares an account with the person who has its address.
func (s *story) lookAt(t *rapid.T, email string) {
	p := s.world.with(email)
	found, err := s.FindAccount(s.ctx, email)
	s.agree(t, "the account "+email, err, unless(p != nil, account.NotFound))
	if p == nil {
		return
	}
	if p.id == 0 {
		if p.id = found.ID; p.id <= s.highest {
			t.Fatalf("%s has id %d, where %d was given before", email, p.id, s.highest)
		}
		s.highest = p.id
	}
	got := person{id: found.ID, email: found.Email.Key, confirmed: found.Confirmed(), disabled: found.Disabled(), owner: found.ClubID != 0}
	want := *p
	if want.password = ""; got != want {
		t.Fatalf("the account is %+v, the model has %+v", got, want)
	}
}

func unless(holds bool, refusal account.Code) account.Code { return either(holds, ok, refusal) }

func either(holds bool, yes, no account.Code) account.Code {
	if holds {
		return yes
	}
	return no
}
