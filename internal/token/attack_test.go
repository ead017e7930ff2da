package token

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const base64urlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// jwtKind is a kind of signed token with what is needed to forge it: its own
// header and claims, and its own key.
type jwtKind struct {
	reader
	header, payload string
	sign            signature
}

func jwtKinds(t testing.TB, i *Issuer, k SigningKey) []jwtKind {
	t.Helper()
	kinds := []jwtKind{
		{reader: readers[0], sign: es256(t, k)},
		{reader: readers[1], sign: hs256(i.master.Key(purposeRefresh))},
		{reader: readers[2], sign: hs256(i.resetKey(7, testHash))},
	}
	for n, s := range tokensOf(t, i)[:3] {
		parts := strings.Split(s.Reveal(), ".")
		for _, p := range []struct {
			text string
			to   *string
		}{{parts[0], &kinds[n].header}, {parts[1], &kinds[n].payload}} {
			raw, err := decode(p.text)
			if err != nil {
				t.Fatal(err)
			}
			*p.to = string(raw)
		}
	}
	return kinds
}

// TestForgeryIsSoundWithoutChanges keeps the tests below honest: what they change
// is all that is wrong.
func TestForgeryIsSoundWithoutChanges(t *testing.T) {
	i, k := newTestIssuer(t)
	for _, kind := range jwtKinds(t, i, k) {
		if err := kind.read(i, SecretOf(forge(kind.header, kind.payload, kind.sign)), testNow); err != nil {
			t.Errorf("%s: %v", kind.kind, err)
		}
	}
}

// Changed headers, correctly signed: TOK-01, 03, 04, 09 of the attack list.
func TestHeadersOfOthersAreRefused(t *testing.T) {
	i, k := newTestIssuer(t)
	for _, kind := range jwtKinds(t, i, k) {
		alg := between(kind.header, `"alg":"`, `"`)
		typ := between(kind.header, `"typ":"`, `"`)
		with := func(members string) string { return strings.TrimSuffix(kind.header, "}") + "," + members + "}" }
		headers := map[string]string{
			"empty":          ``,
			"empty object":   `{}`,
			"array":          `[]`,
			"null":           `null`,
			"no alg":         strings.Replace(kind.header, `"alg":"`+alg+`",`, "", 1),
			"no typ":         strings.Replace(kind.header, `,"typ":"`+typ+`"`, "", 1),
			"typ JWT":        strings.Replace(kind.header, typ, "JWT", 1),
			"typ upper":      strings.Replace(kind.header, typ, strings.ToUpper(typ), 1),
			"typ media type": strings.Replace(kind.header, typ, "application/"+typ, 1),
			"two algs":       with(`"alg":"` + alg + `"`),
			"two typs":       with(`"typ":"` + typ + `"`),
			"jwk":            with(`"jwk":` + string(newTestKey(t, testNow).pair.jwk)),
			"jku":            with(`"jku":"https://evil.test/jwks.json"`),
			"x5u":            with(`"x5u":"https://evil.test/cert.pem"`),
			"x5c":            with(`"x5c":["MIIB"]`),
			"x5t":            with(`"x5t":"AAAA"`),
			"crit":           with(`"crit":["x"],"x":1`),
			"crit empty":     with(`"crit":[]`),
			"b64 false":      with(`"b64":false`),
			"b64 critical":   with(`"b64":false,"crit":["b64"]`),
			"b64 true":       with(`"b64":true`),
			"zip":            with(`"zip":"DEF"`),
			"enc":            with(`"enc":"A256GCM"`),
			"p2c":            with(`"p2s":"AAAA","p2c":2147483648`),
			"nonce":          with(`"nonce":"x"`),
			"cty":            with(`"cty":"JWT"`),
			"space":          strings.Replace(kind.header, ",", ", ", 1),
			"newline after":  kind.header + "\n",
			"value after":    kind.header + "{}",
			"escape":         strings.Replace(kind.header, typ[:1], fmt.Sprintf(`\u%04x`, typ[0]), 1),
			"not UTF-8":      with("\"x\":\"\xff\""),
			"case":           strings.Replace(kind.header, `"alg"`, `"ALG"`, 1),
		}
		for _, other := range []string{"none", "None", "nOnE", "NONE", "", "HS384", "HS512", "RS256", "PS256", "ES384", "ES256K", "EdDSA", "dir",
			"PBES2-HS256+A128KW", strings.ToLower(alg), map[string]string{"ES256": "HS256", "HS256": "ES256"}[alg]} {
			headers["alg "+other] = strings.Replace(kind.header, alg, other, 1)
		}
		for _, kid := range []string{`""`, `"../../../dev/null"`, `"' OR 1=1--"`, `"refresh tokens"`, `["x"]`, `null`, `1`, `"` + strings.Repeat("k", 5000) + `"`,
			`"` + strings.ToUpper(k.ID) + `"`, `"` + k.ID + ` "`} {
			headers["kid "+kid] = `{"alg":"` + alg + `","kid":` + kid + `,"typ":"` + typ + `"}`
		}
		for what, header := range headers {
			if header == kind.header {
				t.Errorf("%s, %s: nothing is changed", kind.kind, what)
			}
			token := forge(header, kind.payload, kind.sign)
			if err := kind.read(i, SecretOf(token), testNow); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s, %s: got %v, want ErrInvalid", kind.kind, what, err)
			}
			unsigned, _, _ := cutLast(token)
			if err := kind.read(i, SecretOf(unsigned+"."), testNow); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s, %s, no signature: got %v, want ErrInvalid", kind.kind, what, err)
			}
		}
	}
}

