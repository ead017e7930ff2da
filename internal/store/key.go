package store

import "matricula/internal/account"

func scanKey(row Row) (k account.SealedKey, err error) {
	err = row.Scan(&k.ID, instant{&k.CreatedAt}, &k.Sealed)
	return k, err
}

// SigningKeys lists the signing keys, oldest first.
func (r reader) SigningKeys() ([]account.SealedKey, error) {
	return list(r, "signing keys", scanKey, `
SELECT id, created_at, sealed
FROM signing_keys
ORDER BY created_at, id`)
}

// AddSigningKey writes a new signing key.
func (t tx) AddSigningKey(k account.SealedKey) error {
	_, err := t.exec("add signing key", `
INSERT INTO signing_keys (id, created_at, sealed)
VALUES ($1, $2, $3)`, k.ID, micros(k.CreatedAt), k.Sealed)
	return err
}

// Meta answers a named value of the installation.
func (r reader) Meta(name string) (string, error) {
	return one(r, "meta", value[string], `
SELECT value
FROM meta
WHERE name = $1`, name)
}

// SetMeta sets a named value unless it is set, and answers the one in force, in
// one statement: the update that changes nothing is what makes it answer.
func (t tx) SetMeta(name, wanted string) (string, error) {
	return one(t.reader, "set meta", value[string], `
INSERT INTO meta (name, value)
VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = meta.value
RETURNING value`, name, wanted)
}
