package account_test

import (
	"slices"
	"time"

	"matricula/internal/account"
	"matricula/internal/token"
)

// world is the contract in small: what calls answer and change of accounts, sessions
// and tokens, one after the other, without hashes and rows.
type world struct {
	now      time.Time
	roster   map[string]bool
	people   []*person // all there ever were
	sessions []*session
	letters  []*letter
}

type person struct {
	id                               int64 // told by the Service
	email, password                  string
	confirmed, disabled, owner, gone bool
}

// session is a clubs session, with the end of its refresh token, or a cookie.
type session struct {
	of                    *person
	contract              account.Contract
	issued, expires, keep time.Time // after keep nothing of it is left
	refreshEnded, ended   bool
	access                []*accessToken
	secret                token.Secret // the model never looks at it
}

type accessToken struct {
	in              *session
	issued, expires time.Time
	revoked         bool
	secret          token.Secret
}

type letter struct { // a mailed token
	of      *person
	kind    account.MailTokenKind
	expires time.Time
	ended   bool
	secret  token.Secret
}

const (
	ok, weak  = account.Code(""), "12345678"
	day       = 24 * time.Hour
	clockSkew = time.Minute // how far ahead a token's time of issue may lie
)

func (w *world) with(email string) *person {
	for _, p := range w.people {
		if p.email == email && !p.gone {
			return p
		}
	}
	return nil
}

func (w *world) post(p *person, kind account.MailTokenKind, life time.Duration) *letter {
	w.letters = append(w.letters, &letter{of: p, kind: kind, expires: w.now.Add(life)})
	return w.letters[len(w.letters)-1]
}

func (w *world) register(email, password string) (account.Code, *letter) {
	switch {
	case password == weak:
		return account.WeakPassword, nil
	case !w.roster[email]:
		return account.NotOnRoster, nil
	case w.with(email) != nil:
		return ok, nil // and a notice to its owner
	}
	w.people = append(w.people, &person{email: email, password: password, owner: true})
	return ok, w.resendConfirm(email)
}

func (w *world) resendConfirm(email string) *letter {
	if p := w.with(email); p != nil && !p.confirmed {
		return w.post(p, account.ConfirmToken, 7*day)
	}
	return nil
}

// good reports whether a letter is one of these kinds, and not over.
func (w *world) good(l *letter, kinds ...account.MailTokenKind) bool {
	return l != nil && slices.Contains(kinds, l.kind) && !l.ended && !l.of.gone && w.now.Before(l.expires)
}

func (w *world) confirm(l *letter) account.Code {
	if !w.good(l, account.ConfirmToken) {
		return account.TokenInvalid
	}
	l.of.confirmed = true
	return ok
}

// login signs in on either contract; presented is the cookie that comes along.
func (w *world) login(contract account.Contract, email, password string, presented *session) (account.Code, *session, *letter) {
	p := w.with(email)
	clubs := contract == account.Clubs
	switch {
	case p == nil || p.password == "" || p.password != password || p.disabled || clubs && !p.owner || !clubs && !p.confirmed:
		return account.SignInRefused, nil, nil
	case !p.confirmed:
		return account.Unconfirmed, nil, w.post(p, account.ConfirmToken, 7*day)
	}
	if presented != nil {
		presented.ended = true
	}
	s := &session{of: p, contract: contract, issued: w.now, expires: w.now.Add(10 * day), keep: w.now.Add(10 * day)}
	if clubs {
		s.expires, s.keep = w.now.Add(day), w.now.Add(day+15*time.Minute)
		w.mint(s)
	}
	w.sessions = append(w.sessions, s)
	return ok, s, nil
}

func (w *world) mint(s *session) *accessToken {
	s.access = append(s.access, &accessToken{in: s, issued: w.now, expires: w.now.Add(15 * time.Minute)})
	return s.access[len(s.access)-1]
}

// cookie, refreshes and opens say whether what they are given lets somebody in.
func (w *world) cookie(s *session) bool {
	return s != nil && !s.ended && w.now.Before(s.expires) && s.of.confirmed && !s.of.disabled && !s.of.gone
}

func (w *world) refreshes(s *session) bool {
	return w.cookie(s) && s.of.owner && !s.refreshEnded && !s.issued.After(w.now.Add(clockSkew))
}

func (w *world) opens(a *accessToken) bool {
	return a != nil && !a.in.ended && !a.revoked && w.now.Before(a.expires) && !a.issued.After(w.now.Add(clockSkew)) &&
		a.in.of.confirmed && !a.in.of.disabled && !a.in.of.gone && a.in.of.owner
}

// setPassword is what every change of a password does.
func (w *world) setPassword(p *person, password string, keep *session) {
	p.password = password
	w.end(p, keep, account.Clubs, account.Cohorts)
	w.endLetters(p, account.ResetToken, account.ResetLinkToken, account.SetPasswordToken)
}

func (w *world) end(p *person, keep *session, contracts ...account.Contract) {
	for _, s := range w.sessions {
		s.ended = s.ended || s.of == p && s != keep && slices.Contains(contracts, s.contract)
	}
}

func (w *world) endLetters(p *person, kinds ...account.MailTokenKind) {
	for _, l := range w.letters {
		l.ended = l.ended || l.of == p && slices.Contains(kinds, l.kind)
	}
}

func (w *world) reset(good bool, l *letter, password string) account.Code {
	switch {
	case !good:
		return account.TokenInvalid
	case password == weak:
		return account.WeakPassword
	}
	l.of.confirmed = true
	w.setPassword(l.of, password, nil)
	return ok
}

func (w *world) changePassword(a *accessToken, old, fresh string) account.Code {
	switch {
	case !w.opens(a):
		return account.Unauthenticated
	case old != a.in.of.password:
		return account.WrongPassword
	case old == fresh:
		return account.SamePassword
	case fresh == weak:
		return account.WeakPassword
	}
	w.setPassword(a.in.of, fresh, a.in)
	return ok
}

// purge takes away what time has ended: a clock that is put back revives nothing.
func (w *world) purge() {
	for _, s := range w.sessions {
		s.ended = s.ended || s.keep.Before(w.now)
	}
	for _, l := range w.letters {
		l.ended = l.ended || l.expires.Before(w.now)
	}
}