func between(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, after)
	return s
}

// Changed claims, correctly signed: TOK-06, 07, 11 of the attack list.
func TestClaimsOfOthersAreRefused(t *testing.T) {
	i, k := newTestIssuer(t)
	for _, kind := range jwtKinds(t, i, k) {
		for what, payload := range badPayloads(t, kind.payload) {
			if payload == kind.payload {
				t.Errorf("%s, %s: nothing is changed", kind.kind, what)
			}
			s := SecretOf(forge(kind.header, payload, kind.sign))
			if err := kind.read(i, s, testNow); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s, %s: got %v, want ErrInvalid", kind.kind, what, err)
			}
		}
	}
}

func badPayloads(t testing.TB, good string) map[string]string {
	t.Helper()
	with := func(members string) string { return strings.TrimSuffix(good, "}") + "," + members + "}" }
	payloads := map[string]string{
		"empty":            ``,
		"not JSON":         `x`,
		"null":             `null`,
		"array":            `[` + good + `]`,
		"string":           `"` + strings.ReplaceAll(good, `"`, `\"`) + `"`,
		"empty object":     `{}`,
		"value after":      good + `{}`,
		"newline after":    good + "\n",
		"space before":     " " + good,
		"space inside":     strings.Replace(good, ":", ": ", 1),
		"cut":              good[:len(good)-1],
		"byte order mark":  "\ufeff" + good,
		"nbf":              with(`"nbf":1`),
		"nbf of future":    with(`"nbf":99999999999`),
		"unknown":          with(`"admin":true`),
		"not UTF-8":        with("\"x\":\"\xff\""),
		"not UTF-8 in iss": strings.Replace(good, "campus", "camp\xff", 1),
		"NUL in sub":       strings.Replace(good, `"sub":"7"`, `"sub":"7\u0000"`, 1),
		"sub before":       strings.Replace(good, `{`, `{"sub":"8",`, 1),
		"sub after":        with(`"sub":"8"`),
		"SUB after":        with(`"SUB":"8"`),
		"Sub before":       strings.Replace(good, `{`, `{"Sub":"8",`, 1),
		"deep":             strings.Repeat("[", 3000),
	}
	var names map[string]json.RawMessage
	if err := json.Unmarshal([]byte(good), &names); err != nil {
		t.Fatal(err)
	}
	for name, value := range names {
		member := `"` + name + `":` + string(value)
		replace := func(by string) string { return strings.Replace(good, member, by, 1) }
		payloads[name+" missing"] = strings.Replace(replace(""), ",,", ",", 1)
		payloads[name+" twice"] = with(member)
		payloads[name+" upper"] = replace(`"` + strings.ToUpper(name) + `":` + string(value))
		payloads[name+" title"] = replace(`"` + strings.ToUpper(name[:1]) + name[1:] + `":` + string(value))
		payloads[name+" escaped name"] = replace(fmt.Sprintf(`"\u%04x%s":%s`, name[0], name[1:], value))
		for _, other := range []string{`null`, `true`, `""`, `"x"`, `{}`, `[]`, `[` + string(value) + `]`, `0`, `-1`, `1.5`, `1e400`, `-0`, `9999999999999`,
			`99999999999999999999`, `9223372036854775807`, `"` + strings.Trim(string(value), `"`) + ` "`} {
			payloads[name+" "+other] = replace(`"` + name + `":` + other)
		}
	}
	for _, number := range []string{"exp", "iat"} {
		value, ok := names[number]
		if !ok {
			continue
		}
		for _, other := range []string{`"` + string(value) + `"`, string(value) + ".0", string(value) + "e0", "0" + string(value), "+" + string(value), "1e10"} {
			payloads[number+" "+other] = strings.Replace(good, `"`+number+`":`+string(value), `"`+number+`":`+other, 1)
		}
	}
	if exp, iat := names["exp"], names["iat"]; iat != nil { // and both near enough to now
		payloads["iat after exp"] = strings.NewReplacer(
			`"exp":`+string(exp), fmt.Sprintf(`"exp":%d`, testNow.Unix()+10),
			`"iat":`+string(iat), fmt.Sprintf(`"iat":%d`, testNow.Unix()+30)).Replace(good)
	}
	payloads["iat of future"] = strings.Replace(good, `"jti"`, fmt.Sprintf(`"iat":%d,"jti"`, testNow.Add(time.Hour).Unix()), 1)
	for _, sub := range []string{"0", "-7", "+7", "07", "7.0", "7e0", " 7", "7 ", "0x7", "7_0", "٧", "9007199254740992", "9223372036854775808", "1.5", "me", ""} {
		payloads["sub "+sub] = strings.Replace(good, `"sub":"7"`, `"sub":"`+sub+`"`, 1)
	}
	payloads["sub number"] = strings.Replace(good, `"sub":"7"`, `"sub":7`, 1)
	payloads["sub escaped"] = strings.Replace(good, `"sub":"7"`, `"sub":"\u0037"`, 1)
	payloads["aud array"] = strings.Replace(good, `"aud":"`+testIssuer+`"`, `"aud":["`+testIssuer+`"]`, 1)
	payloads["aud array with another"] = strings.Replace(good, `"aud":"`+testIssuer+`"`, `"aud":["`+testIssuer+`","https://x.test"]`, 1)
	payloads["aud of another"] = strings.Replace(good, `"aud":"`+testIssuer+`"`, `"aud":"https://x.test"`, 1)
	payloads["aud with slash"] = strings.Replace(good, `"aud":"`+testIssuer+`"`, `"aud":"`+testIssuer+`/"`, 1)
	payloads["iss of another"] = strings.Replace(good, `"iss":"`+testIssuer+`"`, `"iss":"https://x.test"`, 1)
	payloads["iss upper"] = strings.Replace(good, `"iss":"`+testIssuer+`"`, `"iss":"`+strings.ToUpper(testIssuer)+`"`, 1)
	payloads["jti not canonical"] = strings.Replace(good, `Hw"`, `Hx"`, 1)
	if strings.Contains(good, "Dw\"") {
		payloads["jti not canonical"] = strings.Replace(good, `Dw"`, `Dx"`, 1)
	}
	return payloads
}

