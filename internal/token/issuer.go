package token

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// ErrNoKey says that there is no signing key to sign an access token with.
var ErrNoKey = errors.New("no signing key")

// Issuer makes and reads the tokens of one installation. Its methods may be
// called at the same time.
type Issuer struct {
	issuer     string
	master     Master
	refreshKey []byte // derived once: every refresh asks for it
	ring       atomic.Pointer[ring]
}

// NewIssuer returns the Issuer whose tokens name issuer as their iss and their
// aud. It has no signing keys yet, so it makes and reads every kind but access
// tokens.
func NewIssuer(m Master, issuer string) *Issuer {
	i := &Issuer{issuer: issuer, master: m, refreshKey: m.Key(purposeRefresh)}
	i.ring.Store(newRing(nil))
	return i
}

// KeyInfo is what may be told of a signing key.
type KeyInfo struct {
	ID        string
	CreatedAt time.Time
}

// SetKeys replaces the signing keys, all at once. Every key verifies; the newest
// whose CreatedAt has come signs, and where none has, the first to come. A token
// under a key that is no longer among them is refused from now on. With the same
// keys as before nothing is changed, so it may be called each second.
func (i *Issuer) SetKeys(keys []SigningKey) {
	next := newRing(keys)
	if slices.EqualFunc(i.ring.Load().keys, next.keys, sameKey) {
		return
	}
	i.ring.Store(next)
}

// Keys tells of the signing keys, oldest first and those of one instant by id.
func (i *Issuer) Keys() []KeyInfo {
	var infos []KeyInfo
	for _, k := range i.ring.Load().keys {
		infos = append(infos, KeyInfo{ID: k.ID, CreatedAt: k.CreatedAt})
	}
	return infos
}

// JWKS returns the public halves of the signing keys as a JWK set (RFC 7517 §5).
func (i *Issuer) JWKS() []byte {
	var jwks []string
	for _, k := range i.ring.Load().keys {
		jwks = append(jwks, string(k.pair.jwk))
	}
	return []byte(`{"keys":[` + strings.Join(jwks, ",") + `]}`)
}

// ring is a set of signing keys and what is remembered under them. It is never
// changed but replaced, so that what was verified under an old set is forgotten
// together with it.
type ring struct {
	keys     []SigningKey     // oldest first, each once
	byHeader map[string]*pair // by the header of its tokens: a kid is a name to look up and nothing else
	seen     memory           // access tokens whose signature has been verified
}

func newRing(keys []SigningKey) *ring {
	r := &ring{byHeader: make(map[string]*pair)}
	for _, k := range keys {
		if k.pair == nil || r.byHeader[k.pair.header] != nil {
			continue
		}
		r.byHeader[k.pair.header] = k.pair
		r.keys = append(r.keys, k)
	}
	slices.SortFunc(r.keys, oldestFirst)
	return r
}

// signing returns the key that signs at a time.
func (r *ring) signing(at time.Time) (SigningKey, error) {
	if len(r.keys) == 0 {
		return SigningKey{}, ErrNoKey
	}
	for _, k := range slices.Backward(r.keys) {
		if !k.CreatedAt.After(at) {
			return k, nil
		}
	}
	return r.keys[0], nil
}

// oldestFirst puts keys of one instant, too, in an order that every instance shares.
func oldestFirst(a, b SigningKey) int {
	if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

func sameKey(a, b SigningKey) bool {
	return a.ID == b.ID && a.CreatedAt.Equal(b.CreatedAt)
}
