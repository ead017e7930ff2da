package account

import (
	"context"
	"errors"
	"time"

	"matricula/internal/token"
)

// AccessToken is a minted access token and how long it lives.
type AccessToken struct {
	Access    token.Secret
	ExpiresIn time.Duration
}

// mint signs an access token of a clubs session. It writes nothing: the session's
// row is what makes the token good.
func (s *Service) mint(session Session, id token.ID) (AccessToken, error) {
	now := s.now()
	ends := now.Add(s.config.AccessTTL)
	if ends.After(session.KeepUntil) {
		ends = session.KeepUntil // no token may outlive the row that can end it
	}
	signed, err := s.config.Issuer.SignAccess(token.Access{
		Account: session.Account, Session: id, ID: token.NewID(), IssuedAt: now, ExpiresAt: ends,
	})
	if err != nil {
		return AccessToken{}, err
	}
	s.count.accessTokens.Add(1)
	return AccessToken{Access: signed, ExpiresIn: ends.Sub(now).Truncate(time.Second)}, nil
}

// JWKS answers the public keys that verify access tokens, as a JWK set (RFC 7517
// §5).
func (s *Service) JWKS() []byte { return s.config.Issuer.JWKS() }

// Refresh mints an access token for a live refresh token (clubs contract,
// "refresh"). It refuses with Unauthenticated.
func (s *Service) Refresh(ctx context.Context, presented token.Secret) (AccessToken, error) {
	claims, err := s.parseRefresh(presented)
	if err != nil {
		return AccessToken{}, err
	}
	h, err := s.refreshHolder(s.store.Read(ctx), claims)
	if err != nil {
		return AccessToken{}, err
	}
	return s.mint(h.Session, claims.Session)
}

// parseRefresh reads a refresh token, without asking the database.
func (s *Service) parseRefresh(presented token.Secret) (token.Refresh, error) {
	claims, err := s.config.Issuer.ParseRefresh(presented, s.now())
	if err != nil {
		return token.Refresh{}, Unauthenticated
	}
	return claims, nil
}

// refreshHolder answers whom a refresh token stands for.
func (s *Service) refreshHolder(r Reader, claims token.Refresh) (Holder, error) {
	h, err := r.Holder(Clubs, claims.Session[:])
	if err != nil {
		return Holder{}, unauthenticated(err)
	}
	live := h.Session.RefreshEndedAt.IsZero() && s.now().Before(h.Session.ExpiresAt)
	if !live || h.Account.ID != claims.Account || !mayUseClub(h.Account) {
		return Holder{}, Unauthenticated
	}
	return h, nil
}

// mayUseClub reports whether an account's clubs tokens count: they do for a
// confirmed, enabled owner of a club, asked anew at each use.
func mayUseClub(a Account) bool { return a.Confirmed() && !a.Disabled() && a.ClubID != 0 }

// parseAccess reads an access token, without asking the database.
func (s *Service) parseAccess(presented token.Secret) (token.Access, error) {
	claims, err := s.config.Issuer.ParseAccess(presented, s.now())
	if err != nil {
		return token.Access{}, Unauthenticated
	}
	return claims, nil
}

// officer answers whom an access token stands for, and the club, in one statement.
func (s *Service) officer(r Reader, claims token.Access) (Holder, Club, error) {
	h, club, err := r.Officer(claims.Session, claims.ID)
	if err != nil {
		return Holder{}, Club{}, unauthenticated(err)
	}
	live := s.now().Before(claims.ExpiresAt)
	if !live || h.Account.ID != claims.Account || !mayUseClub(h.Account) {
		return Holder{}, Club{}, Unauthenticated
	}
	return h, club, nil
}

// unauthenticated says that a session that isn't there is no session; any other
// error stays a fault, for a client must not take an outage for a sign-out.
func unauthenticated(err error) error {
	if errors.Is(err, NotFound) {
		return Unauthenticated
	}
	return err
}

