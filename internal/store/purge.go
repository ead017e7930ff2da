package store

import (
	"time"

	"matricula/internal/account"
)

// Purge deletes what time has ended.
func (t tx) Purge(ends account.Ends, limit int) (int64, error) {
	var gone int64
	for _, purge := range []struct {
		before    time.Time
		statement string // what is before $1, at most $2 rows
	}{
		{ends.Sessions, `
DELETE FROM sessions
WHERE (contract, id) IN (SELECT contract, id FROM sessions WHERE keep_until < $1 LIMIT $2)`},
		{ends.Revoked, `
DELETE FROM revoked_access
WHERE id IN (SELECT id FROM revoked_access WHERE expires_at < $1 LIMIT $2)`},
		{ends.MailTokens, `
DELETE FROM mail_tokens
WHERE id IN (SELECT id FROM mail_tokens WHERE expires_at < $1 LIMIT $2)`},
		{ends.DeadMails, `
DELETE FROM outbox
WHERE id IN (SELECT id FROM outbox WHERE dead_at < $1 LIMIT $2)`},
		{ends.Lookups, `
DELETE FROM lookups
WHERE (network, address) IN (SELECT network, address FROM lookups WHERE at < $1 LIMIT $2)`},
		{ends.Failures, `
DELETE FROM failures
WHERE (address, lane) IN (SELECT address, lane FROM failures WHERE last_at < $1 LIMIT $2)`},
		{ends.Known, `
DELETE FROM known
WHERE (address, proof) IN (SELECT address, proof FROM known WHERE ends_at < $1 LIMIT $2)`},
		{ends.Tallies, `
DELETE FROM tallies
WHERE subject IN (SELECT subject FROM tallies WHERE began_at < $1 LIMIT $2)`},
		{ends.Events, `
DELETE FROM events
WHERE id IN (SELECT id FROM events WHERE account_id IS NULL AND actor = '' AND at < $1 LIMIT $2)`},
	} {
		n, err := t.exec("purge", purge.statement, purge.before.UnixMicro(), limit)
		if err != nil {
			return 0, err
		}
		gone += n
	}
	return gone, nil
}
