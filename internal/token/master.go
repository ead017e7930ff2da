package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// minSecret is the shortest installation secret in octets: as long as the output
// of the hash it feeds (RFC 8725 §3.5, RFC 7518 §3.2).
const minSecret = 32

// ErrShortSecret says that an installation's secret has fewer than 32 octets.
var ErrShortSecret = errors.New("the secret is shorter than 32 octets")

// ErrSealed says that sealed data does not open: another secret, purpose or
// additional data, or damage.
var ErrSealed = errors.New("sealed data does not open")

// Master stands for the installation's secret, from which the key of every
// purpose is derived. It keeps no copy of the secret itself and, like a [Secret],
// prints as "[secret]". Using the zero Master panics: there is no key for nothing.
type Master struct {
	_   [0]func()
	prk *string // behind a pointer for the reason given in Secret, and to a string: fmt follows one to an array
}

// NewMaster returns the Master of a secret of at least 32 octets, and else
// [ErrShortSecret].
func NewMaster(secret []byte) (Master, error) {
	if len(secret) < minSecret {
		return Master{}, ErrShortSecret
	}
	return extract(secret)
}

// extract is the first step of HKDF (RFC 5869 §2.2). It has no salt: the secret
// is unique to the installation already.
func extract(secret []byte) (Master, error) {
	prk, err := hkdf.Extract(sha256.New, secret, nil)
	if err != nil {
		return Master{}, fmt.Errorf("derive keys: %w", err)
	}
	text := string(prk)
	return Master{prk: &text}, nil
}

// Key returns the 32 octets that HKDF-SHA256 derives for a purpose (RFC 5869
// §2.3). The purpose is part of what is on disk and in the mail: renaming one
// ends whatever was made under it.
func (m Master) Key(purpose string) []byte {
	if m.prk == nil {
		panic("token: key of a zero Master")
	}
	key, err := hkdf.Expand(sha256.New, []byte(*m.prk), purpose, sha256.Size)
	if err != nil {
		panic(fmt.Errorf("token: expand one block: %w", err)) // only for keys longer than 255 blocks
	}
	return key
}

// MAC returns the HMAC-SHA256 of the parts under the purpose's key. Each part is
// preceded by its length, so that no two lists of parts are the same input. It is
// for digests of what could be guessed: an address, a client's network.
func (m Master) MAC(purpose string, parts ...[]byte) [32]byte {
	h := hmac.New(sha256.New, m.Key(purpose))
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write(part)
	}
	return [32]byte(h.Sum(nil))
}

// sealVersion is the first octet of sealed data, so that another cipher can come
// one day beside this one.
const sealVersion = 1

// Seal encrypts and authenticates plain by AES-256-GCM with a random nonce, under
// the purpose's key, and binds it to aad: what is sealed for one row does not
// open for another. The same purpose may seal 2³² values.
func (m Master) Seal(purpose string, plain, aad []byte) []byte {
	return m.aead(purpose).Seal([]byte{sealVersion}, nil, plain, aad) //gosec:disable G407 -- this cipher makes its own nonce, and takes none
}

// Open returns what [Master.Seal] sealed for the same purpose and aad, and else
// [ErrSealed].
func (m Master) Open(purpose string, sealed, aad []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	plain, err := m.aead(purpose).Open(nil, nil, sealed[1:], aad)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// aead's key is never the one that MAC uses for a purpose of the same name.
func (m Master) aead(purpose string) cipher.AEAD {
	block, err := aes.NewCipher(m.Key("seal: " + purpose))
	if err != nil {
		panic(fmt.Errorf("token: aes with 32 octets: %w", err))
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(fmt.Errorf("token: gcm over aes: %w", err))
	}
	return aead
}

// String returns "[secret]".
func (m Master) String() string { return redacted }

// GoString returns "[secret]".
func (m Master) GoString() string { return redacted }

// Format writes "[secret]" for every verb.
func (m Master) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue logs as "[secret]".
func (m Master) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[secret]".
func (m Master) MarshalText() ([]byte, error) { return []byte(redacted), nil }
