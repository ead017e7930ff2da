package store

import (
	"math"

	"matricula/internal/account"
)

func scanEvent(row Row) (e account.Event, err error) {
	err = row.Scan(&e.ID, instant{&e.At}, &e.Kind, orZero(&e.Account), &e.Actor, &e.Client, &e.RequestID, &e.Detail)
	return e, err
}

// Events lists the audit log, newest first.
func (r reader) Events(of, before int64, limit int) ([]account.Event, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	if of == 0 {
		return list(r, "events", scanEvent, `
SELECT id, at, kind, account_id, actor, client, request_id, detail
FROM events
WHERE id < $1
ORDER BY id DESC
LIMIT $2`, before, limit)
	}
	return list(r, "events", scanEvent, `
SELECT id, at, kind, account_id, actor, client, request_id, detail
FROM events
WHERE account_id = $1 AND id < $2
ORDER BY id DESC
LIMIT $3`, of, before, limit)
}

// AddEvent writes a line of the audit log.
func (t tx) AddEvent(e account.Event) error {
	return t.later("add event", `
INSERT INTO events (at, kind, account_id, actor, client, request_id, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		micros(e.At), string(e.Kind), ref(e.Account), e.Actor, e.Client, e.RequestID, e.Detail)
}
