package token

import (
	"fmt"
	"time"
)

const purposeRefresh = "refresh tokens"

// Refresh is what a refresh token says. Its times are whole seconds, rounded down
// when it is signed.
type Refresh struct {
	Account   int64 // 1 to 2⁵³-1
	Session   ID    // its jti: the token is the session's for as long as it lives
	IssuedAt  time.Time
	ExpiresAt time.Time
}

type refreshClaims struct {
	claims
	IssuedAt int64 `json:"iat"`
}

// SignRefresh returns the refresh token: a JWT that nobody but this installation
// reads, by HS256 under a key of its own. Equal input gives equal text.
func (i *Issuer) SignRefresh(r Refresh) (Secret, error) {
	c, err := i.refreshClaims(r)
	if err != nil {
		return Secret{}, fmt.Errorf("sign refresh token: %w", err)
	}
	s, err := signHMAC(typRefresh, i.refreshKey, c)
	if err != nil {
		return Secret{}, fmt.Errorf("sign refresh token: %w", err)
	}
	return s, nil
}

// ParseRefresh returns what a refresh token says, if it is one of ours and not
// expired; else [ErrInvalid].
func (i *Issuer) ParseRefresh(s Secret, now time.Time) (Refresh, error) {
	payload, err := payloadOfHMAC(s, typRefresh, i.refreshKey)
	if err != nil {
		return Refresh{}, err
	}
	c, err := decodeClaims[refreshClaims](payload)
	if err != nil {
		return Refresh{}, err
	}
	r, err := i.readRefresh(c)
	if err != nil {
		return Refresh{}, err
	}
	if !live(r.IssuedAt, r.ExpiresAt, now) {
		return Refresh{}, ErrInvalid
	}
	return r, nil
}

func (i *Issuer) refreshClaims(r Refresh) (refreshClaims, error) {
	c, err := i.claims(r.Account, r.Session, r.ExpiresAt)
	if err != nil {
		return refreshClaims{}, err
	}
	iat, err := issued(r.IssuedAt, r.ExpiresAt)
	if err != nil {
		return refreshClaims{}, err
	}
	return refreshClaims{claims: c, IssuedAt: iat}, nil
}

func (i *Issuer) readRefresh(c refreshClaims) (Refresh, error) {
	account, session, expiresAt, err := i.read(c.claims)
	if err != nil {
		return Refresh{}, err
	}
	issuedAt, err := readIssued(c.IssuedAt, expiresAt)
	if err != nil {
		return Refresh{}, err
	}
	return Refresh{Account: account, Session: session, IssuedAt: issuedAt, ExpiresAt: expiresAt}, nil
}