// RevokeAccess ends the access token presented, and nothing else. It refuses with
// Unauthenticated, a second time too.
func (s *Service) RevokeAccess(ctx context.Context, c Caller, presented token.Secret) error {
	claims, err := s.parseAccess(presented)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		h, _, err := s.officer(tx, claims)
		if err != nil {
			return err
		}
		first, err := tx.RevokeAccess(claims.ID, claims.ExpiresAt)
		if err != nil {
			return err
		}
		if !first {
			return Unauthenticated
		}
		return tx.AddEvent(c.event(s.now(), AccessRevoked, h.Account.ID, ""))
	})
}

// RevokeRefresh ends the refresh token presented; access tokens minted from it
// live on until they expire. It refuses with Unauthenticated, a second time too.
func (s *Service) RevokeRefresh(ctx context.Context, c Caller, presented token.Secret) error {
	claims, err := s.parseRefresh(presented)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		h, err := s.refreshHolder(tx, claims)
		if err != nil {
			return err
		}
		now := s.now()
		first, err := tx.EndRefresh(claims.Session, now, now.Add(s.config.AccessTTL))
		if err != nil {
			return err
		}
		if !first {
			return Unauthenticated
		}
		return tx.AddEvent(c.event(now, RefreshRevoked, h.Account.ID, ""))
	})
}

// Member is what a signed-in person of the cohorts contract is told of itself: the
// account, and its roles of the latest cohort.
type Member struct {
	Account Account
	Roles   Roles
}

// Who answers whom a cohorts session stands for (cohorts contract, "info"). It
// refuses with Unauthenticated.
func (s *Service) Who(ctx context.Context, presented token.Secret) (Member, error) {
	if presented.IsZero() {
		return Member{}, Unauthenticated
	}
	digest, now := presented.Digest(), s.now()
	member, ends, err := s.store.Read(ctx).Member(digest[:], now)
	if err != nil {
		return Member{}, unauthenticated(err)
	}
	if !mayStaySignedIn(member.Account, ends, now) {
		return Member{}, Unauthenticated
	}
	return member, nil
}

// mayStaySignedIn reports whether a cohorts session that ends then counts: it does
// for a confirmed, enabled account, asked anew at each use.
func mayStaySignedIn(a Account, ends, now time.Time) bool {
	return now.Before(ends) && a.Confirmed() && !a.Disabled()
}

// memberHolder answers whom a cookie's secret stands for.
func (s *Service) memberHolder(r Reader, presented token.Secret) (Holder, error) {
	digest := presented.Digest()
	h, err := r.Holder(Cohorts, digest[:])
	if err != nil {
		return Holder{}, unauthenticated(err)
	}
	if !mayStaySignedIn(h.Account, h.Session.ExpiresAt, s.now()) {
		return Holder{}, Unauthenticated
	}
	return h, nil
}

// SignOut ends the cohorts session presented. It refuses with Unauthenticated.
func (s *Service) SignOut(ctx context.Context, c Caller, presented token.Secret) error {
	// Looked at before a change is asked for: noise must not take turns at writing.
	if _, err := s.memberHolder(s.store.Read(ctx), presented); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		h, err := s.memberHolder(tx, presented)
		if err != nil {
			return err
		}
		if _, err := tx.EndSession(Cohorts, h.Session.ID); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), SignedOut, h.Account.ID, string(Cohorts)))
	})
}

// Sessions lists the sessions of an account that still can be used.
func (s *Service) Sessions(ctx context.Context, account int64) ([]Session, error) {
	all, err := s.store.Read(ctx).Sessions(account)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var live []Session
	for _, session := range all {
		if now.Before(session.KeepUntil) {
			live = append(live, session)
		}
	}
	return live, nil
}

