package token

import (
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
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

// payloadOf returns the payload of a compact JWS whose ES256 signature holds. The
// algorithm is the key's, never the token's own choice (RFC 8725 §3.1).
func payloadOf(text string, key *ecdsa.PublicKey) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, ErrInvalid
	}
	payload, err := jws.Verify(key)
	if err != nil {
		return nil, ErrInvalid
	}
	return payload, nil
}

// compact returns the claims as a compact JWS under a first part of ours (RFC 7515
// §5.1).
func compact(head string, claims any, sign func(input string) ([]byte, error)) (Secret, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return Secret{}, err
	}
	input := head + "." + base64url.EncodeToString(payload)
	signature, err := sign(input)
	if err != nil {
		return Secret{}, err
	}
	return SecretOf(input + "." + base64url.EncodeToString(signature)), nil
}

// signES256 returns the signature of RFC 7518 §3.4: both numbers in 32 octets each.
func signES256(private *ecdsa.PrivateKey, input string) ([]byte, error) {
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
	if err != nil {
		return nil, err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature, nil
}

// signHMAC signs by HS256 under a key that serves this typ alone.
func signHMAC(typ string, key []byte, claims any) (Secret, error) {
	if len(key) < minSecret {
		return Secret{}, ErrShortSecret
	}
	return compact(hmacHeaders[typ], claims, func(input string) ([]byte, error) { return mac(input, key), nil })
}

// payloadOfHMAC returns the payload of what signHMAC signed: the header must be
// the one that it writes, so there is nothing in it to read.
func payloadOfHMAC(s Secret, typ string, key []byte) ([]byte, error) {
	got, err := headerOf(s.Reveal())
	if err != nil {
		return nil, ErrInvalid
	}
	if got != hmacHeaders[typ] {
		return nil, ErrInvalid
	}
	return payloadOfMAC(s.Reveal(), key)
}

// payloadOfMAC returns the payload of a compact JWS of three parts whose HMAC
// holds, whatever its header says. No short key is one (RFC 7518 §3.2).
func payloadOfMAC(text string, key []byte) ([]byte, error) {
	if len(key) < minSecret {
		return nil, ErrInvalid
	}
	end := strings.LastIndexByte(text, '.')
	input := text[:end]
	presented, err := decode(text[end+1:])
	if err != nil || !hmac.Equal(presented, mac(input, key)) {
		return nil, ErrInvalid
	}
	return decode(input[strings.IndexByte(input, '.')+1:])
}

// mac returns the signature of RFC 7518 §3.2.
func mac(input string, key []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(input))
	return h.Sum(nil)
}

// hmacHeaders are the first parts of the tokens that signHMAC signs.
var hmacHeaders = map[string]string{
	typRefresh: header(jose.HS256, typRefresh, ""),
	typReset:   header(jose.HS256, typReset, ""),
}
