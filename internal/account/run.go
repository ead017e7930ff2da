package account

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"matricula/internal/token"
)

// Run does what a server does beside answering: it sends the mails, rereads the
// signing keys, counts the hash formats and deletes what time has ended, or what
// is too much. It blocks until ctx ends and what it had begun is finished.
func (s *Service) Run(ctx context.Context) error {
	var work sync.WaitGroup
	work.Go(func() { s.sendMails(ctx) })
	work.Go(func() { s.every(ctx, time.Second, "the signing keys can't be read", s.LoadKeys) })
	work.Go(func() { s.every(ctx, 5*time.Minute, "the hash formats can't be counted", s.CountDecoys) })
	work.Go(func() { s.every(ctx, time.Minute, "what has ended can't be deleted", s.Purge) })
	work.Go(func() { s.every(ctx, trimEach, "what strangers have heaped up can't be deleted", s.Trim) })
	work.Wait()
	return nil
}

// every calls work now and then each interval, until ctx ends, and logs what
// fails: it is tried again the next time.
func (s *Service) every(ctx context.Context, interval time.Duration, what string, work func(context.Context) error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := calm(ctx, work); err != nil && ctx.Err() == nil {
			s.config.Log.Error(what, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// calm makes an error of a panic: what runs beside the requests must not end the
// program.
func calm(ctx context.Context, work func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return work(ctx)
}

// LoadKeys reads the signing keys and gives them to the issuer; the first server
// on a database makes the first key. A key that the secret doesn't open is an
// error: the secret is not the one of this database.
func (s *Service) LoadKeys(ctx context.Context) error {
	sealed, err := s.store.Read(ctx).SigningKeys()
	if err != nil {
		return err
	}
	if len(sealed) == 0 {
		if sealed, err = s.firstKey(ctx); err != nil {
			return err
		}
	}
	if slices.EqualFunc(sealed, s.config.Issuer.Keys(), func(a SealedKey, b token.KeyInfo) bool { return a.ID == b.ID }) {
		return nil // nothing new
	}
	keys := make([]token.SigningKey, len(sealed))
	for i, k := range sealed {
		if keys[i], err = s.config.Master.OpenKey(k.ID, k.CreatedAt, k.Sealed); err != nil {
			return fmt.Errorf("signing key %s does not open with this secret; give the secret that the database was made with: %w", k.ID, err)
		}
	}
	s.config.Issuer.SetKeys(keys)
	return nil
}

// firstKey makes a signing key unless another instance was quicker.
func (s *Service) firstKey(ctx context.Context) ([]SealedKey, error) {
	key, err := token.NewSigningKey(s.now())
	if err != nil {
		return nil, err
	}
	sealed, err := s.config.Master.SealKey(key)
	if err != nil {
		return nil, err
	}
	var keys []SealedKey
	err = s.store.Update(ctx, func(tx Tx) (err error) {
		if keys, err = tx.SigningKeys(); err != nil || len(keys) > 0 {
			return err
		}
		made := SealedKey{ID: key.ID, CreatedAt: key.CreatedAt, Sealed: sealed}
		if err = tx.AddSigningKey(made); err != nil {
			return err
		}
		keys = []SealedKey{made}
		return tx.AddEvent(system.event(key.CreatedAt, KeyMade, 0, key.ID))
	})
	return keys, err
}

// Keys lists the signing keys, oldest first.
func (s *Service) Keys(ctx context.Context) ([]SealedKey, error) {
	return s.store.Read(ctx).SigningKeys()
}

// atOnce is how many rows of a kind one change deletes: so few that nobody waits long.
const atOnce = 200

// Purge deletes what time has ended, in small changes.
func (s *Service) Purge(ctx context.Context) error {
	for {
		var gone int64
		err := s.store.Update(ctx, func(tx Tx) (err error) {
			now := s.now()
			gone, err = tx.Purge(s.ends(now), atOnce)
			return err
		})
		if err != nil || gone < atOnce {
			return err
		}
	}
}

// ends says when each kind of row has ended. What would revive something when the
// clock is put back, a revoked id above all, stays well beyond its end.
func (s *Service) ends(now time.Time) Ends {
	longAgo, limits := now.Add(-30*24*time.Hour), s.config.Limits
	return Ends{
		Sessions: now, MailTokens: now, Known: now,
		Revoked: longAgo, DeadMails: longAgo, Failures: longAgo, Events: longAgo,
		Lookups: now.Add(-max(limits.LookupWindow, limits.SprayWindow)),
		Tallies: now.Add(-max(limits.MailWindow, limits.SprayWindow)),
	}
}

// trimEach is how often the heaps are looked at: what a flood brings in that time may
// lie on top of what is kept.
const trimEach = 10 * time.Second

// Trim bounds what strangers can add rows to without end: of a heap with more rows
// than are kept, it deletes those that matter least, in small changes, and a tenth
// more, so that it doesn't have to each time.
func (s *Service) Trim(ctx context.Context) error {
	for _, heap := range Heaps {
		if err := s.trim(ctx, heap); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) trim(ctx context.Context, heap Heap) error {
	rows, err := s.store.Read(ctx).Rows(heap)
	if err != nil || rows <= s.config.Limits.Rows {
		return err
	}
	for over := rows - s.config.Limits.Rows*9/10; over > 0; {
		var gone int64
		err := s.store.Update(ctx, func(tx Tx) (err error) {
			limits := s.config.Limits
			rests := Rests{Strangers: limits.Failures, Known: limits.KnownFailures, Since: s.now().Add(-limits.Rest)}
			gone, err = tx.Trim(heap, min(over, atOnce), rests)
			return err
		})
		if err != nil || gone == 0 {
			return err
		}
		over -= gone
	}
	return nil
}

// KeepIssuer answers the issuer of tokens: wanted where it is given, else the one
// that the database keeps. The first server on a database decides which that is,
// wanted or else its public URL, so that a later change of address leaves tokens
// good (setting issuer).
func KeepIssuer(ctx context.Context, store Store, wanted, publicURL string) (string, error) {
	kept, err := store.Read(ctx).Meta(issuerMeta)
	if CodeOf(err) == NotFound {
		err = store.Update(ctx, func(tx Tx) (err error) {
			kept, err = tx.SetMeta(issuerMeta, cmp.Or(wanted, publicURL))
			return err
		})
	}
	return cmp.Or(wanted, kept), err
}

const issuerMeta = "issuer"
