package store

import "matricula/internal/account"

func scanEntry(row Row) (e account.RosterEntry, err error) {
	err = row.Scan(&e.Email.Key, &e.Email.Text, instant{&e.AddedAt})
	return e, err
}

// OnRoster reports whether the canonical address is on the roster.
func (r reader) OnRoster(key string) (bool, error) {
	return one(r, "on roster", func(row Row) (on bool, err error) {
		err = row.Scan(yes{&on})
		return on, err
	}, `
SELECT EXISTS (SELECT 1 FROM roster WHERE email_key = $1)`, key)
}

// Roster lists the roster by canonical address.
func (r reader) Roster(after string, limit int) ([]account.RosterEntry, error) {
	return list(r, "roster", scanEntry, `
SELECT email_key, email, added_at
FROM roster
WHERE email_key > $1
ORDER BY email_key
LIMIT $2`, after, limit)
}

// AddToRoster reports whether the address was not on the roster before.
func (t tx) AddToRoster(e account.RosterEntry) (bool, error) {
	return t.did("add to roster", `
INSERT INTO roster (email_key, email, added_at)
VALUES ($1, $2, $3)
ON CONFLICT (email_key) DO NOTHING`, e.Email.Key, e.Email.Text, micros(e.AddedAt))
}

// RemoveFromRoster reports whether the address was on the roster.
func (t tx) RemoveFromRoster(key string) (bool, error) {
	return t.did("remove from roster", `
DELETE FROM roster
WHERE email_key = $1`, key)
}
