package token

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"math/big"
	"strings"
	"testing"

	"github.com/c2sp/wycheproof"
	"github.com/go-jose/go-jose/v4"
)

// The vectors of C2SP's Wycheproof for all that this package rests on. Ours is a
// stricter reader than a JWS library: it takes one header and one text of claims.
// So the vectors are held against it twice: against what looks at form and
// signature alone (headerOf, payloadOf), which must agree with every label, and
// against the readers of tokens, which must refuse all of them.

// vectorFile is a file of vectors, as far as we read it.
type vectorFile struct {
	TestGroups []vectorGroup `json:"testGroups"`
}

type vectorGroup struct {
	Comment   string          `json:"comment"`
	Private   json.RawMessage `json:"private"` // a JWK, or a set of them
	PublicKey hexText         `json:"publicKeyDer"`
	Tests     []vector        `json:"tests"`
}

type vector struct {
	ID        int             `json:"tcId"`
	Comment   string          `json:"comment"`
	Result    string          `json:"result"`
	JWS       json.RawMessage `json:"jws"`
	JWE       json.RawMessage `json:"jwe"`
	Key       hexText         `json:"key"`
	Message   hexText         `json:"msg"`
	Tag       hexText         `json:"tag"`
	Signature hexText         `json:"sig"`
	IKM       hexText         `json:"ikm"`
	Salt      hexText         `json:"salt"`
	Info      hexText         `json:"info"`
	OKM       hexText         `json:"okm"`
}

// text answers the token: mostly a string, an object where it is in the JSON
// serialization, null where it is empty.
func (v vector) text() string {
	var text string
	raw := cmp.Or(string(v.JWS), string(v.JWE))
	if json.Unmarshal([]byte(raw), &text) != nil {
		return raw
	}
	return text
}

// hexText is octets that are written in hexadecimal.
type hexText []byte

// UnmarshalText reads them.
func (h *hexText) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// readVectors reads one of Wycheproof's files.
func readVectors(t *testing.T, name string) []vectorGroup {
	t.Helper()
	text, err := fs.ReadFile(wycheproof.TestVectors, name)
	if err != nil {
		t.Fatal(err)
	}
	var file vectorFile
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return file.TestGroups
}

// jwsFiles are those whose vectors are signed tokens, and encrypted ones, which we
// never take.
var jwsFiles = []string{"json_web_signature_test.json", "json_web_key_test.json", "json_web_crypto_test.json"}

// passedOver are the vectors whose label says nothing to us.
var passedOver = map[string]map[int]string{
	"json_web_signature_test.json": {
		367: "labelled invalid, octet for octet the same as 357, which is valid",
		370: "likewise",
	},
	"json_web_key_test.json": {
		1: "invalid for a set that mixes kinds of keys: ours has signing keys alone",
		4: "invalid for two keys of one name: ours are named by their thumbprint",
	},
	"json_web_crypto_test.json": {47: "as 1 of json_web_key_test.json"},
}

// mislabelled are vectors of json_web_signature_test.json labelled valid, with a ?
// in base64url: a strict reader refuses.
var mislabelled = map[int]bool{372: true, 373: true}

// A vectorKey is a key as this package has keys: with the one algorithm it serves.
type vectorKey struct {
	kid, alg string
	hmac     []byte
	pair     SigningKey // zero for an HMAC key
}

// keys answers those of a group's keys that could be ours: of an algorithm of ours,
// for signing, and not broken.
func (g vectorGroup) keys(t *testing.T) []vectorKey {
	t.Helper()
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(g.Private, &set); err != nil {
		t.Fatal(err)
	}
	if set.Keys == nil {
		set.Keys = []json.RawMessage{g.Private}
	}
	var keys []vectorKey
	for _, text := range set.Keys {
		var jwk jose.JSONWebKey
		if json.Unmarshal(text, &jwk) != nil || jwk.Use != "sig" {
			continue
		}
		k := vectorKey{kid: jwk.KeyID, alg: jwk.Algorithm}
		switch key := jwk.Key.(type) {
		case []byte:
			k.hmac = key
		case *ecdsa.PrivateKey: // by the way that every signing key takes
			der, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				continue
			}
			if k.pair, err = parseKey(der, testNow); err != nil {
				continue
			}
		default:
			continue
		}
		keys = append(keys, k)
	}
	return keys
}

// verifies looks at the form and the signature of a token, as each reader does
// before it looks at the claims, under the key that the header names.
func verifies(text string, keys []vectorKey) bool {
	head, err := headerOf(text)
	if err != nil {
		return false
	}
	for _, k := range keys {
		if len(keys) > 1 && !strings.Contains(decoded(head), `"`+k.kid+`"`) {
			continue
		}
		var err error
		switch k.alg {
		case "HS256":
			_, err = payloadOfMAC(text, k.hmac)
		case "ES256":
			_, err = payloadOf(text, &k.pair.pair.private.PublicKey)
		default:
			continue
		}
		if err == nil {
			return true
		}
	}
	return false
}

func decoded(part string) string {
	text, err := decode(part)
	if err != nil {
		return ""
	}
	return string(text)
}

