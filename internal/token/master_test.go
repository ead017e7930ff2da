package token

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestNewMasterRefusesAShortSecret(t *testing.T) {
	for _, n := range []int{0, 1, 31} {
		if _, err := NewMaster(make([]byte, n)); !errors.Is(err, ErrShortSecret) {
			t.Errorf("%d octets: got %v, want ErrShortSecret", n, err)
		}
	}
	if _, err := NewMaster(nil); !errors.Is(err, ErrShortSecret) {
		t.Errorf("nil: got %v, want ErrShortSecret", err)
	}
	if _, err := NewMaster(make([]byte, 32)); err != nil {
		t.Errorf("32 octets: got %v", err)
	}
}

func TestZeroMasterHasNoKeys(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the zero Master gave a key")
		}
	}()
	Master{}.Key("anything")
}

// RFC 5869 A.3, the test case of SHA-256 without salt and info. Its input is
// shorter than a secret may be.
func TestKeyIsHKDF(t *testing.T) {
	m, err := extract(bytes.Repeat([]byte{0x0b}, 22))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := hex.EncodeToString([]byte(*m.prk)), "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04"; got != want {
		t.Errorf("PRK: got %s, want %s", got, want)
	}
	if got, want := hex.EncodeToString(m.Key("")), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"; got != want {
		t.Errorf("OKM: got %s, want %s", got, want)
	}
}

// Both were computed with Python's hmac.
func TestKeyAndMACKnownAnswers(t *testing.T) {
	m := testMaster(t)
	if got, want := hex.EncodeToString(m.Key("addresses")), "08266c2f2f6a09331c604696c5b4843b8eb0b44f654f66bd244fc191223cc3c9"; got != want {
		t.Errorf("Key: got %s, want %s", got, want)
	}
	mac := m.MAC("addresses", []byte("ab"), []byte("c"))
	if got, want := hex.EncodeToString(mac[:]), "ae8f5eca68f8cd961ba175bf692c623443598f77fb33bc719f556c5aa0cd2f0b"; got != want {
		t.Errorf("MAC: got %s, want %s", got, want)
	}
}

func TestKeysOfPurposesAreApart(t *testing.T) {
	m := testMaster(t)
	seen := make(map[string]string)
	for _, purpose := range []string{
		purposeSigningKeys, "seal: " + purposeSigningKeys, purposeRefresh, purposeReset, "mail tokens: confirm", "mail tokens: reset", "",
	} {
		key := string(m.Key(purpose))
		if other, ok := seen[key]; ok {
			t.Errorf("%q and %q share a key", purpose, other)
		}
		seen[key] = purpose
	}
	if bytes.Equal(m.Key("x"), newTestMaster(t, strings.Repeat("another ", 4)).Key("x")) {
		t.Error("two secrets share a key")
	}
}

func TestMACTellsPartsApart(t *testing.T) {
	m := testMaster(t)
	lists := [][]string{{}, {""}, {"", ""}, {"abc"}, {"ab", "c"}, {"a", "bc"}, {"", "abc"}, {"abc", ""}, {"c", "ab"}, {"\x00\x00\x00\x00\x00\x00\x00\x00"}}
	seen := make(map[[32]byte][]string)
	for _, list := range lists {
		var parts [][]byte
		for _, p := range list {
			parts = append(parts, []byte(p))
		}
		mac := m.MAC("purpose", parts...)
		if other, ok := seen[mac]; ok {
			t.Errorf("%q and %q have the same MAC", list, other)
		}
		seen[mac] = list
		if mac == m.MAC("purpose2", parts...) {
			t.Errorf("%q has the same MAC for two purposes", list)
		}
	}
}

func TestSealOpens(t *testing.T) {
	m := testMaster(t)
	for _, plain := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("long"), 1000)} {
		sealed := m.Seal("purpose", plain, []byte("row 1"))
		got, err := m.Open("purpose", sealed, []byte("row 1"))
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("got %q, %v, want %q", got, err, plain)
		}
		if bytes.Equal(sealed, m.Seal("purpose", plain, []byte("row 1"))) {
			t.Error("two seals share a nonce")
		}
	}
}

// The form of what is on disk: version, nonce of 12 octets, AES-256-GCM.
func TestSealIsGCM(t *testing.T) {
	m := testMaster(t)
	block, err := aes.NewCipher(m.Key("seal: purpose"))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	sealed := m.Seal("purpose", []byte("plain"), []byte("aad"))
	got, err := gcm.Open(nil, sealed[1:13], sealed[13:], []byte("aad"))
	if err != nil || string(got) != "plain" || sealed[0] != 1 {
		t.Errorf("got version %d, %q, %v", sealed[0], got, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	m := testMaster(t)
	sealed := m.Seal("purpose", []byte("plain"), []byte("row 1"))
	refuse := func(what string, m Master, purpose string, sealed []byte, aad string) {
		t.Helper()
		if got, err := m.Open(purpose, sealed, []byte(aad)); !errors.Is(err, ErrSealed) || got != nil {
			t.Errorf("%s: got %q, %v, want ErrSealed", what, got, err)
		}
	}
	refuse("other purpose", m, "purpose2", sealed, "row 1")
	refuse("other row", m, "purpose", sealed, "row 2")
	refuse("no row", m, "purpose", sealed, "")
	refuse("other secret", newTestMaster(t, strings.Repeat("another ", 4)), "purpose", sealed, "row 1")
	refuse("longer", m, "purpose", append(slices.Clone(sealed), 0), "row 1")
	for n := range sealed {
		refuse("shorter", m, "purpose", sealed[:n], "row 1")
		changed := slices.Clone(sealed)
		changed[n] ^= 1
		refuse("changed", m, "purpose", changed, "row 1")
	}
}