// TOK-02: the public key is known to everybody and no key of an HMAC.
func TestPublicKeyIsNoHMACKey(t *testing.T) {
	i, k := newTestIssuer(t)
	kinds := jwtKinds(t, i, k)
	der, err := x509.MarshalPKIXPublicKey(&k.pair.private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	point, err := k.pair.private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for what, key := range map[string][]byte{
		"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "JWK": k.pair.jwk, "JWKS": i.JWKS(), "point": point,
		"kid": []byte(k.ID), "nothing": nil,
	} {
		for _, kind := range kinds {
			for _, header := range []string{
				kind.header, `{"alg":"HS256","typ":"at+jwt"}`, `{"alg":"HS256","kid":"` + k.ID + `","typ":"at+jwt"}`,
			} {
				s := SecretOf(forge(header, kind.payload, hs256(key)))
				if err := kind.read(i, s, testNow); !errors.Is(err, ErrInvalid) {
					t.Errorf("%s under %s as %s: got %v, want ErrInvalid", header, what, kind.kind, err)
				}
			}
		}
	}
}

// TOK-08, and for HS256 alike.
func TestBadSignaturesAreRefused(t *testing.T) {
	i, k := newTestIssuer(t)
	n := k.pair.private.Params().N.FillBytes(make([]byte, 32))
	zero, one := make([]byte, 32), append(make([]byte, 31), 1)
	for _, kind := range jwtKinds(t, i, k) {
		bad := map[string]signature{
			"empty":  func(string) []byte { return nil },
			"longer": func(input string) []byte { return append(kind.sign(input), 0) },
			"front":  func(input string) []byte { return append([]byte{0}, kind.sign(input)...) },
			"short":  func(input string) []byte { raw := kind.sign(input); return raw[:len(raw)-1] },
			"half":   func(input string) []byte { raw := kind.sign(input); return raw[:len(raw)/2] },
			"twice":  func(input string) []byte { raw := kind.sign(input); return append(raw, raw...) },
			"other":  func(input string) []byte { return kind.sign(input + "x") },
			"DER": func(input string) []byte {
				raw := kind.sign(input)
				return append([]byte{0x30, byte(len(raw)), 2, 32}, raw...)
			},
		}
		for name, pair := range map[string][2][]byte{
			"r=s=0": {zero, zero}, "r=0": {zero, one}, "s=0": {one, zero}, "r=n": {n, one}, "s=n": {one, n}, "r=s=n": {n, n}, "r=s=1": {one, one},
		} {
			bad[name] = func(string) []byte { return append(append([]byte{}, pair[0]...), pair[1]...) }
		}
		for what, sign := range bad {
			if err := kind.read(i, SecretOf(forge(kind.header, kind.payload, sign)), testNow); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s, %s: got %v, want ErrInvalid", kind.kind, what, err)
			}
		}
	}
}