func TestWycheproofSignatures(t *testing.T) {
	accepted := 0
	for _, name := range jwsFiles {
		for _, g := range readVectors(t, name) {
			keys := g.keys(t)
			for _, v := range g.Tests {
				if passedOver[name][v.ID] != "" {
					continue
				}
				// What is signed otherwise than by our algorithms is valid to others.
				want := v.Result == "valid" && len(keys) > 0 && (keys[0].alg == "HS256" || keys[0].alg == "ES256") && !mislabelled[v.ID]
				got := verifies(v.text(), keys)
				if got != want {
					t.Errorf("%s, %s, %d %s (%s): taken %v, want %v", name, g.Comment, v.ID, v.Comment, v.Result, got, want)
				}
				if got {
					accepted++
				}
			}
		}
	}
	if want := 15; accepted != want {
		t.Errorf("%d vectors are taken, want %d", accepted, want)
	}
}

// TestWycheproofTokensAreNoneOfOurs presents every vector to every reader, under
// the very key that it was signed with: a good signature is not enough.
func TestWycheproofTokensAreNoneOfOurs(t *testing.T) {
	presented := 0
	for _, name := range jwsFiles {
		for _, g := range readVectors(t, name) {
			i, _ := newTestIssuer(t)
			var hmacs [][]byte
			for _, k := range g.keys(t) {
				if k.pair.pair == nil {
					hmacs = append(hmacs, k.hmac)
					continue
				}
				i.SetKeys([]SigningKey{k.pair})
				s := must(t)(i.SignAccess(testAccess))
				if _, err := i.ParseAccess(s, testNow); err != nil {
					t.Errorf("%s, %s: the key signs nothing that is taken: %v", name, g.Comment, err)
				}
			}
			for _, v := range g.Tests {
				presented++
				s := SecretOf(v.text())
				for _, r := range readers {
					if err := r.read(i, s, testNow); !errors.Is(err, ErrInvalid) {
						t.Errorf("%s, %d as %s: got %v, want ErrInvalid", name, v.ID, r.kind, err)
					}
				}
				for _, key := range hmacs {
					for _, typ := range []string{typRefresh, typReset} {
						if _, err := payloadOfHMAC(s, typ, key); !errors.Is(err, ErrInvalid) {
							t.Errorf("%s, %d as %s under its own key: got %v, want ErrInvalid", name, v.ID, typ, err)
						}
					}
				}
			}
		}
	}
	if presented < 500 {
		t.Errorf("%d vectors were presented, want all", presented)
	}
}

// TestWycheproofHMAC proves HMAC-SHA256, and that HS256 is that.
func TestWycheproofHMAC(t *testing.T) {
	for _, g := range readVectors(t, "hmac_sha256_test.json") {
		for _, v := range g.Tests {
			mac := hmac.New(sha256.New, v.Key)
			mac.Write(v.Message)
			if got, want := hmac.Equal(mac.Sum(nil)[:len(v.Tag)], v.Tag), v.Result == "valid"; got != want {
				t.Errorf("%d %s: the tag holds %v, want %v", v.ID, v.Comment, got, want)
			}
			s, err := signHMAC("x", v.Key, v.Message)
			if short := len(v.Key) < sha256.Size; short != (err != nil) { // RFC 7518, section 3.2
				t.Errorf("%d: HS256 under %d octets: %v", v.ID, len(v.Key), err)
			}
			if err != nil {
				continue
			}
			input, signature, _ := cutLast(s.Reveal())
			if want := base64url.EncodeToString(hs256(v.Key)(input)); signature != want {
				t.Errorf("%d: HS256 signs %s, want %s", v.ID, signature, want)
			}
		}
	}
}

// TestWycheproofECDSA holds the vectors against what ES256 does with the halves of
// a signature, and then presents each of those signatures, be it malformed or good
// for another text, on a token.
func TestWycheproofECDSA(t *testing.T) {
	header := `{"alg":"ES256","typ":"at+jwt"}`
	for _, g := range readVectors(t, "ecdsa_secp256r1_sha256_p1363_test.json") {
		parsed, err := x509.ParsePKIXPublicKey(g.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		key := parsed.(*ecdsa.PublicKey)
		for _, v := range g.Tests {
			digest := sha256.Sum256(v.Message)
			half := len(v.Signature) / 2
			got := len(v.Signature) == 64 &&
				ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(v.Signature[:half]), new(big.Int).SetBytes(v.Signature[half:]))
			if want := v.Result == "valid"; got != want {
				t.Errorf("%d %s: the signature holds %v, want %v", v.ID, v.Comment, got, want)
			}
			text := forge(header, string(v.Message), func(string) []byte { return v.Signature })
			if _, err := payloadOf(text, key); !errors.Is(err, ErrInvalid) {
				t.Errorf("%d %s, on a token: got %v, want ErrInvalid", v.ID, v.Comment, err)
			}
		}
	}
}

// TestWycheproofHKDF holds the keys of purposes against the vectors without salt,
// as ours are; a key is the first block.
func TestWycheproofHKDF(t *testing.T) {
	held := 0
	for _, g := range readVectors(t, "hkdf_sha256_test.json") {
		for _, v := range g.Tests {
			if len(v.Salt) > 0 || v.Result != "valid" {
				continue
			}
			m, err := extract(v.IKM)
			if err != nil {
				t.Fatal(err)
			}
			key := m.Key(string(v.Info))
			n := min(len(key), len(v.OKM))
			if !bytes.Equal(key[:n], v.OKM[:n]) {
				t.Errorf("%d %s: got %x, want %x", v.ID, v.Comment, key, v.OKM)
			}
			held++
		}
	}
	if held < 20 {
		t.Errorf("%d vectors were held against it, want more", held)
	}
}
