package store

import (
	"errors"
	"time"

	"matricula/internal/account"
	"matricula/internal/token"
)

// laneColumn is a lane as a column keeps it: nothing for the strangers'.
func laneColumn(lane token.Digest) []byte {
	if lane == (token.Digest{}) {
		return []byte{}
	}
	return lane[:]
}

// Failures answers the consecutive failures in a lane of an address.
func (r reader) Failures(address, lane token.Digest) (account.Failures, error) {
	f, err := one(r, "failures", func(row Row) (f account.Failures, err error) {
		err = row.Scan(&f.Count, instant{&f.LastAt})
		return f, err
	}, `
SELECT count, last_at
FROM failures
WHERE address = $1 AND lane = $2`, address[:], laneColumn(lane))
	if errors.Is(err, account.NotFound) {
		return account.Failures{}, nil
	}
	return f, err
}

// AddFailure counts one more and answers the new count, in one statement.
func (t tx) AddFailure(address, lane token.Digest, at time.Time) (int64, error) {
	return one(t.reader, "add failure", value[int64], `
INSERT INTO failures (address, lane, count, last_at)
VALUES ($1, $2, 1, $3)
ON CONFLICT (address, lane) DO UPDATE SET count = failures.count + 1, last_at = excluded.last_at
RETURNING count`, address[:], laneColumn(lane), micros(at))
}

// ClearFailures forgets the failures in one lane of an address.
func (t tx) ClearFailures(address, lane token.Digest) error {
	_, err := t.exec("clear failures", `
DELETE FROM failures
WHERE address = $1 AND lane = $2`, address[:], laneColumn(lane))
	return err
}

// ForgetFailures forgets the failures in every lane of an address.
func (t tx) ForgetFailures(address token.Digest) error {
	_, err := t.exec("forget failures", `
DELETE FROM failures
WHERE address = $1`, address[:])
	return err
}

// TakeBackFailures counts so many less, down to none.
func (t tx) TakeBackFailures(address, lane token.Digest, n int64, at, before time.Time) error {
	if before.IsZero() {
		before = at // there was none, so it is none again or others came meanwhile
	}
	none, err := t.did("take back the failures", `
DELETE FROM failures
WHERE address = $1 AND lane = $2 AND count <= $3`, address[:], laneColumn(lane), n)
	if err != nil || none {
		return err
	}
	_, err = t.exec("take back failures", `
UPDATE failures
SET count = count - $3, last_at = CASE WHEN last_at = $4 THEN $5 ELSE last_at END
WHERE address = $1 AND lane = $2`, address[:], laneColumn(lane), n, micros(at), micros(before))
	return err
}

// Known answers which of these proofs the address knows at now.
func (r reader) Known(address token.Digest, now time.Time, proofs ...token.Digest) ([]token.Digest, error) {
	args := []any{address[:], micros(now)}
	for _, proof := range proofs {
		args = append(args, proof[:])
	}
	return list(r, "known", func(row Row) (token.Digest, error) {
		proof := new(token.Digest) // octets writes into its array
		err := row.Scan(octets{proof[:]})
		return *proof, err
	}, `
SELECT proof
FROM known
WHERE address = $1 AND ends_at > $2 AND proof IN (`+placeholders(3, len(proofs))+`)
ORDER BY proof`, args...)
}

// AddKnown notes a proof, or that it was seen again, and drops those that were
// seen longest ago beyond the number given; before them those that a clock which ran
// ahead has seen, for they would keep out whoever comes now.
func (t tx) AddKnown(address, proof token.Digest, seen, ends time.Time, most int) error {
	_, err := t.exec("add known", `
INSERT INTO known (address, proof, seen_at, ends_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (address, proof) DO UPDATE SET seen_at = excluded.seen_at, ends_at = excluded.ends_at`,
		address[:], proof[:], micros(seen), micros(ends))
	if err != nil {
		return err
	}
	_, err = t.exec("drop known", `
DELETE FROM known
WHERE address = $1 AND proof IN (
	SELECT proof
	FROM known
	WHERE address = $1
	ORDER BY seen_at > $2, seen_at DESC, proof
	LIMIT 1000 OFFSET $3)`, address[:], micros(seen), most)
	return err
}

// ForgetKnown forgets every proof of an address.
func (t tx) ForgetKnown(address token.Digest) error {
	_, err := t.exec("forget known", `
DELETE FROM known
WHERE address = $1`, address[:])
	return err
}

// AddTally counts one more within a window that begins with its first, and answers
// the count, in one statement. A window that a clock which ran ahead began is over.
func (t tx) AddTally(subject token.Digest, at, since time.Time) (int64, error) {
	return one(t.reader, "add tally", value[int64], `
INSERT INTO tallies (subject, count, began_at)
VALUES ($1, 1, $2)
ON CONFLICT (subject) DO UPDATE SET
	count = CASE WHEN tallies.began_at < $3 OR tallies.began_at > excluded.began_at THEN 1 ELSE tallies.count + 1 END,
	began_at = CASE WHEN tallies.began_at < $3 OR tallies.began_at > excluded.began_at THEN excluded.began_at ELSE tallies.began_at END
RETURNING count`, subject[:], micros(at), since.UnixMicro())
}

// AddLookup notes that a network asked about an address, and counts the addresses
// that it asked about since then. What a clock that ran ahead has noted counts
// again when it is asked again.
func (t tx) AddLookup(network, address token.Digest, at, since time.Time) (asked account.Asked, err error) {
	asked.New, err = t.did("add lookup", `
INSERT INTO lookups (network, address, at)
VALUES ($1, $2, $3)
ON CONFLICT (network, address) DO UPDATE SET at = excluded.at WHERE lookups.at < $4 OR lookups.at > excluded.at`,
		network[:], address[:], micros(at), since.UnixMicro())
	if err != nil {
		return account.Asked{}, err
	}
	_, err = one(t.reader, "count lookups", func(row Row) (struct{}, error) {
		return struct{}{}, row.Scan(&asked.Count, instant{&asked.Oldest})
	}, `
SELECT COUNT(*), MIN(at)
FROM lookups
WHERE network = $1 AND at >= $2 AND at <= $3`, network[:], since.UnixMicro(), micros(at))
	return asked, err
}

// ForgetLookup takes such a note back.
func (t tx) ForgetLookup(network, address token.Digest) error {
	_, err := t.exec("forget lookup", `
DELETE FROM lookups
WHERE network = $1 AND address = $2`, network[:], address[:])
	return err
}
