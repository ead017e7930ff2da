package token

import (
	"crypto/rand"
	"encoding/base64"
)

// ID is 128 random bits that name a session, a mail token's row or a signed
// token (its jti). It is no secret: whoever knows one can do nothing with it.
// As an argument of SQL it is id[:].
type ID [16]byte

// NewID returns a fresh random ID.
func NewID() ID {
	var id ID
	rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	return id
}

// String returns the ID as 22 characters of unpadded base64url.
func (id ID) String() string { return base64url.EncodeToString(id[:]) }

// ParseID reads what [ID.String] wrote, and nothing else; otherwise the error is
// [ErrInvalid].
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != base64url.EncodedLen(len(id)) {
		return ID{}, ErrInvalid
	}
	raw, err := decode(s)
	if err != nil {
		return ID{}, ErrInvalid
	}
	copy(id[:], raw)
	return id, nil
}

var base64url = base64.RawURLEncoding.Strict()

// decode reads canonical unpadded base64url (RFC 7515 §2). The package of the
// standard library skips line breaks, and without Strict trailing bits, so that
// one value would have many texts: what does not encode back to the same text is
// refused.
func decode(s string) ([]byte, error) {
	raw, err := base64url.DecodeString(s)
	if err != nil || base64url.EncodeToString(raw) != s {
		return nil, ErrInvalid
	}
	return raw, nil
}