// TOK-09, TOK-10 and RST-15: other forms of a good token.
func TestOtherFormsAreRefused(t *testing.T) {
	i, _ := newTestIssuer(t)
	for n, s := range tokensOf(t, i) {
		good, r := s.Reveal(), readers[n]
		parts := append(strings.Split(good, "."), "", "")
		forms := []string{
			"", " ", ".", "..", "...", "null", good + " ", " " + good, good + "\n", "\n" + good, good + "\r\n", "\t" + good, good + "=", good + "==", good + "A",
			good + ".", "." + good, good + "." + parts[1], good + good, good + "," + good, good + "\x00", "Bearer " + good, "%" + good,
			good[:len(good)/2], good[:len(good)-1], good[1:], strings.ToUpper(good), strings.ToLower(good), strings.ReplaceAll(good, "e", "%65"),
			good[:10] + "\n" + good[10:], good[:10] + " " + good[10:], good[:10] + "\r" + good[10:], good[:10] + "é" + good[10:], good[:10] + "." + good[10:],
			strings.ReplaceAll(good, ".", ".."), strings.ReplaceAll(good, ".", ""), strings.Replace(good, ".", "", 1),
			parts[0] + "." + parts[1], parts[0] + ".." + parts[2], "." + parts[1] + "." + parts[2], parts[0] + "." + parts[1] + ".",
			parts[0] + "=." + parts[1] + "." + parts[2], parts[0] + "." + parts[1] + "=." + parts[2],
			`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
			`{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"}]}`,
			`[".","."]`, parts[0] + ".A.A.A." + parts[1],
			strings.Repeat(".", 8<<20), strings.Repeat("A", 8<<20), strings.Repeat("A", maxToken-2) + "..", good + strings.Repeat("A", maxToken),
		}
		for _, form := range forms {
			if form == good {
				continue // of the mail tokens, which have no parts
			}
			if err := r.read(i, SecretOf(form), testNow); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s as %.80q: got %v, want ErrInvalid", r.kind, form, err)
			}
		}
	}
}

func TestLongTokensAreRefused(t *testing.T) {
	i := NewIssuer(testMaster(t), strings.Repeat("x", maxToken))
	i.SetKeys([]SigningKey{newTestKey(t, testNow)})
	for n, s := range tokensOf(t, i)[:4] { // sound but for their length
		if err := readers[n].read(i, s, testNow); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s of %d octets: got %v, want ErrInvalid", readers[n].kind, len(s.Reveal()), err)
		}
	}
}

func TestLongTokensCostNothing(t *testing.T) {
	i, _ := newTestIssuer(t)
	dots, letters := SecretOf(strings.Repeat(".", 8<<20)), SecretOf(strings.Repeat("A", 8<<20))
	for _, r := range readers {
		for _, s := range []Secret{dots, letters} {
			if got := testing.AllocsPerRun(5, func() { r.read(i, s, testNow) }); got > 40 { // of the derived keys
				t.Errorf("%s: got %v allocations", r.kind, got)
			}
		}
	}
}

// RST-15: every character counts, at every position of every kind.
func TestEveryCharacterCounts(t *testing.T) {
	i, _ := newTestIssuer(t)
	for n, s := range tokensOf(t, i) {
		good, r := s.Reveal(), readers[n]
		for at := range len(good) {
			for _, c := range []byte{neighbour(good[at], 1), neighbour(good[at], 32), good[at] ^ 0x20, '.', '=', '\n'} {
				if c == good[at] {
					continue
				}
				changed := good[:at] + string(c) + good[at+1:]
				if err := r.read(i, SecretOf(changed), testNow); !errors.Is(err, ErrInvalid) {
					t.Fatalf("%s with %q at %d: got %v, want ErrInvalid", r.kind, c, at, err)
				}
			}
			if err := r.read(i, SecretOf(good[:at]+good[at+1:]), testNow); !errors.Is(err, ErrInvalid) {
				t.Fatalf("%s without character %d: got %v, want ErrInvalid", r.kind, at, err)
			}
		}
	}
}

// neighbour returns the character whose value differs by one bit.
func neighbour(c byte, bit int) byte {
	n := strings.IndexByte(base64urlAlphabet, c)
	if n < 0 {
		return 'A'
	}
	return base64urlAlphabet[n^bit]
}
