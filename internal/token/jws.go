package token

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// maxToken is the longest signed token that is looked at, in octets. Ours have
// about 500.
const maxToken = 8 << 10

// The typ of each kind of signed token (RFC 8725 §3.11): no kind passes for
// another, whatever else they share.
const (
	typAccess  = "at+jwt" // RFC 9068 §2.1
	typRefresh = "refresh+jwt"
	typReset   = "reset+jwt"
)

// header returns the first part of a token as we write it: alg, kid where there
// is one, typ, and nothing else.
func header(alg jose.SignatureAlgorithm, typ, kid string) string {
	text, err := json.Marshal(struct {
		Alg string `json:"alg"`
		Kid string `json:"kid,omitempty"`
		Typ string `json:"typ"`
	}{string(alg), kid, typ})
	if err != nil {
		panic(fmt.Errorf("token: marshal three strings: %w", err))
	}
	return base64url.EncodeToString(text)
}

// headerOf returns the first part of a compact JWS whose form is sound: short,
// three parts, each canonical base64url. Length and dots are looked at before
// anything is decoded.
func headerOf(text string) (string, error) {
	if len(text) > maxToken || strings.Count(text, ".") != 2 {
		return "", ErrInvalid
	}
	parts := strings.Split(text, ".")
	for _, part := range parts {
		if _, err := decode(part); err != nil {
			return "", ErrInvalid
		}
	}
	return parts[0], nil
}

// payloadOf returns the payload of a compact JWS whose signature holds. The
// algorithm is the key's, never the token's own choice (RFC 8725 §3.1).
func payloadOf(text string, alg jose.SignatureAlgorithm, key any) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{alg})
	if err != nil {
		return nil, ErrInvalid
	}
	payload, err := jws.Verify(key)
	if err != nil {
		return nil, ErrInvalid
	}
	return payload, nil
}

// sign returns the claims as a compact JWS.
func sign(signer jose.Signer, claims any) (Secret, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return Secret{}, err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return Secret{}, err
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		return Secret{}, err
	}
	return SecretOf(text), nil
}

// signHMAC signs by HS256 under a key that serves this typ alone.
func signHMAC(typ string, key []byte, claims any) (Secret, error) {
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.HS256, Key: key},
		new(jose.SignerOptions).WithType(jose.ContentType(typ)))
	if err != nil {
		return Secret{}, err
	}
	return sign(signer, claims)
}

// payloadOfHMAC returns the payload of what signHMAC signed.
func payloadOfHMAC(s Secret, typ string, key []byte) ([]byte, error) {
	got, err := headerOf(s.Reveal())
	if err != nil {
		return nil, ErrInvalid
	}
	if got != header(jose.HS256, typ, "") {
		return nil, ErrInvalid
	}
	return payloadOf(s.Reveal(), jose.HS256, key)
}
