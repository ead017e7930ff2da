package account

import (
	"context"
	"encoding/binary"
	"errors"
	"sort"
	"time"

	"matricula/internal/password"
	"matricula/internal/token"
)

// Pair is what a clubs login answers.
type Pair struct {
	Access           token.Secret
	AccessExpiresIn  time.Duration
	Refresh          token.Secret
	RefreshExpiresIn time.Duration
}

// SignInOfficer checks the password of a confirmed, enabled club owner and starts
// a clubs session (clubs contract, "login"). It refuses with SignInRefused for
// whatever a stranger must not tell apart, with Unconfirmed after a right
// password alone (and queues a fresh mail), with TooMany and with Busy.
func (s *Service) SignInOfficer(ctx context.Context, c Caller, email, secret string) (Pair, error) {
	address, err := ParseAddress(email)
	if err != nil {
		return Pair{}, SignInRefused // no account can have it, so nothing is told
	}
	session := token.NewID()
	mailID := token.NewID()
	var signed Session
	err = s.signIn(ctx, attempt{Caller: c, address: address, secret: token.SecretOf(secret), contract: Clubs}, func(tx Tx, a Account) error {
		now := s.now()
		if !a.Confirmed() {
			return s.remindUnconfirmed(tx, c, a, mailID, now)
		}
		refreshEnds := now.Add(s.config.RefreshTTL)
		signed = s.session(session[:], a.ID, Clubs, c, now, refreshEnds, refreshEnds.Add(s.config.AccessTTL))
		if err := tx.AddSession(signed); err != nil {
			return err
		}
		return s.refundLookup(tx, c, a.Email.Key)
	})
	if err != nil {
		return Pair{}, err
	}
	s.count.clubSessions.Add(1)
	return s.signPair(signed, session)
}

// remindUnconfirmed queues a fresh confirmation mail for a right password.
func (s *Service) remindUnconfirmed(tx Tx, c Caller, a Account, id token.ID, now time.Time) error {
	sends, err := s.mayMail(tx, c, string(ConfirmToken), a.Email.Key, a.ID, now)
	if err != nil {
		return err
	}
	if err := tx.AddEvent(c.event(now, ConfirmAsked, concerned(a, sends), "sign-in")); err != nil {
		return err
	}
	if !sends {
		return addDecoyMail(tx, id, ConfirmToken, now)
	}
	return s.addConfirmMail(tx, a, id, "", now)
}

// signPair signs both tokens of a new clubs session.
func (s *Service) signPair(signed Session, id token.ID) (Pair, error) {
	refresh := token.Refresh{
		Account: signed.Account, Session: id, IssuedAt: signed.CreatedAt, ExpiresAt: signed.ExpiresAt,
	}
	refreshToken, err := s.config.Issuer.SignRefresh(refresh)
	if err != nil {
		return Pair{}, err
	}
	access, err := s.mint(signed, id)
	if err != nil {
		return Pair{}, err
	}
	return Pair{
		Access: access.Access, AccessExpiresIn: access.ExpiresIn,
		Refresh: refreshToken, RefreshExpiresIn: s.config.RefreshTTL,
	}, nil
}

// Cookie is the secret of a new cohorts session and how long it lives.
type Cookie struct {
	Secret    token.Secret
	ExpiresAt time.Time
	// Device is what the account knows the browser by at its next sign-in, for
	// DeviceLife from now; zero where nothing is limited.
	Device token.Secret
}

// SignInMember checks the password of a confirmed, enabled account and starts a
// cohorts session; the session presented, if any, ends (cohorts contract,
// "sign-in"). It refuses with SignInRefused, TooMany and Busy.
func (s *Service) SignInMember(ctx context.Context, c Caller, email, secret string, presented token.Secret) (Member, Cookie, error) {
	address, err := ParseAddress(email)
	if err != nil {
		return Member{}, Cookie{}, SignInRefused
	}
	cookie := Cookie{Secret: token.NewSecret(), Device: s.deviceOf(c)}
	digest := cookie.Secret.Digest()
	in := attempt{Caller: c, address: address, secret: token.SecretOf(secret), contract: Cohorts, presented: presented, device: cookie.Device}
	var member Member
	err = s.signIn(ctx, in, func(tx Tx, a Account) (err error) {
		if !a.Confirmed() {
			return SignInRefused
		}
		now := s.now()
		if err := endPresented(tx, c, presented, now); err != nil {
			return err
		}
		cookie.ExpiresAt = now.Add(s.config.SessionTTL)
		if err := tx.AddSession(s.session(digest[:], a.ID, Cohorts, c, now, cookie.ExpiresAt, cookie.ExpiresAt)); err != nil {
			return err
		}
		member, _, err = tx.Member(digest[:], now)
		return err
	})
	if err != nil {
		return Member{}, Cookie{}, err
	}
	s.count.cohortSessions.Add(1)
	return member, cookie, nil
}

