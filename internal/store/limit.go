package store

import (
	"errors"
	"time"

	"matricula/internal/account"
	"matricula/internal/token"
)

// Failures answers the consecutive failures of an address.
func (r reader) Failures(address token.Digest) (account.Failures, error) {
	f, err := one(r, "failures", func(row Row) (f account.Failures, err error) {
		err = row.Scan(&f.Count, instant{&f.LastAt})
		return f, err
	}, `
SELECT count, last_at
FROM failures
WHERE address = $1`, address[:])
	if errors.Is(err, account.NotFound) {
		return account.Failures{}, nil
	}
	return f, err
}

// AddFailure counts one more and answers the new count, in one statement.
func (t tx) AddFailure(address token.Digest, at time.Time) (int64, error) {
	return one(t.reader, "add failure", value[int64], `
INSERT INTO failures (address, count, last_at)
VALUES ($1, 1, $2)
ON CONFLICT (address) DO UPDATE SET count = failures.count + 1, last_at = excluded.last_at
RETURNING count`, address[:], micros(at))
}

// ClearFailures forgets the failures of an address.
func (t tx) ClearFailures(address token.Digest) error {
	_, err := t.exec("clear failures", `
DELETE FROM failures
WHERE address = $1`, address[:])
	return err
}

// TakeBackFailure counts one less, down to none.
func (t tx) TakeBackFailure(address token.Digest, at, before time.Time) error {
	if before.IsZero() {
		before = at // there was none, so it is none again or others came meanwhile
	}
	none, err := t.did("take back the failure", `
DELETE FROM failures
WHERE address = $1 AND count <= 1`, address[:])
	if err != nil || none {
		return err
	}
	_, err = t.exec("take back a failure", `
UPDATE failures
SET count = count - 1, last_at = CASE WHEN last_at = $2 THEN $3 ELSE last_at END
WHERE address = $1`, address[:], micros(at), micros(before))
	return err
}

// AddLookup notes that a network asked about an address, and counts the addresses
// that it asked about since then. What a clock that ran ahead has noted counts
// again when it is asked again.
func (t tx) AddLookup(network, address token.Digest, at, since time.Time) (asked int64, oldest time.Time, err error) {
	_, err = t.exec("add lookup", `
INSERT INTO lookups (network, address, at)
VALUES ($1, $2, $3)
ON CONFLICT (network, address) DO UPDATE SET at = excluded.at WHERE lookups.at < $4 OR lookups.at > excluded.at`,
		network[:], address[:], micros(at), since.UnixMicro())
	if err != nil {
		return 0, time.Time{}, err
	}
	_, err = one(t.reader, "count lookups", func(row Row) (struct{}, error) {
		return struct{}{}, row.Scan(&asked, instant{&oldest})
	}, `
SELECT COUNT(*), MIN(at)
FROM lookups
WHERE network = $1 AND at >= $2 AND at <= $3`, network[:], since.UnixMicro(), micros(at))
	return asked, oldest, err
}

// ForgetLookup takes such a note back.
func (t tx) ForgetLookup(network, address token.Digest) error {
	_, err := t.exec("forget lookup", `
DELETE FROM lookups
WHERE network = $1 AND address = $2`, network[:], address[:])
	return err
}
