package store

import (
	"fmt"

	"matricula/internal/account"
)

// rowCounts count what strangers can add rows to, by an index each.
var rowCounts = map[account.Heap]string{
	account.FailureRows: `
SELECT COUNT(*)
FROM failures`,
	account.LookupRows: `
SELECT COUNT(*)
FROM lookups`,
	account.TallyRows: `
SELECT COUNT(*)
FROM tallies`,
	account.EventRows: `
SELECT COUNT(*)
FROM events
WHERE account_id IS NULL AND actor = ''`,
}

// Rows counts the rows of a heap.
func (r reader) Rows(heap account.Heap) (int64, error) {
	query, ok := rowCounts[heap]
	if !ok {
		return 0, fmt.Errorf("count rows: there is no heap %q", heap)
	}
	return one(r, "count rows", value[int64], query)
}

// Trim deletes the rows of a heap that matter least. A bound that is met keeps a
// row for as long as it makes somebody wait.
func (t tx) Trim(heap account.Heap, most int64, rests account.Rests) (int64, error) {
	switch heap {
	case account.FailureRows:
		return t.exec("trim failures", `
DELETE FROM failures
WHERE (address, lane) IN (
	SELECT address, lane
	FROM failures
	WHERE last_at < $1 OR lane = $2 AND count < $3 OR lane <> $2 AND count < $4
	ORDER BY count, last_at
	LIMIT $5)`, rests.Since.UnixMicro(), []byte{}, rests.Strangers, rests.Known, most)
	case account.TallyRows:
		return t.exec("trim tallies", `
DELETE FROM tallies
WHERE subject IN (SELECT subject FROM tallies ORDER BY count, began_at LIMIT $1)`, most)
	case account.LookupRows:
		return t.exec("trim lookups", `
DELETE FROM lookups
WHERE (network, address) IN (SELECT network, address FROM lookups ORDER BY at LIMIT $1)`, most)
	case account.EventRows:
		return t.exec("trim events", `
DELETE FROM events
WHERE id IN (SELECT id FROM events WHERE account_id IS NULL AND actor = '' ORDER BY at LIMIT $1)`, most)
	}
	return 0, fmt.Errorf("trim: there is no heap %q", heap)
}
