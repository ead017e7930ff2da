package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

const (
	// maxAccount is the highest account id: below 2⁵³, so that it is the same
	// number in every JSON reader (RFC 7493 §2.2).
	maxAccount = 1<<53 - 1
	// lastSecond is 9999-12-31T23:59:59Z: a later one is no time but a slip, such
	// as milliseconds.
	lastSecond = 253402300799
	// iatLeeway is how far ahead of our clock a token's iat may lie, made by
	// another instance with a clock of its own.
	iatLeeway = time.Minute
)

// claims are what every kind of signed token carries (RFC 7519 §4.1). Times are
// whole seconds.
type claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	ExpiresAt int64  `json:"exp"`
	ID        string `json:"jti"`
}

// claims returns the common claims of a token that is to be signed. It refuses
// what would not be read again.
func (i *Issuer) claims(account int64, id ID, expiresAt time.Time) (claims, error) {
	if account < 1 || account > maxAccount {
		return claims{}, errors.New("account id out of range")
	}
	if !saneSecond(expiresAt.Unix()) {
		return claims{}, errors.New("expiry out of range")
	}
	return claims{
		Issuer:    i.issuer,
		Audience:  i.issuer,
		Subject:   strconv.FormatInt(account, 10),
		ExpiresAt: expiresAt.Unix(),
		ID:        id.String(),
	}, nil
}

// issued returns the iat of a token that is to be signed.
func issued(issuedAt, expiresAt time.Time) (int64, error) {
	if !saneSecond(issuedAt.Unix()) || issuedAt.After(expiresAt) {
		return 0, errors.New("time of issue out of range")
	}
	return issuedAt.Unix(), nil
}

// read returns what the common claims say, if they are this issuer's. It does
// not ask for the time: see live.
func (i *Issuer) read(c claims) (account int64, id ID, expiresAt time.Time, err error) {
	if c.Issuer != i.issuer || c.Audience != i.issuer || !saneSecond(c.ExpiresAt) {
		return 0, ID{}, time.Time{}, ErrInvalid
	}
	account, err = parseAccount(c.Subject)
	if err != nil {
		return 0, ID{}, time.Time{}, err
	}
	id, err = ParseID(c.ID)
	if err != nil {
		return 0, ID{}, time.Time{}, err
	}
	return account, id, time.Unix(c.ExpiresAt, 0).UTC(), nil
}

// readIssued returns the time that iat names.
func readIssued(iat int64, expiresAt time.Time) (time.Time, error) {
	if !saneSecond(iat) || iat > expiresAt.Unix() {
		return time.Time{}, ErrInvalid
	}
	return time.Unix(iat, 0).UTC(), nil
}

// live reports whether a token's time has come and has not run out.
func live(issuedAt, expiresAt, now time.Time) bool {
	return now.Before(expiresAt) && !issuedAt.After(now.Add(iatLeeway))
}

func saneSecond(unix int64) bool { return unix > 0 && unix <= lastSecond }

// parseAccount reads a canonical decimal: no sign, no leading zero.
func parseAccount(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || n > maxAccount || strconv.FormatInt(n, 10) != s {
		return 0, ErrInvalid
	}
	return n, nil
}

// decodeClaims reads the claims of a payload whose signature holds. Only the
// text that sign would write for them is taken: encoding/json alone would let
// pass a second "sub", a "SUB", a null, a missing or an unknown member.
func decodeClaims[C any](payload []byte) (C, error) {
	var c C
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, ErrInvalid
	}
	again, err := json.Marshal(c)
	if err != nil || !bytes.Equal(again, payload) {
		return c, ErrInvalid
	}
	return c, nil
}
