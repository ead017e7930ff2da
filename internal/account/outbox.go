package account

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"matricula/internal/mail"
	"matricula/internal/token"
)

// How the outbox is worked off. A lease outlives the longest sending, so that a
// mail goes out twice only when a process died between the mail server's yes and
// the row's end; and not by much, since the mails of a process that died wait for
// it.
const (
	mailSenders = 8
	mailLease   = time.Minute
	mailTimeout = 45 * time.Second // one sending, every step of it
	retryFirst  = 5 * time.Second
	retryMost   = 5 * time.Minute
	giveUpAfter = 72 * time.Hour // then a mail is dead, kept for the operator to see
)

// outboxPause is the longest time between two looks into an idle outbox. The
// moments are random and nothing that is asked of the server brings one nearer:
// right after a request that could have queued a mail, the next one would take
// longer beside the worker's own changes, and tell a mail from a decoy.
const outboxPause = time.Second

// sendMails works the outbox off until ctx ends. Once it has looked, each sender
// takes a new mail as soon as it is free, so a slow recipient holds up nobody else
// and many mails don't wait for many looks.
func (s *Service) sendMails(ctx context.Context) {
	var sending sync.WaitGroup
	defer sending.Wait() // a stop finishes what it has begun
	busy, free := make(chan struct{}, mailSenders), make(chan struct{}, 1)
	work := func(do func()) {
		busy <- struct{}{}
		sending.Go(func() {
			defer func() {
				<-busy
				select {
				case free <- struct{}{}:
				default: // it is known already
				}
			}()
			do()
		})
	}
	for {
		lease, limit := token.NewID(), mailSenders-len(busy)
		mails, decoys := s.claimMails(ctx, lease, limit)
		for _, m := range mails {
			work(func() { s.sendOne(ctx, m, lease) })
		}
		if len(decoys) > 0 {
			work(func() { s.endDecoys(ctx, decoys, lease) })
		}
		pause := rand.N(outboxPause) //gosec:disable G404 -- it hides how long the work took, and is nobody's secret
		if len(mails)+len(decoys) == limit && len(busy) < mailSenders {
			pause = 0 // there are more, and somebody who is free
		}
		select {
		case <-ctx.Done():
			return
		case <-free:
		case <-time.After(pause):
		}
	}
}

// SendDue sends, one after the other, the mails that are due at this moment, and
// answers how many it tried: what Run does, for whoever wants to wait for it.
func (s *Service) SendDue(ctx context.Context) int {
	const atOnce = 100
	for {
		lease := token.NewID()
		mails, decoys := s.claimMails(ctx, lease, atOnce)
		for _, m := range mails {
			s.sendOne(ctx, m, lease)
		}
		s.endDecoys(ctx, decoys, lease)
		if len(mails) > 0 || len(decoys) < atOnce {
			return len(mails)
		}
	}
}

// claimMails leases up to limit of what is due: mails, and decoys.
func (s *Service) claimMails(ctx context.Context, lease token.ID, limit int) (mails, decoys []OutboxMail) {
	if limit == 0 {
		return nil, nil
	}
	var due []OutboxMail
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		now := s.now()
		due, err = tx.ClaimMail(now, lease, now.Add(mailLease), limit)
		return err
	})
	if err != nil {
		if ctx.Err() == nil {
			s.config.Log.Error("the outbox can't be read", "error", err)
		}
		return nil, nil
	}
	for _, m := range due {
		if m.To == "" {
			decoys = append(decoys, m)
		} else {
			mails = append(mails, m)
		}
	}
	return mails, decoys
}

