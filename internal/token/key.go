package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const purposeSigningKeys = "signing keys"

// SigningKey is a key pair that signs access tokens by ES256. The zero SigningKey
// is none: an [Issuer] passes over it.
type SigningKey struct {
	// ID is the key's RFC 7638 thumbprint, the kid of its tokens.
	ID string
	// CreatedAt is from when the key signs. It is published and verifies at
	// once, so that a key made for a moment ahead is known everywhere before its
	// first token is.
	CreatedAt time.Time

	pair *pair
}

// pair is what a SigningKey does, made ready once.
type pair struct {
	private *ecdsa.PrivateKey
	header  string          // first part of every token it signs
	jwk     json.RawMessage // its public half, RFC 7517
}

// NewSigningKey returns a fresh key that signs from now on, or from a moment
// ahead if that is what it is given.
func NewSigningKey(now time.Time) (SigningKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return SigningKey{}, fmt.Errorf("make signing key: %w", err)
	}
	k, err := signingKey(private, now)
	if err != nil {
		return SigningKey{}, fmt.Errorf("make signing key: %w", err)
	}
	return k, nil
}

// SealKey returns the private key, sealed for the key's ID.
func (m Master) SealKey(k SigningKey) ([]byte, error) {
	if k.pair == nil {
		return nil, errors.New("seal signing key: no key")
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.pair.private)
	if err != nil {
		return nil, fmt.Errorf("seal signing key: %w", err)
	}
	return m.Seal(purposeSigningKeys, der, []byte(k.ID)), nil
}

// OpenKey returns the key that [Master.SealKey] sealed under this id. The error
// is [ErrSealed] where the secret is another or the data is damaged.
func (m Master) OpenKey(id string, createdAt time.Time, sealed []byte) (SigningKey, error) {
	der, err := m.Open(purposeSigningKeys, sealed, []byte(id))
	if err != nil {
		return SigningKey{}, fmt.Errorf("open signing key %q: %w", id, err)
	}
	k, err := parseKey(der, createdAt)
	if err != nil {
		return SigningKey{}, fmt.Errorf("open signing key %q: %w", id, err)
	}
	if k.ID != id {
		return SigningKey{}, fmt.Errorf("open signing key %q: it is key %q", id, k.ID)
	}
	return k, nil
}

func parseKey(der []byte, createdAt time.Time) (SigningKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return SigningKey{}, err
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return SigningKey{}, errors.New("not a P-256 key")
	}
	return signingKey(private, createdAt)
}

func signingKey(private *ecdsa.PrivateKey, createdAt time.Time) (SigningKey, error) {
	public := jose.JSONWebKey{Key: &private.PublicKey, Algorithm: string(jose.ES256), Use: "sig"}
	id, err := thumbprint(public)
	if err != nil {
		return SigningKey{}, err
	}
	public.KeyID = id
	jwk, err := json.Marshal(public)
	if err != nil {
		return SigningKey{}, err
	}
	return SigningKey{ID: id, CreatedAt: createdAt, pair: &pair{
		private: private,
		header:  header(jose.ES256, typAccess, id),
		jwk:     jwk,
	}}, nil
}

// thumbprint names a key by its public half (RFC 7638), so that two keys never
// share a name and a key cannot take another's.
func thumbprint(k jose.JSONWebKey) (string, error) {
	sum, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", err
	}
	return base64url.EncodeToString(sum), nil
}
