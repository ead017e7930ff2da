package store

import (
	"slices"
	"time"

	"matricula/internal/account"
	"matricula/internal/token"
)

func scanMailToken(row Row) (account.MailToken, error) {
	m := new(account.MailToken) // octets writes into its array
	err := row.Scan(octets{m.ID[:]}, orZero(&m.Account), &m.Kind, instant{&m.CreatedAt}, instant{&m.ExpiresAt})
	return *m, err
}

// MailToken answers the row of a mailed token.
func (r reader) MailToken(id token.ID) (account.MailToken, error) {
	return one(r, "mail token", scanMailToken, `
SELECT id, account_id, kind, created_at, expires_at
FROM mail_tokens
WHERE id = $1`, id[:])
}

// AddMailToken writes a new token.
func (t tx) AddMailToken(m account.MailToken) error {
	return t.later("add mail token", `
INSERT INTO mail_tokens (id, account_id, kind, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5)`, m.ID[:], ref(m.Account), string(m.Kind), micros(m.CreatedAt), micros(m.ExpiresAt))
}

// EndMailToken deletes a token and reports whether it was there.
func (t tx) EndMailToken(id token.ID) (bool, error) {
	return t.did("end mail token", `
DELETE FROM mail_tokens
WHERE id = $1`, id[:])
}

// EndMailTokens deletes the account's tokens of these kinds.
func (t tx) EndMailTokens(of int64, kinds ...account.MailTokenKind) error {
	if len(kinds) == 0 {
		return nil
	}
	args := []any{of}
	for _, kind := range kinds {
		args = append(args, string(kind))
	}
	return t.later("end mail tokens", `
DELETE FROM mail_tokens
WHERE account_id = $1 AND kind IN (`+placeholders(2, len(kinds))+`)`, args...)
}

// mailColumns go with scanMail.
const mailColumns = `id, account_id, template, recipient, token_id, data, created_at, due_at, attempts, last_error, dead_at`

func scanMail(row Row) (account.OutboxMail, error) {
	m := new(account.OutboxMail) // octets writes into its array
	err := row.Scan(&m.ID, orZero(&m.Account), &m.Template, &m.To, octets{m.Token[:]}, document{&m.Data},
		instant{&m.CreatedAt}, instant{&m.DueAt}, &m.Attempts, &m.LastError, instant{&m.DeadAt})
	return *m, err
}

// OutboxStats counts what waits.
func (r reader) OutboxStats() (account.OutboxStats, error) {
	return one(r, "outbox stats", func(row Row) (s account.OutboxStats, err error) {
		err = row.Scan(&s.Waiting, &s.Dead, instant{&s.Oldest})
		return s, err
	}, `
SELECT COUNT(*) FILTER (WHERE dead_at IS NULL), COUNT(*) FILTER (WHERE dead_at IS NOT NULL),
	MIN(created_at) FILTER (WHERE dead_at IS NULL)
FROM outbox`)
}

// AddMail puts a mail into the outbox.
func (t tx) AddMail(m account.OutboxMail) error {
	var tokenID any
	if m.Token != (token.ID{}) {
		tokenID = m.Token[:]
	}
	return t.later("add mail", `
INSERT INTO outbox (account_id, template, recipient, token_id, data, created_at, due_at, attempts, last_error, dead_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		ref(m.Account), string(m.Template), m.To, tokenID, encode(m.Data), micros(m.CreatedAt), micros(m.DueAt),
		m.Attempts, m.LastError, micros(m.DeadAt))
}

// ClaimMail leases due mails to one worker, in one statement. What is due is asked
// once and kept: a plan that asks again for each row would find others each time,
// since it passes over those that it has locked.
func (t tx) ClaimMail(now time.Time, lease token.ID, until time.Time, limit int) ([]account.OutboxMail, error) {
	mails, err := list(t.reader, "claim mail", scanMail, `
WITH due AS MATERIALIZED (
	SELECT id
	FROM outbox
	WHERE dead_at IS NULL AND due_at <= $3 AND (leased_until IS NULL OR leased_until < $3)
	ORDER BY due_at, id
	LIMIT $4 `+t.engine.ClaimLock()+`)
UPDATE outbox
SET lease = $1, leased_until = $2
WHERE id IN (SELECT id FROM due)
RETURNING `+mailColumns, lease[:], micros(until), now.UnixMicro(), limit)
	// RETURNING keeps no order.
	slices.SortFunc(mails, func(a, b account.OutboxMail) int {
		if order := a.DueAt.Compare(b.DueAt); order != 0 {
			return order
		}
		return int(a.ID - b.ID)
	})
	return mails, err
}

// EndMail deletes a mail that this lease still holds.
func (t tx) EndMail(id int64, lease token.ID) (bool, error) {
	return t.did("end mail", `
DELETE FROM outbox
WHERE id = $1 AND lease = $2`, id, lease[:])
}

// DeferMail ends the lease and makes the mail due later, or gives it up. The reason
// may hold the words of a mail server, which are no text for certain.
func (t tx) DeferMail(id int64, lease token.ID, due time.Time, reason string, dead time.Time) (bool, error) {
	return t.did("defer mail", `
UPDATE outbox
SET lease = NULL, leased_until = NULL, due_at = $3, attempts = attempts + 1, last_error = $4, dead_at = $5
WHERE id = $1 AND lease = $2`, id, lease[:], micros(due), text(reason), micros(dead))
}