// endPresented ends the cohorts session that a browser brought along.
func endPresented(tx Tx, c Caller, presented token.Secret, now time.Time) error {
	if presented.IsZero() {
		return nil
	}
	digest := presented.Digest()
	h, err := tx.Holder(Cohorts, digest[:])
	if errors.Is(err, NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.EndSession(Cohorts, digest[:]); err != nil {
		return err
	}
	return tx.AddEvent(c.event(now, SignedOut, h.Account.ID, "another sign-in"))
}

func (s *Service) session(id []byte, account int64, contract Contract, c Caller, now, expires, keep time.Time) Session {
	session := Session{ID: id, Account: account, Contract: contract, CreatedAt: now, ExpiresAt: expires, KeepUntil: keep}
	if c.Client.IsValid() {
		session.Client = c.Client.String()
	}
	return session
}

// attempt is somebody who wants to sign in.
type attempt struct {
	Caller
	address   Address
	secret    token.Secret // the password
	contract  Contract
	presented token.Secret // of a cohorts session that came along; zero for none
	device    token.Secret // what the browser is to be known by; zero for none
}

// signIn is the one way in with a password. It costs the same for every address,
// and start runs, in the change that clears the failures and writes the event,
// only while the password that was right still is the one in force.
func (s *Service) signIn(ctx context.Context, in attempt, start func(Tx, Account) error) error {
	session, err := s.ownSession(ctx, in.presented, in.address.Key)
	if err != nil {
		return err
	}
	ctx, done, err := s.takeTurnAt(ctx, in.Caller, in.address.Key, session)
	if err != nil {
		return err
	}
	defer done()
	spent, err := s.spendTry(ctx, in.Caller, in.address.Key, session)
	if err != nil {
		return err
	}
	// A sign-in at the same moment may have replaced an old hash by today's; then
	// the same password is looked at once more.
	err = errHashMoved
	for tries := 0; tries < 3 && errors.Is(err, errHashMoved); tries++ {
		err = s.trySignIn(ctx, in, spent, start)
	}
	if errors.Is(err, errHashMoved) {
		err = &Error{Code: Busy, RetryAfter: busyRetry}
	}
	switch CodeOf(err) {
	case SignInRefused, Unconfirmed:
		return err
	}
	if err != nil {
		// The server failed, not the password; or the caller has gone, before it was
		// looked at or with a right one.
		err = errors.Join(err, s.returnTry(context.WithoutCancel(ctx), in.Caller, in.address.Key, spent))
	}
	return err
}

// errHashMoved says that the hash changed while the password was looked at.
var errHashMoved = errors.New("the password hash changed meanwhile")

func (s *Service) trySignIn(ctx context.Context, in attempt, spent try, start func(Tx, Account) error) error {
	a, found, err := find(s.store.Read(ctx), in.address.Key)
	if err != nil {
		return err
	}
	verdict, err := s.verify(ctx, a, in.address.Key, in.secret.Reveal())
	if err != nil {
		return err
	}
	if !found || !verdict.OK || !mayTry(a, in.contract) {
		return s.refuseSignIn(ctx, in, a.ID)
	}
	fresh, class := "", ""
	if verdict.Outdated {
		if fresh, class, err = s.hash(ctx, in.secret.Reveal()); err != nil {
			return err
		}
	}

	unconfirmed := false
	err = s.store.Update(aboutTries(ctx, in.Caller, in.address.Key), func(tx Tx) error {
		current, err := tx.Account(a.ID)
		switch {
		case errors.Is(err, NotFound):
			return SignInRefused
		case err != nil:
			return err
		case current.PasswordHash != a.PasswordHash:
			return errHashMoved
		case !mayTry(current, in.contract):
			return SignInRefused
		}
		if err := s.clearTries(tx, in.Caller, in.address.Key, spent); err != nil {
			return err
		}
		if fresh != "" {
			if _, err := tx.Rehash(current.ID, current.PasswordHash, fresh, class); err != nil {
				return err
			}
		}
		if err := start(tx, current); err != nil {
			return err
		}
		if unconfirmed = !current.Confirmed(); unconfirmed {
			return nil // the fresh mail is kept, the refusal follows
		}
		return s.welcome(tx, in, current.ID)
	})
	switch {
	case errors.Is(err, SignInRefused):
		return s.refuseSignIn(ctx, in, a.ID)
	case err != nil:
		return err
	case unconfirmed:
		return Unconfirmed
	}
	return nil
}

// mayTry reports whether a right password counts: a club login needs a club, and a
// disabled account gets the common refusal.
func mayTry(a Account, contract Contract) bool {
	return !a.Disabled() && (contract != Clubs || a.ClubID != 0)
}

// welcome writes that somebody signed in, and from where.
func (s *Service) welcome(tx Tx, in attempt, account int64) error {
	now, from := s.now(), in.Caller
	from.Device = in.device
	if err := s.remember(tx, from, in.address.Key, now); err != nil {
		return err
	}
	return tx.AddEvent(in.event(now, SignedIn, account, string(in.contract)))
}

// refuseSignIn writes the event of a failure, for unknown addresses too. It is written
// although the caller may have gone: the password was looked at, so hanging up takes
// back neither the event nor the try.
func (s *Service) refuseSignIn(ctx context.Context, in attempt, account int64) error {
	err := s.store.Update(context.WithoutCancel(ctx), func(tx Tx) error {
		return tx.AddEvent(in.event(s.now(), SignInFailed, account, string(in.contract)))
	})
	if err != nil {
		return err
	}
	return SignInRefused
}

// verify looks at a password. Where there is no hash to look at (no account, or
// one without a password, or with a hash that can't be read) it does the work of
// looking at one of the formats that the stored accounts have.
func (s *Service) verify(ctx context.Context, a Account, key, secret string) (verdict password.Verdict, err error) {
	if a.PasswordHash != "" {
		verdict, err = s.config.Hasher.Verify(ctx, a.PasswordHash, secret)
	}
	unreadable := errors.Is(err, password.ErrFormat)
	if unreadable {
		s.config.Log.Error("an account's password hash can't be read; its owner can set a new one by a reset", "account", a.ID)
	}
	if a.PasswordHash == "" || unreadable {
		err = s.verifyDecoy(ctx, key, secret)
	}
	if errors.Is(err, password.ErrTooLong) {
		return password.Verdict{}, nil // it is nobody's password, so it is a wrong one
	}
	return verdict, hashing(err)
}

// verifyDecoy does that work. A class that can't be made is one of a hash that can't
// be read.
func (s *Service) verifyDecoy(ctx context.Context, key, secret string) error {
	err := s.config.Hasher.VerifyDecoy(ctx, s.decoyFor(key), secret)
	if errors.Is(err, password.ErrFormat) {
		return s.config.Hasher.VerifyDecoy(ctx, s.config.Hasher.Class(), secret)
	}
	return err
}

// decoyClass is a class of hashes, and the share of accounts up to and with it.
type decoyClass struct {
	class string
	upTo  uint64
}

// decoyFor chooses the class of hash that an unknown address seems to have: by a
// keyed digest, so that it is always the same one, and in the proportions of the
// real ones, so that old hashes don't give accounts away.
func (s *Service) decoyFor(key string) string {
	classes := s.decoys.Load()
	if classes == nil || len(*classes) == 0 {
		return s.config.Hasher.Class()
	}
	all := *classes
	digest := s.config.Master.MAC("decoy class", []byte(key))
	point := binary.BigEndian.Uint64(digest[:8]) % all[len(all)-1].upTo
	i := sort.Search(len(all), func(i int) bool { return point < all[i].upTo })
	return all[i].class
}

// CountDecoys reads the proportions of the stored hash formats anew.
func (s *Service) CountDecoys(ctx context.Context) error {
	counts, err := s.store.Read(ctx).PasswordClasses()
	if err != nil {
		return err
	}
	var classes []decoyClass
	for class, n := range counts {
		classes = append(classes, decoyClass{class, uint64(n)}) //gosec:disable G115 -- a count of rows
	}
	sort.Slice(classes, func(i, j int) bool { return classes[i].class < classes[j].class })
	total := uint64(0)
	for i := range classes {
		total += classes[i].upTo
		classes[i].upTo = total
	}
	s.decoys.Store(&classes)
	return nil
}