// EndSessions signs an account out everywhere, and answers how many sessions
// ended. It writes the account as it is: a sign-in reads it, so that the two can't
// both be as if they had not met. Else a session that was answered, and taken, while older
// ones still were could outlive this.
func (s *Service) EndSessions(ctx context.Context, c Caller, account int64) (int64, error) {
	var ended int64
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		a, err := tx.Account(account)
		if err != nil {
			return err
		}
		if err := tx.SetAccount(a); err != nil {
			return err
		}
		if ended, err = tx.EndSessions(account, nil, Clubs, Cohorts); err != nil {
			return err
		}
		return tx.AddEvent(c.event(s.now(), SessionsEnded, account, ""))
	})
	return ended, err
}

// ChangePassword changes the password of the officer whom an access token stands
// for, and ends every other session (clubs contract, "change-password"). It
// refuses with Unauthenticated, WrongPassword, SamePassword, WeakPassword,
// TooMany and Busy. A wrong current password counts as a failed sign-in.
func (s *Service) ChangePassword(ctx context.Context, c Caller, presented token.Secret, old, fresh string) error {
	claims, err := s.parseAccess(presented)
	if err != nil {
		return err
	}
	h, club, err := s.officer(s.store.Read(ctx), claims)
	if err != nil {
		return err
	}
	ctx, done, err := s.takeTurn(ctx, c, true)
	if err != nil {
		return err
	}
	defer done()
	// A sign-in at the same moment may replace an old hash by today's; then the old
	// password is looked at once more.
	err = errHashMoved
	for tries := 0; tries < 3 && errors.Is(err, errHashMoved); tries++ {
		err = s.tryChange(ctx, c, claims, h.Account, club, old, fresh)
		if errors.Is(err, errHashMoved) {
			if h, club, err = s.officer(s.store.Read(ctx), claims); err != nil {
				return err
			}
			err = errHashMoved
		}
	}
	if errors.Is(err, errHashMoved) {
		return &Error{Code: Busy, RetryAfter: busyRetry}
	}
	return err
}

func (s *Service) tryChange(ctx context.Context, c Caller, claims token.Access, a Account, club Club, old, fresh string) error {
	if err := s.checkOld(ctx, c, a, claims.Session[:], old); err != nil {
		return err
	}
	if old == fresh {
		return SamePassword
	}
	if err := s.judge("new_password", fresh, a.Email.Text, club.Name); err != nil {
		return err
	}
	hash, class, err := s.hash(ctx, fresh)
	if err != nil {
		return err
	}
	return s.store.Update(aboutAddress(ctx, a.Email.Key), func(tx Tx) error {
		again, _, err := s.officer(tx, claims)
		if err != nil {
			return err
		}
		if again.Account.PasswordHash != a.PasswordHash {
			return errHashMoved
		}
		now := s.now()
		if err := s.putPassword(tx, again.Account, hash, class, again.Session.ID, now); err != nil {
			return err
		}
		return tx.AddEvent(c.event(now, PasswordChanged, a.ID, ""))
	})
}

// checkOld looks at the password in force, on the same counts of failures as a
// sign-in; the session is live. It refuses with WrongPassword, TooMany and Busy.
func (s *Service) checkOld(ctx context.Context, c Caller, a Account, session []byte, old string) error {
	spent, err := s.spendTry(ctx, c, a.Email.Key, session)
	if err != nil {
		return err
	}
	verdict, err := s.verify(ctx, a, a.Email.Key, old)
	switch {
	case err != nil:
		return errors.Join(err, s.returnTry(context.WithoutCancel(ctx), c, a.Email.Key, spent))
	case !verdict.OK:
		return s.refuseOldPassword(ctx, c, a.ID)
	}
	if s.config.Limits.Off {
		return nil
	}
	return s.store.Update(aboutTries(ctx, c, a.Email.Key), func(tx Tx) error {
		return s.clearTries(tx, c, a.Email.Key, spent)
	})
}

func (s *Service) refuseOldPassword(ctx context.Context, c Caller, account int64) error {
	err := s.store.Update(context.WithoutCancel(ctx), func(tx Tx) error {
		return tx.AddEvent(c.event(s.now(), PasswordRefused, account, ""))
	})
	if err != nil {
		return err
	}
	return WrongPassword
}
