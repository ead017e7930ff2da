package token

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const purposeReset = "reset tokens"

// Reset is what the token of a cohorts reset link says (cohorts contract,
// "change-password"). Its time is whole seconds, rounded down when it is signed.
type Reset struct {
	Account   int64 // 1 to 2⁵³-1
	ID        ID    // its jti: the row that it is used up by
	ExpiresAt time.Time
}

// SignReset returns the token of a reset link: a JWT by HS256 under a key bound
// to the encoded password hash that the account has now, "" for none. A change of
// the hash ends it. It carries no iat: equal input gives equal text, so that a
// mail that is sent twice carries one and the same.
func (i *Issuer) SignReset(r Reset, passwordHash string) (Secret, error) {
	c, err := i.claims(r.Account, r.ID, r.ExpiresAt)
	if err != nil {
		return Secret{}, fmt.Errorf("sign reset token: %w", err)
	}
	s, err := signHMAC(typReset, i.resetKey(r.Account, passwordHash), c)
	if err != nil {
		return Secret{}, fmt.Errorf("sign reset token: %w", err)
	}
	return s, nil
}

// ParseReset returns what a reset token says, if it is one of ours for this
// account, its hash is still this one, and it has not expired; else [ErrInvalid].
func (i *Issuer) ParseReset(s Secret, account int64, passwordHash string, now time.Time) (Reset, error) {
	payload, err := payloadOfHMAC(s, typReset, i.resetKey(account, passwordHash))
	if err != nil {
		return Reset{}, err
	}
	c, err := decodeClaims[claims](payload)
	if err != nil {
		return Reset{}, err
	}
	subject, id, expiresAt, err := i.read(c)
	if err != nil {
		return Reset{}, err
	}
	if subject != account || !now.Before(expiresAt) {
		return Reset{}, ErrInvalid
	}
	return Reset{Account: subject, ID: id, ExpiresAt: expiresAt}, nil
}

// ResetID returns the id of the row that a reset token claims to be used up by. It
// proves nothing of it: the row says whose token it is, and [Issuer.ParseReset] with
// that account's hash whether it is genuine. So nobody's account need be looked at
// for a token of which we know nothing.
func ResetID(s Secret) (ID, error) {
	head, err := headerOf(s.Reveal())
	if err != nil || head != header(jose.HS256, typReset, "") {
		return ID{}, ErrInvalid
	}
	payload, err := decode(strings.Split(s.Reveal(), ".")[1])
	if err != nil {
		return ID{}, ErrInvalid
	}
	c, err := decodeClaims[claims](payload)
	if err != nil {
		return ID{}, err
	}
	return ParseID(c.ID)
}

// resetKey mixes the hash under the installation's secret: neither a leaked
// database nor the secret alone forges a link. Where there is no hash the id
// takes its place, marked so that it can never be taken for one.
func (i *Issuer) resetKey(account int64, passwordHash string) []byte {
	bound := "hash:" + passwordHash
	if passwordHash == "" {
		bound = "id:" + strconv.FormatInt(account, 10)
	}
	key := i.master.MAC(purposeReset, []byte(bound))
	return key[:]
}
