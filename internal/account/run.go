package account

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"matricula/internal/token"
)

// Run does what a server does beside answering: it sends the mails, rereads the
// signing keys, counts the hash formats and deletes what time has ended. It
// blocks until ctx ends and what it had begun is finished.
func (s *Service) Run(ctx context.Context) error {
	var work sync.WaitGroup
	work.Go(func() { s.sendMails(ctx) })
	work.Go(func() { s.every(ctx, time.Second, "the signing keys can't be read", s.LoadKeys) })
	work.Go(func() { s.every(ctx, 5*time.Minute, "the hash formats can't be counted", s.CountDecoys) })
	work.Go(func() { s.every(ctx, time.Minute, "what has ended can't be deleted", s.Purge) })
	work.Wait()
	return nil
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
	if slices.EqualFunc(sealed, s.Issuer.Keys(), func(a SealedKey, b token.KeyInfo) bool { return a.ID == b.ID }) {
		return nil // nothing new
	}
	keys := make([]token.SigningKey, len(sealed))
	for i, k := range sealed {
		if keys[i], err = s.Master.OpenKey(k.ID, k.CreatedAt, k.Sealed); err != nil {
			return fmt.Errorf("signing key %s does not open with this secret; give the secret that the database was made with: %w", k.ID, err)
		}
	}
	s.Issuer.SetKeys(keys)
	return nil
}

// firstKey makes a signing key unless another instance was quicker.
func (s *Service) firstKey(ctx context.Context) ([]SealedKey, error) {
	key, err := token.NewSigningKey(s.now())
	if err != nil {
		return nil, err
	}
	sealed, err := s.Master.SealKey(key)
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
		return tx.AddEvent(Caller{}.event(key.CreatedAt, KeyMade, 0, key.ID))
	})
	return keys, err
}

// Keys lists the signing keys, oldest first.
func (s *Service) Keys(ctx context.Context) ([]SealedKey, error) {
	return s.store.Read(ctx).SigningKeys()
}

// Purge deletes what time has ended, in small changes, so that nobody waits long.
func (s *Service) Purge(ctx context.Context) error {
	const atOnce = 500
	for {
		var gone int64
		err := s.store.Update(ctx, func(tx Tx) (err error) {
			now := s.now()
			gone, err = tx.Purge(now, now.Add(-staleAfter), atOnce)
			return err
		})
		if err != nil || gone < atOnce {
			return err
		}
	}
}

// staleAfter is how long failures, lookups and events without an account are
// kept: longer than any limit looks back.
const staleAfter = 30 * 24 * time.Hour

// KeepIssuer answers the issuer of tokens that this installation keeps: wanted
// where it is given, else the one kept, else the public URL, kept from then on
// so that a change of address leaves tokens good (setting issuer).
func KeepIssuer(ctx context.Context, store Store, wanted, publicURL string) (string, error) {
	if wanted != "" {
		return wanted, nil
	}
	kept, err := store.Read(ctx).Meta(issuerMeta)
	if CodeOf(err) != NotFound {
		return kept, err
	}
	err = store.Update(ctx, func(tx Tx) (err error) {
		kept, err = tx.SetMeta(issuerMeta, publicURL)
		return err
	})
	return kept, err
}

const issuerMeta = "issuer"