// endDecoys takes decoys out of the outbox: all in one change, so that no crowd of
// them keeps a real mail waiting, but in a change of its own after the lease's, as
// a mail that was sent ends.
func (s *Service) endDecoys(ctx context.Context, decoys []OutboxMail, lease token.ID) {
	if len(decoys) == 0 {
		return
	}
	err := s.store.Update(context.WithoutCancel(ctx), func(tx Tx) error {
		for _, m := range decoys {
			if _, err := tx.EndMail(m.ID, lease); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.config.Log.Error("decoys can't be taken out of the outbox", "error", err)
	}
}

// sendOne sends a leased mail and writes what came of it. It goes on when ctx
// ends: a mail that was cut off there would go out twice.
func (s *Service) sendOne(ctx context.Context, m OutboxMail, lease token.ID) {
	ctx = context.WithoutCancel(ctx)
	switch err := s.deliver(ctx, m); {
	case err == nil:
		s.count.mailsSent.Add(1)
		s.endMail(ctx, m, lease, "")
	case errors.Is(err, errLinkEnded):
		s.endMail(ctx, m, lease, MailDropped)
	default:
		s.count.mailsFailed.Add(1)
		s.putOff(ctx, m, lease, err)
	}
}

// putOff makes a mail due later, or gives it up.
func (s *Service) putOff(ctx context.Context, m OutboxMail, lease token.ID, reason error) {
	now := s.now()
	due, dead := now.Add(retryAfter(m.Attempts)), time.Time{}
	if mail.Permanent(reason) || now.Sub(m.CreatedAt) >= giveUpAfter {
		dead = now
	}
	s.config.Log.Warn("a mail was not sent", "mail", m.ID, "template", string(m.Template), "attempt", m.Attempts+1,
		"given_up", !dead.IsZero(), "error", reason)
	s.deferMail(ctx, m, lease, due, reason.Error(), dead)
}

// endMail takes a mail out of the outbox, with an event unless kind is "".
func (s *Service) endMail(ctx context.Context, m OutboxMail, lease token.ID, kind EventKind) {
	err := s.store.Update(ctx, func(tx Tx) error {
		held, err := tx.EndMail(m.ID, lease)
		if err != nil || !held || kind == "" {
			return err
		}
		return tx.AddEvent(system.event(s.now(), kind, m.Account, string(m.Template)))
	})
	if err != nil {
		s.config.Log.Error("a mail can't be taken out of the outbox; it may go out again", "mail", m.ID, "error", err)
	}
}

func (s *Service) deferMail(ctx context.Context, m OutboxMail, lease token.ID, due time.Time, reason string, dead time.Time) {
	err := s.store.Update(ctx, func(tx Tx) error {
		held, err := tx.DeferMail(m.ID, lease, due, reason, dead)
		if err != nil || !held || dead.IsZero() {
			return err
		}
		return tx.AddEvent(system.event(dead, MailGivenUp, m.Account, string(m.Template)))
	})
	if err != nil {
		s.config.Log.Error("a mail can't be put off", "mail", m.ID, "error", err)
	}
}

// retryAfter doubles from attempt to attempt up to a bound, with jitter, so that
// many mails don't meet a mail server that is coming back all at once.
func retryAfter(attempts int) time.Duration {
	wait := retryMost
	if attempts < 6 {
		wait = min(retryFirst<<attempts, retryMost)
	}
	return time.Duration(float64(wait) * (0.75 + rand.Float64()/2)) //gosec:disable G404 -- nobody gains by knowing how long it waits
}

// errLinkEnded says that the link a mail would carry has ended meanwhile.
var errLinkEnded = errors.New("the link has ended")

// deliver composes a mail and sends it. Its secret is made here and nowhere kept.
// A mail that makes a template or a sender panic is one that failed.
func (s *Service) deliver(ctx context.Context, m OutboxMail) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	r := s.store.Read(ctx)
	a, err := r.Account(m.Account)
	if errors.Is(err, NotFound) {
		return errLinkEnded
	}
	if err != nil {
		return err
	}
	data := mail.Data{
		Site: hostOf(s.config.PublicURL), SiteURL: s.config.PublicURL, Name: a.Name, Club: m.Data.Club, Email: a.Email.Text,
		OldEmail: m.Data.OldEmail, NewEmail: m.Data.NewEmail, When: m.CreatedAt,
	}
	if m.Token != (token.ID{}) {
		if data.Link, data.Expires, err = s.link(r, m, a); err != nil {
			return err
		}
	} else {
		data.Link = s.config.PublicURL + "/forgot"
	}
	subject, text, html, err := s.config.Templates.Compose(m.Template, data)
	if err != nil {
		return fmt.Errorf("compose %s: %w", m.Template, err)
	}
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	return s.config.Sender.Send(ctx, mail.Message{
		ID:   fmt.Sprintf("%d.%d", m.CreatedAt.UnixMicro(), m.ID),
		From: s.config.MailFrom, To: m.To, Subject: subject, Text: text, HTML: html, Date: s.now(),
	})
}

// link builds the link of a mail from configuration and the derived secret, and
// answers how long it lives from when it was asked for.
func (s *Service) link(r Reader, m OutboxMail, a Account) (string, time.Duration, error) {
	t, err := r.MailToken(m.Token)
	if errors.Is(err, NotFound) || err == nil && !s.now().Before(t.ExpiresAt) {
		return "", 0, errLinkEnded
	}
	if err != nil {
		return "", 0, err
	}
	life := t.ExpiresAt.Sub(t.CreatedAt)
	switch t.Kind {
	case ConfirmToken:
		return s.config.PublicURL + "/api/user/confirm/" + s.config.Issuer.MailToken(token.ConfirmMail, t.ID).Reveal(), life, nil
	case ResetToken:
		return withQuery(s.config.ResetPageURL, "token", s.config.Issuer.MailToken(token.ResetMail, t.ID).Reveal()), life, nil
	}
	signed, err := s.config.Issuer.SignReset(token.Reset{Account: a.ID, ID: t.ID, ExpiresAt: t.ExpiresAt}, a.PasswordHash)
	if err != nil {
		return "", 0, err
	}
	origin := m.Data.Origin
	if !s.origins[origin] {
		origin = s.config.PublicURL // never listed (a mail of an operator), or no longer
	}
	return origin + "/change-password?token=" + url.QueryEscape(signed.Reveal()) + "&id=" + strconv.FormatInt(a.ID, 10), life, nil
}

// withQuery adds a parameter to a configured address, which may have some already.
func withQuery(address, name, value string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // refused at start
	}
	query := u.Query()
	query.Set(name, value)
	u.RawQuery = query.Encode()
	return u.String()
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// OutboxStats counts the mails that wait and those given up.
func (s *Service) OutboxStats(ctx context.Context) (OutboxStats, error) {
	return s.store.Read(ctx).OutboxStats()
}
