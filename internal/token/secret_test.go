package token

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"
)

func TestNewSecretIsLongAndNew(t *testing.T) {
	a, b := NewSecret(), NewSecret()
	if got, want := len(a.Reveal()), 43; got != want {
		t.Errorf("got %d characters, want %d", got, want)
	}
	if raw, err := decode(a.Reveal()); err != nil || len(raw) != 32 {
		t.Errorf("got %d octets, %v, want 32", len(raw), err)
	}
	if a.Digest() == b.Digest() {
		t.Error("two new secrets are equal")
	}
}

func TestSecretWrapsAnyText(t *testing.T) {
	for _, text := range []string{"", "x", "\x00\xff", strings.Repeat("long", 1<<14)} {
		s := SecretOf(text)
		if s.Reveal() != text {
			t.Errorf("got %q back from %q", s.Reveal(), text)
		}
		if got, want := s.IsZero(), text == ""; got != want {
			t.Errorf("IsZero of %q: got %v, want %v", text, got, want)
		}
		if got, want := s.Digest(), Digest(sha256.Sum256([]byte(text))); got != want {
			t.Errorf("Digest of %q: got %x, want %x", text, got, want)
		}
	}
}

// FIPS 180-4's example "abc", and the empty text.
func TestDigestIsSHA256(t *testing.T) {
	for text, want := range map[string]string{
		"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"":    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	} {
		if got := fmt.Sprintf("%x", SecretOf(text).Digest()); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestZeroSecretIsEmpty(t *testing.T) {
	var s Secret
	if !s.IsZero() || s.Reveal() != "" || s.Digest() != SecretOf("").Digest() {
		t.Errorf("the zero Secret is not the empty text: %q", s.Reveal())
	}
}

// prints returns what every way to print or log v gives.
func prints(t *testing.T, v any) []string {
	t.Helper()
	var outs []string
	for _, verb := range "vsqxXdpTtbocUeg" {
		for _, flag := range []string{"", "+", "#", "-40", "0", " "} {
			outs = append(outs, fmt.Sprintf("%"+flag+string(verb), v))
		}
	}
	outs = append(outs, fmt.Sprint(v), fmt.Sprintln(v), fmt.Errorf("with %v", v).Error())
	if text, err := json.Marshal(v); err == nil {
		outs = append(outs, string(text))
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("message", "v", v)
	slog.New(slog.NewTextHandler(&log, nil)).Info("message", "v", v)
	return append(outs, log.String())
}

// shows reports whether any of outs shows raw: as text, as hex, or as a list of
// octets or its head.
func shows(outs []string, raw []byte) string {
	octets := strings.Trim(fmt.Sprint(raw[:6]), "[]")
	for _, out := range outs {
		for _, form := range []string{
			string(raw), hex.EncodeToString(raw), base64url.EncodeToString(raw)[:8], octets,
			strings.ReplaceAll(octets, " ", ","),
			strings.Join(strings.Fields(fmt.Sprintf("%#x", raw[:6])), ", "),
		} {
			if strings.Contains(strings.ToLower(out), strings.ToLower(form)) {
				return out
			}
		}
	}
	return ""
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	const text = "hunter2-the-credential"
	s := SecretOf(text)
	m := testMaster(t)
	k := newTestKey(t, testNow)
	scalar, err := k.pair.private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	issuer := NewIssuer(m, testIssuer)
	issuer.SetKeys([]SigningKey{k})

	type exported struct {
		S Secret
		M Master
		K SigningKey
		I *Issuer
	}
	type hidden struct { // fmt does not ask the methods of such fields
		s Secret
		m Master
		k SigningKey
		i *Issuer
		p *Secret
	}
	for name, v := range map[string]any{
		"Secret":          s,
		"*Secret":         &s,
		"[]Secret":        []Secret{s},
		"Master":          m,
		"*Master":         &m,
		"SigningKey":      k,
		"*SigningKey":     &k,
		"Issuer":          issuer,
		"exported fields": exported{s, m, k, issuer},
		"hidden fields":   hidden{s, m, k, issuer, &s},
		"*hidden fields":  &hidden{s, m, k, issuer, &s},
		"map":             map[string]any{"s": s, "m": m, "k": k},
	} {
		outs := prints(t, v)
		for what, raw := range map[string][]byte{
			"secret": []byte(text), "master": []byte(*m.prk), "private key": scalar, "private number": []byte(new(big.Int).SetBytes(scalar).String()),
		} {
			if out := shows(outs, raw); out != "" {
				t.Errorf("%s shows its %s: %s", name, what, out)
			}
		}
	}
}

func TestSecretPrintsAsSecret(t *testing.T) {
	s, m := SecretOf("x"), testMaster(t)
	for _, got := range []string{
		s.String(), s.GoString(), fmt.Sprintf("%v", s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s), fmt.Sprintf("%s", s),
		fmt.Sprintf("%q", s), fmt.Sprintf("%x", s), s.LogValue().String(), fmt.Sprint(&s),
		m.String(), m.GoString(), fmt.Sprintf("%v", m), fmt.Sprintf("%x", m), m.LogValue().String(),
	} {
		if got != "[secret]" {
			t.Errorf("got %q, want %q", got, "[secret]")
		}
	}
	got, err := json.Marshal(map[string]any{"s": s, "m": m})
	if want := `{"m":"[secret]","s":"[secret]"}`; err != nil || string(got) != want {
		t.Errorf("JSON: got %s, %v, want %s", got, err, want)
	}
	if text, err := s.MarshalText(); err != nil || string(text) != "[secret]" {
		t.Errorf("MarshalText: got %q, %v", text, err)
	}
}
