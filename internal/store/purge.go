package store

import "time"

// purges delete what time has ended: what is before $1, at most $2 rows. Those of
// the first list end at a time of their own, those of the second get stale.
var (
	purgeEnded = []string{`
DELETE FROM sessions
WHERE (contract, id) IN (SELECT contract, id FROM sessions WHERE keep_until < $1 LIMIT $2)`, `
DELETE FROM revoked_access
WHERE id IN (SELECT id FROM revoked_access WHERE expires_at < $1 LIMIT $2)`, `
DELETE FROM mail_tokens
WHERE id IN (SELECT id FROM mail_tokens WHERE expires_at < $1 LIMIT $2)`,
	}
	purgeStale = []string{`
DELETE FROM lookups
WHERE (network, address) IN (SELECT network, address FROM lookups WHERE at < $1 LIMIT $2)`, `
DELETE FROM failures
WHERE address IN (SELECT address FROM failures WHERE last_at < $1 LIMIT $2)`, `
DELETE FROM events
WHERE id IN (SELECT id FROM events WHERE account_id IS NULL AND at < $1 LIMIT $2)`,
	}
)

// Purge deletes what time has ended.
func (t tx) Purge(now, stale time.Time, limit int) (int64, error) {
	var gone int64
	for _, purge := range []struct {
		statements []string
		before     time.Time
	}{{purgeEnded, now}, {purgeStale, stale}} {
		for _, statement := range purge.statements {
			n, err := t.exec("purge", statement, purge.before.UnixMicro(), limit)
			if err != nil {
				return 0, err
			}
			gone += n
		}
	}
	return gone, nil
}
