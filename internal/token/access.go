package token

import (
	"fmt"
	"time"
)

// clientID is the client_id of access tokens, which RFC 9068 §2.2 asks for: the
// contract that they belong to.
const clientID = "clubs"

// Access is what an access token says. Its times are whole seconds, rounded down
// when it is signed.
type Access struct {
	Account   int64 // 1 to 2⁵³-1
	Session   ID    // the session that it was made for
	ID        ID    // its own, for revoking just this one
	IssuedAt  time.Time
	ExpiresAt time.Time
}

type accessClaims struct {
	claims
	IssuedAt int64  `json:"iat"`
	ClientID string `json:"client_id"`
	Session  string `json:"sid"`
}

// SignAccess returns the access token: a JWT of RFC 9068 under the newest signing
// key. The error is [ErrNoKey] where there is none.
func (i *Issuer) SignAccess(a Access) (Secret, error) {
	c, err := i.accessClaims(a)
	if err != nil {
		return Secret{}, fmt.Errorf("sign access token: %w", err)
	}
	key, err := i.ring.Load().signing(a.IssuedAt)
	if err != nil {
		return Secret{}, fmt.Errorf("sign access token: %w", err)
	}
	s, err := compact(key.pair.header, c, func(input string) ([]byte, error) { return signES256(key.pair.private, input) })
	if err != nil {
		return Secret{}, fmt.Errorf("sign access token: %w", err)
	}
	return s, nil
}

// ParseAccess returns what an access token says, if it is one of ours under a key
// that is still among the signing keys, and not expired; else [ErrInvalid].
// Whether it was revoked and its session lives, it can't know.
func (i *Issuer) ParseAccess(s Secret, now time.Time) (Access, error) {
	if len(s.Reveal()) > maxToken {
		return Access{}, ErrInvalid
	}
	ring, digest := i.ring.Load(), s.Digest()
	a, seen := ring.seen.get(digest)
	if !seen {
		var err error
		if a, err = i.verifyAccess(ring, s); err != nil {
			return Access{}, err
		}
	}
	if !live(a.IssuedAt, a.ExpiresAt, now) {
		return Access{}, ErrInvalid
	}
	if !seen {
		ring.seen.put(digest, a)
	}
	return a, nil
}

// verifyAccess returns what an access token says, whatever the time.
func (i *Issuer) verifyAccess(r *ring, s Secret) (Access, error) {
	head, err := headerOf(s.Reveal())
	if err != nil {
		return Access{}, err
	}
	key, ok := r.byHeader[head]
	if !ok {
		return Access{}, ErrInvalid
	}
	payload, err := payloadOf(s.Reveal(), &key.private.PublicKey)
	if err != nil {
		return Access{}, err
	}
	c, err := decodeClaims[accessClaims](payload)
	if err != nil {
		return Access{}, err
	}
	return i.readAccess(c)
}

func (i *Issuer) accessClaims(a Access) (accessClaims, error) {
	c, err := i.claims(a.Account, a.ID, a.ExpiresAt)
	if err != nil {
		return accessClaims{}, err
	}
	iat, err := issued(a.IssuedAt, a.ExpiresAt)
	if err != nil {
		return accessClaims{}, err
	}
	return accessClaims{claims: c, IssuedAt: iat, ClientID: clientID, Session: a.Session.String()}, nil
}

func (i *Issuer) readAccess(c accessClaims) (Access, error) {
	account, id, expiresAt, err := i.read(c.claims)
	if err != nil {
		return Access{}, err
	}
	issuedAt, err := readIssued(c.IssuedAt, expiresAt)
	if err != nil {
		return Access{}, err
	}
	session, err := ParseID(c.Session)
	if err != nil {
		return Access{}, err
	}
	if c.ClientID != clientID {
		return Access{}, ErrInvalid
	}
	return Access{Account: account, Session: session, ID: id, IssuedAt: issuedAt, ExpiresAt: expiresAt}, nil
}
