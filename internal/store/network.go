package store

import "matricula/internal/token"

// ForgetLookups takes back what a network asked about.
func (t tx) ForgetLookups(network token.Digest) (int64, error) {
	return t.exec("forget lookups", `
DELETE FROM lookups
WHERE network = $1`, network[:])
}

// ForgetTally begins a count anew.
func (t tx) ForgetTally(subject token.Digest) error {
	_, err := t.exec("forget tally", `
DELETE FROM tallies
WHERE subject = $1`, subject[:])
	return err
}
