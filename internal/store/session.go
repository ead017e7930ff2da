package store

import (
	"time"

	"matricula/internal/account"
	"matricula/internal/token"
)

// sessionColumns go with sessionFields.
const sessionColumns = `sessions.id, sessions.account_id, sessions.contract, sessions.client, sessions.created_at,
	sessions.expires_at, sessions.keep_until, sessions.refresh_ended_at`

func sessionFields(s *account.Session) []any {
	return []any{
		&s.ID, &s.Account, &s.Contract, &s.Client, instant{&s.CreatedAt},
		instant{&s.ExpiresAt}, instant{&s.KeepUntil}, instant{&s.RefreshEndedAt},
	}
}

func scanSession(row Row) (s account.Session, err error) {
	err = row.Scan(sessionFields(&s)...)
	return s, err
}

func scanHolder(row Row) (h account.Holder, err error) {
	err = row.Scan(append(sessionFields(&h.Session), accountFields(&h.Account)...)...)
	return h, err
}

// Holder answers a session and its account, in one statement.
func (r reader) Holder(c account.Contract, id []byte) (account.Holder, error) {
	return find(r, "holder", scanHolder, `
SELECT `+sessionColumns+`, `+accountColumns+`
FROM sessions
JOIN accounts ON accounts.id = sessions.account_id
LEFT JOIN clubs ON clubs.account_id = accounts.id
WHERE sessions.contract = $1 AND sessions.id = $2`, string(c), id)
}

// officer is what an access token stands for.
type officer struct {
	holder account.Holder
	club   account.Club
}

func scanOfficer(row Row) (o officer, err error) {
	fields := append(sessionFields(&o.holder.Session), accountFields(&o.holder.Account)...)
	err = row.Scan(append(fields, clubFields(&o.club)...)...)
	return o, err
}

// Officer answers the session, account and club that an access token stands for,
// unless it was revoked, in one statement.
func (r reader) Officer(session, access token.ID) (account.Holder, account.Club, error) {
	o, err := find(r, "officer", scanOfficer, `
SELECT `+sessionColumns+`, `+accountColumns+`, `+clubColumns+`
FROM sessions
JOIN accounts ON accounts.id = sessions.account_id
JOIN clubs ON clubs.account_id = accounts.id
WHERE sessions.contract = 'clubs' AND sessions.id = $1
AND NOT EXISTS (SELECT 1 FROM revoked_access WHERE revoked_access.id = $2)`, session[:], access[:])
	return o.holder, o.club, err
}

// Sessions lists the account's sessions, newest first.
func (r reader) Sessions(of int64) ([]account.Session, error) {
	return list(r, "sessions", scanSession, `
SELECT `+sessionColumns+`
FROM sessions
WHERE account_id = $1
ORDER BY created_at DESC, id`, of)
}

// AddSession writes a new session.
func (t tx) AddSession(s account.Session) error {
	return t.later("add session", `
INSERT INTO sessions (id, account_id, contract, client, created_at, expires_at, keep_until, refresh_ended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		s.ID, s.Account, string(s.Contract), s.Client, micros(s.CreatedAt), micros(s.ExpiresAt), micros(s.KeepUntil),
		micros(s.RefreshEndedAt))
}

// EndSession deletes a session and reports whether it was there.
func (t tx) EndSession(c account.Contract, id []byte) (bool, error) {
	return t.did("end session", `
DELETE FROM sessions
WHERE contract = $1 AND id = $2`, string(c), id)
}

// EndSessions deletes the account's sessions of these contracts but the one with
// id except.
func (t tx) EndSessions(of int64, except []byte, contracts ...account.Contract) (int64, error) {
	if except == nil {
		except = []byte{} // NULL would compare with nothing
	}
	var ended int64
	for _, c := range contracts {
		n, err := t.exec("end sessions", `
DELETE FROM sessions
WHERE account_id = $1 AND contract = $2 AND id <> $3`, of, string(c), except)
		if err != nil {
			return 0, err
		}
		ended += n
	}
	return ended, nil
}

// EndRefresh marks the refresh token of a clubs session revoked. Written with CASE
// because the engines name the lesser of two values differently.
func (t tx) EndRefresh(session token.ID, at, keep time.Time) (bool, error) {
	return t.did("end refresh", `
UPDATE sessions
SET refresh_ended_at = $2, keep_until = CASE WHEN keep_until < $3 THEN keep_until ELSE $3 END
WHERE contract = 'clubs' AND id = $1 AND refresh_ended_at IS NULL`, session[:], micros(at), micros(keep))
}

// RevokeAccess remembers an access token's id until it has expired.
func (t tx) RevokeAccess(access token.ID, expiresAt time.Time) (bool, error) {
	return t.did("revoke access", `
INSERT INTO revoked_access (id, expires_at)
VALUES ($1, $2)
ON CONFLICT (id) DO NOTHING`, access[:], micros(expiresAt))
}
