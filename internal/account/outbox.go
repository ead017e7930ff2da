package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strconv"
	"sync"
	"time"

	"matricula/internal/mail"
	"matricula/internal/token"
)

// How the outbox is worked off. A lease outlives the longest sending of a batch
// by far, so that a mail goes out twice only when a process died between the
// mail server's yes and the row's end.
const (
	mailBatch   = 16
	mailSenders = 4
	mailLease   = 5 * time.Minute
	mailTimeout = 45 * time.Second // one sending, every step of it
	retryFirst  = 5 * time.Second
	retryMost   = 5 * time.Minute
	giveUpAfter = 72 * time.Hour // then a mail is dead, kept for the operator to see
)

// mailAdded wakes the worker after a change of this process that queued a mail.
func (s *Service) mailAdded() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake already
	}
}

// sendMails works the outbox off until ctx ends: when a change of this process
// queued a mail, and each second besides, for commands beside the server and
// other instances queue too.
func (s *Service) sendMails(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		for s.SendDue(ctx) == mailBatch && ctx.Err() == nil {
			// A full batch: more may wait.
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-tick.C:
		}
	}
}

// SendDue leases one batch of due mails, sends them, and answers how many it
// leased. What fails stays and is due again later.
func (s *Service) SendDue(ctx context.Context) int {
	lease := token.NewID()
	var batch []OutboxMail
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		now := s.now()
		batch, err = tx.ClaimMail(now, lease, now.Add(mailLease), mailBatch)
		return err
	})
	if err != nil {
		if ctx.Err() == nil {
			s.Log.Error("the outbox can't be read", "error", err)
		}
		return 0
	}
	// A stop finishes what it has begun, so that no mail goes out twice for it.
	ctx = context.WithoutCancel(ctx)
	var senders sync.WaitGroup
	places := make(chan struct{}, mailSenders)
	for _, m := range batch {
		places <- struct{}{}
		senders.Go(func() {
			defer func() { <-places }()
			s.sendOne(ctx, m, lease)
		})
	}
	senders.Wait()
	return len(batch)
}

// sendOne sends a leased mail and writes what came of it.
func (s *Service) sendOne(ctx context.Context, m OutboxMail, lease token.ID) {
	err := s.deliver(ctx, m)
	if err == nil {
		err = s.store.Update(ctx, func(tx Tx) error {
			_, err := tx.EndMail(m.ID, lease)
			return err
		})
		if err != nil {
			s.Log.Error("a sent mail can't be ended; it may go out again", "mail", m.ID, "error", err)
		}
		return
	}
	if errors.Is(err, errLinkEnded) {
		s.endMail(ctx, m, lease, MailDropped)
		return
	}
	now := s.now()
	due, dead := now.Add(retryAfter(m.Attempts)), time.Time{}
	if mail.Permanent(err) || now.Sub(m.CreatedAt) >= giveUpAfter {
		dead = now
	}
	s.Log.Warn("a mail was not sent", "mail", m.ID, "template", string(m.Template), "attempt", m.Attempts+1, "given_up", !dead.IsZero(), "error", err)
	s.deferMail(ctx, m, lease, due, err.Error(), dead)
}

// endMail takes a mail that has no use any more out of the outbox.
func (s *Service) endMail(ctx context.Context, m OutboxMail, lease token.ID, kind EventKind) {
	err := s.store.Update(ctx, func(tx Tx) error {
		held, err := tx.EndMail(m.ID, lease)
		if err != nil || !held || m.To == "" {
			return err
		}
		return tx.AddEvent(Caller{}.event(s.now(), kind, m.Account, string(m.Template)))
	})
	if err != nil {
		s.Log.Error("a mail can't be dropped", "mail", m.ID, "error", err)
	}
}

func (s *Service) deferMail(ctx context.Context, m OutboxMail, lease token.ID, due time.Time, reason string, dead time.Time) {
	err := s.store.Update(ctx, func(tx Tx) error {
		held, err := tx.DeferMail(m.ID, lease, due, reason, dead)
		if err != nil || !held || dead.IsZero() {
			return err
		}
		return tx.AddEvent(Caller{}.event(dead, MailGivenUp, m.Account, string(m.Template)))
	})
	if err != nil {
		s.Log.Error("a mail can't be put off", "mail", m.ID, "error", err)
	}
}

// retryAfter doubles from attempt to attempt up to a bound, with jitter, so that
// many mails don't meet a mail server that is coming back all at once.
func retryAfter(attempts int) time.Duration {
	wait := retryMost
	if attempts < 6 {
		wait = min(retryFirst<<attempts, retryMost)
	}
	return time.Duration(float64(wait) * (0.75 + rand.Float64()/2))
}

// errLinkEnded says that the link a mail would carry has ended meanwhile.
var errLinkEnded = errors.New("the link has ended")

// deliver composes a mail and sends it. Its secret is made here and nowhere kept.
func (s *Service) deliver(ctx context.Context, m OutboxMail) error {
	if m.To == "" {
		return errLinkEnded // a decoy
	}
	r := s.store.Read(ctx)
	a, err := r.Account(m.Account)
	if errors.Is(err, NotFound) {
		return errLinkEnded
	}
	if err != nil {
		return err
	}
	data := mail.Data{
		Site: hostOf(s.PublicURL), SiteURL: s.PublicURL, Name: a.Name, Club: m.Data.Club, Email: a.Email.Text,
		OldEmail: m.Data.OldEmail, NewEmail: m.Data.NewEmail, When: m.CreatedAt,
	}
	if m.Token != (token.ID{}) {
		if data.Link, data.Expires, err = s.link(r, m, a); err != nil {
			return err
		}
	} else {
		data.Link = s.PublicURL + "/forgot"
	}
	subject, text, html, err := s.Templates.Compose(m.Template, data)
	if err != nil {
		return fmt.Errorf("compose %s: %w", m.Template, err)
	}
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	return s.Sender.Send(ctx, mail.Message{
		ID:   fmt.Sprintf("%d.%d", m.CreatedAt.UnixMicro(), m.ID),
		From: s.MailFrom, To: m.To, Subject: subject, Text: text, HTML: html, Date: s.now(),
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
		return s.PublicURL + "/api/user/confirm/" + s.Issuer.MailToken(token.ConfirmMail, t.ID).Reveal(), life, nil
	case ResetToken:
		return withQuery(s.ResetPageURL, "token", s.Issuer.MailToken(token.ResetMail, t.ID).Reveal()), life, nil
	}
	signed, err := s.Issuer.SignReset(token.Reset{Account: a.ID, ID: t.ID, ExpiresAt: t.ExpiresAt}, a.PasswordHash)
	if err != nil {
		return "", 0, err
	}
	origin := m.Data.Origin
	if !s.origins[origin] {
		origin = s.PublicURL // never listed (a mail of an operator), or no longer
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

// every calls work now and then each interval, until ctx ends, and logs what
// fails: it is tried again the next time.
func (s *Service) every(ctx context.Context, interval time.Duration, what string, work func(context.Context) error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := work(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error(what, slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
