package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"matricula/internal/mail"
	"matricula/internal/password"
	"matricula/internal/token"
)

// Config is what a Service works with. Every field without a default is needed.
type Config struct {
	Store     Store
	Hasher    *password.Hasher
	Policy    password.Policy
	Breached  *password.List // passwords that nobody may choose, besides those that every installation refuses; nil: none
	Master    token.Master
	Issuer    *token.Issuer
	Templates *mail.Templates // needed by Run alone
	Sender    mail.Sender     // needed by Run alone
	MailFrom  string
	Now       func() time.Time
	Log       *slog.Logger

	PublicURL    string   // without a slash at the end; links in mail start with it
	ResetPageURL string   // where the clubs reset link points; the token is added to its query
	Origins      []string // front ends that a cohorts reset link may lead to, the public URL's own among them

	// Lifetimes; zero takes the contract's: 15 minutes, 1 day, 10 days, 7 days, 30 minutes.
	AccessTTL, RefreshTTL, SessionTTL, ConfirmTTL, ResetTTL time.Duration

	// Uneven answers as soon as it can, and so tells a little by its time: for tests
	// of anything else.
	Uneven bool

	Limits Limits
	// HideRoster answers that every address is on the roster when a stranger asks
	// (setting email-exists=off); registering still asks the roster.
	HideRoster bool
}

// Service is the rules. Its methods are safe for concurrent use.
type Service struct {
	config  Config
	store   Store
	origins map[string]bool
	count   counts
	decoys  atomic.Pointer[[]decoyClass]
}

// New answers a Service over the parts it is given.
func New(c Config) *Service {
	ttl := func(d *time.Duration, standard time.Duration) {
		if *d == 0 {
			*d = standard
		}
	}
	ttl(&c.AccessTTL, 15*time.Minute)
	ttl(&c.RefreshTTL, 24*time.Hour)
	ttl(&c.SessionTTL, 240*time.Hour)
	ttl(&c.ConfirmTTL, 168*time.Hour)
	ttl(&c.ResetTTL, 30*time.Minute)
	c.Limits = c.Limits.withDefaults()

	s := &Service{config: c, store: c.Store, origins: map[string]bool{}}
	for _, origin := range c.Origins {
		s.origins[origin] = true
	}
	return s
}

// now is the time that a rule writes and compares: whole microseconds, as the
// store keeps them.
func (s *Service) now() time.Time { return s.config.Now().UTC().Truncate(time.Microsecond) }

// find answers the account with this address, and whether there is one.
func find(r Reader, key string) (Account, bool, error) {
	a, err := r.AccountByEmail(key)
	if errors.Is(err, NotFound) {
		return Account{}, false, nil
	}
	return a, err == nil, err
}

// hash makes a new hash and its class, or refuses with Busy.
func (s *Service) hash(ctx context.Context, secret string) (hash, class string, err error) {
	hash, err = s.config.Hasher.Hash(ctx, secret)
	if err != nil {
		return "", "", hashing(err)
	}
	return hash, s.config.Hasher.Class(), nil
}

// hashing turns what a Hasher says into what a rule says.
func hashing(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, password.ErrBusy):
		return &Error{Code: Busy, RetryAfter: busyRetry}
	case errors.Is(err, password.ErrTooLong):
		return invalid("password", "A password has at most %d characters.", password.MaxRunes)
	}
	return fmt.Errorf("password: %w", err)
}

// busyRetry is what a caller is told to wait when the hash queue is full: by
// then a queue of that length has been worked off.
const busyRetry = time.Second

// judge refuses a weak new password in the named field. own are the words that
// it must not be.
func (s *Service) judge(field, secret string, own ...string) error {
	reasons := s.rules().Judge(secret, own...)
	if len(reasons) == 0 {
		return nil
	}
	refusal := &Error{Code: WeakPassword}
	for _, reason := range reasons {
		refusal.Fields = append(refusal.Fields, FieldError{Field: field, Why: reason.Sentence()})
	}
	return refusal
}

// PasswordReasons answers why the password would be refused at a registration,
// as far as the password alone tells; none means that it is strong.
func (s *Service) PasswordReasons(secret string) []password.Reason {
	return s.rules().Judge(secret)
}

// rules are what every new password is judged by, whichever way it comes.
func (s *Service) rules() password.Rules {
	return password.Rules{Policy: s.config.Policy, List: s.config.Breached}
}

// putPassword is the one way by which a password changes: it ends every reset
// token of both contracts and every session but the one with id keep, and tells the
// owner.
func (s *Service) putPassword(tx Tx, a Account, hash, class string, keep []byte, now time.Time) error {
	if err := tx.SetPassword(a.ID, hash, class); err != nil {
		return err
	}
	if err := tx.EndMailTokens(a.ID, ResetToken, ResetLinkToken, SetPasswordToken); err != nil {
		return err
	}
	if _, err := tx.EndSessions(a.ID, keep, Clubs, Cohorts); err != nil {
		return err
	}
	return tx.AddMail(OutboxMail{
		Account: a.ID, Template: mail.PasswordChanged, To: a.Email.Text, CreatedAt: now, DueAt: now,
	})
}
