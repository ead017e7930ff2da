package attack

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestTOK01(t *testing.T) {
	a := attack(t, "the claims of a true token with alg none in five spellings, empty, absent, or as a list, signed not at all or as before; two parts")
	tokens := a.login(a.officer())
	forged := map[string]string{}
	for kind, token := range map[string]string{"access": tokens.access, "refresh": tokens.refresh} {
		p := taken(t, token)
		for name, alg := range map[string]any{
			"none": "none", "None": "None", "nOnE": "nOnE", "NONE": "NONE", "none and a space": "none ",
			"empty": "", "absent": nil, "a list": []string{"none"}, "null": json.RawMessage("null"),
		} {
			kept := p.with(t, object{"alg": alg}, nil)
			forged[kind+", alg "+name+", signature kept"] = kept.token()
			forged[kind+", alg "+name+", signature empty"] = kept.signed() + "."
			forged[kind+", alg "+name+", two parts"] = kept.signed()
		}
		forged[kind+", signature empty"] = p.signed() + "."
		forged[kind+", two parts"] = p.signed()
		forged[kind+", four parts"] = token + "."
	}
	a.refused(tokens, forged)
	a.did("401 to each of %d tokens, on every call that takes one", len(forged))
}

// publicKey answers the first key of the target's key set, and the set.
func (a *attacker) publicKey() (jose.JSONWebKey, []byte) {
	a.t.Helper()
	set := a.call("GET", "/.well-known/jwks.json", nil).want(a.t, 200)
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(set.body, &keys); err != nil || len(keys.Keys) == 0 {
		a.t.Fatalf("no keys in %s: %v", set.body, err)
	}
	return keys.Keys[0], set.body
}

func TestTOK02(t *testing.T) {
	a := attack(t, "HS256 under the public key: as DER, PEM with and without its last line end, JWK, key set, point, kid, and nothing")
	tokens := a.login(a.officer())
	key, set := a.publicKey()
	public := key.Key.(*ecdsa.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	point, err := public.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := key.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	forged := map[string]string{}
	for name, under := range map[string][]byte{
		"DER": der, "PEM": text, "PEM trimmed": []byte(strings.TrimSpace(string(text))), "JWK": jwk, "set": set, "point": point,
		"x": point[1:33], "kid": []byte(key.KeyID), "nothing": nil, "zeros": make([]byte, 32),
	} {
		for kind, token := range map[string]string{"access": tokens.access, "refresh": tokens.refresh} {
			p := taken(t, token)
			forged[kind+" under "+name] = signHS256(under, p.with(t, object{"alg": "HS256"}, nil))
			forged[kind+" under "+name+" with kid"] = signHS256(under, p.with(t, object{"alg": "HS256", "kid": key.KeyID}, nil))
			forged[kind+" under "+name+" without kid"] = signHS256(under, p.with(t, object{"alg": "HS256", "kid": nil}, nil))
		}
	}
	a.refused(tokens, forged)
	a.did("401 to each of %d tokens", len(forged))
}

// attackersKey answers a key of the attacker's own.
func attackersKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// listener answers an address that counts who connects.
func listener(t *testing.T) (addr string, visits func() int) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	count := make(chan int, 1)
	count <- 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conn.Close()
			count <- <-count + 1
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-done
	})
	return ln.Addr().String(), func() int {
		n := <-count
		count <- n
		return n
	}
}

func TestTOK03(t *testing.T) {
	a := attack(t, "true claims under a key of the attacker's: embedded as jwk or x5c, named by jku or x5u at a listener, with the true kid and without")
	tokens := a.login(a.officer())
	key := attackersKey(t)
	public := jose.JSONWebKey{Key: &key.PublicKey, KeyID: "mine", Algorithm: "ES256", Use: "sig"}
	addr, visits := listener(t)
	p := taken(t, tokens.access)
	forged := map[string]string{}
	for name, header := range map[string]object{
		"jwk": {"jwk": public}, "jwk, own kid": {"jwk": public, "kid": "mine"}, "jwk, no kid": {"jwk": public, "kid": nil},
		"jku": {"jku": "http://" + addr + "/jwks.json"}, "jku, own kid": {"jku": "http://" + addr + "/jwks.json", "kid": "mine"},
		"x5u": {"x5u": "http://" + addr + "/cert.pem"}, "x5c": {"x5c": []string{"MIIB"}}, "kid a URL": {"kid": "http://" + addr + "/key"},
		"all": {"jwk": public, "jku": "http://" + addr + "/", "x5u": "http://" + addr + "/", "kid": "mine"}, "nothing else": {},
	} {
		forged[name] = signES256(t, key, p.with(t, header, nil))
	}
	forged["by go-jose"] = joseSigned(t, jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "mine"}}, p.claims,
		&jose.SignerOptions{EmbedJWK: true, ExtraHeaders: map[jose.HeaderKey]any{"typ": "at+jwt"}})
	a.refused(tokens, forged)
	if n := visits(); n != 0 {
		t.Errorf("the server connected %d times to the address in the token", n)
	}
	a.did("401 to each of %d tokens, and not one connection to the listener", len(forged))
}

// joseSigned has go-jose sign, as somebody who is not us would.
func joseSigned(t *testing.T, key jose.SigningKey, claims string, options *jose.SignerOptions) string {
	t.Helper()
	signer, err := jose.NewSigner(key, options)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTOK04(t *testing.T) {
	a := attack(t, "kid as a path, as SQL, as a list, empty, of 12,000 and of 100,000 letters, of another kind's token; signed by the true keys")
	tokens := a.login(a.officer())
	in := a.insider()
	access, refresh := taken(t, tokens.access), taken(t, tokens.refresh)
	forged := map[string]string{}
	for name, kid := range map[string]any{
		"path": "../../../dev/null", "absolute": "/etc/passwd", "SQL": "' OR 1=1--", "NUL": "\x00", "list": []string{in.kid}, "number": 1,
		"object": object{"kid": in.kid}, "empty": "", "spaces": " " + in.kid, "upper": strings.ToUpper(in.kid), "purpose": "refresh tokens",
		"long": strings.Repeat("k", 12_000), "longer": strings.Repeat("k", 100_000), "other": strings.Repeat("A", len(in.kid)),
	} {
		forged["access, "+name] = in.sign(t, access.with(t, object{"kid": kid}, nil))
		forged["refresh, "+name] = in.signRefresh(refresh.with(t, object{"kid": kid}, nil))
	}
	forged["access without"] = in.sign(t, access.with(t, object{"kid": nil}, nil))
	forged["refresh with the access key's"] = in.signRefresh(refresh.with(t, object{"kid": in.kid}, nil))
	a.refused(tokens, forged)
	a.did("401 to each of %d tokens, 431 to those longer than headers may be; go-jose finds the signatures of %d sound", len(forged), in.sound(t, forged))
}

func TestTOK06(t *testing.T) {
	a := attack(t, "sound signatures over another issuer or audience, none, a list with ours in it, ours in another case; a token of a copy of the installation under another name")
	officer := a.officer()
	tokens := a.login(officer)
	in := a.insider()
	forged := map[string]string{}
	for kind, token := range map[string]string{"access": tokens.access, "refresh": tokens.refresh} {
		p := taken(t, token)
		var claims struct{ Iss string }
		if err := json.Unmarshal([]byte(p.claims), &claims); err != nil || claims.Iss == "" {
			t.Fatalf("the claims %s: %v", p.claims, err)
		}
		our := claims.Iss
		for name, members := range map[string]object{
			"other issuer": {"iss": "https://evil.test"}, "other audience": {"aud": "https://evil.test"}, "both": {"iss": "https://evil.test", "aud": "https://evil.test"},
			"no issuer": {"iss": nil}, "no audience": {"aud": nil}, "audience a list": {"aud": []string{our}},
			"audience ours and another": {"aud": []string{our, "https://evil.test"}}, "audience empty": {"aud": ""}, "audience an empty list": {"aud": []string{}},
			"issuer with a slash": {"iss": our + "/"}, "issuer in capitals": {"iss": strings.ToUpper(our)}, "issuer a prefix": {"iss": our[:len(our)-1]},
			"issuer a list": {"iss": []string{our}}, "no client": {"client_id": nil, "aud": our + "x"},
		} {
			forged[kind+", "+name] = in.signAs(t, kind, p.with(t, nil, members))
		}
	}
	a.refused(tokens, forged)
	a.ordered(in, tokens)
	a.did("401 to each of %d tokens, of which go-jose finds %d well signed; the copy's tokens are no good here, nor ours there", len(forged), in.sound(t, forged))
	a.copied(officer, tokens)
}

// signAs signs as the kind of token that it is.
func (in insider) signAs(t *testing.T, kind string, p parts) string {
	t.Helper()
	if kind == "access" {
		return in.sign(t, p)
	}
	return in.signRefresh(p)
}

// ordered keeps the forgers honest: claims that nothing is wrong with are taken,
// under a signature of ours.
func (a *attacker) ordered(in insider, tokens pair) {
	a.t.Helper()
	a.profile(in.sign(a.t, taken(a.t, tokens.access))).want(a.t, 200)
	a.refresh(in.signRefresh(taken(a.t, tokens.refresh))).want(a.t, 200)
}

// copied runs a copy of the installation, with its keys, under another name.
func (a *attacker) copied(officer person, tokens pair) {
	a.t.Helper()
	b := a.alone()
	c := a.alone("--issuer", "https://copy.test")
	theirs := c.officer()
	there := c.login(theirs)
	if err := c.stop(); err != nil {
		a.t.Fatal(err)
	}
	c.flags = append(c.flags, "--issuer", "https://other.test") // the same keys and rows from here on
	if err := c.start(); err != nil {
		a.t.Fatal(err)
	}
	c.profile(there.access).want(a.t, 401)
	c.refresh(there.refresh).want(a.t, 401)
	c.profile(c.login(theirs).access).want(a.t, 200)
	for _, token := range []string{there.access, there.refresh} {
		a.profile(token).want(a.t, 401)
		a.refresh(token).want(a.t, 401)
	}
	for _, token := range []string{tokens.access, tokens.refresh} {
		b.profile(token).want(a.t, 401)
		b.refresh(token).want(a.t, 401)
	}
}

func TestTOK07(t *testing.T) {
	a := attack(t, "sound signatures over exp absent, 0, -1, past, a text, a fraction, 1e400, in milliseconds; nbf, iat in the future or absent")
	tokens := a.login(a.officer())
	in := a.insider()
	forged := map[string]string{}
	now := time.Now().Unix()
	for kind, token := range map[string]string{"access": tokens.access, "refresh": tokens.refresh} {
		p := taken(t, token)
		for _, name := range []string{"exp", "iat"} {
			for what, value := range map[string]any{
				"absent": nil, "0": 0, "-1": -1, "null": json.RawMessage("null"), "a text": fmt.Sprint(now + 600), "a fraction": json.RawMessage(fmt.Sprintf("%d.5", now+600)),
				"a float": json.RawMessage(fmt.Sprintf("%d.0", now+600)), "with an exponent": json.RawMessage("1e10"), "1e400": json.RawMessage("1e400"),
				"milliseconds": 9999999999999, "more than 64 bits": json.RawMessage("99999999999999999999"), "a list": []int64{now + 600}, "true": true,
			} {
				forged[kind+", "+name+" "+what] = in.signAs(t, kind, p.with(t, nil, object{name: value}))
			}
		}
		for what, members := range map[string]object{
			"just past": {"exp": now - 1}, "long past": {"exp": now - 86400*365}, "issued tomorrow": {"iat": now + 86400, "exp": now + 2*86400},
			"issued in two minutes": {"iat": now + 120}, "nbf to come": {"nbf": now + 3600}, "nbf past": {"nbf": now - 3600},
			"issued after its end": {"iat": now + 30, "exp": now + 20},
		} {
			forged[kind+", "+what] = in.signAs(t, kind, p.with(t, nil, members))
		}
	}
	a.refused(tokens, forged)
	a.ordered(in, tokens)
	a.did("401 to each of %d tokens, of which go-jose finds %d well signed", len(forged), in.sound(t, forged))
}

func TestTOK08(t *testing.T) {
	a := attack(t, "signatures of zeros, of the order of the curve, cut, doubled, with zeros behind, in DER, of other text; the twin (r, n-s) of a true one after a revocation")
	officer := a.officer()
	tokens := a.login(officer)
	p := taken(t, tokens.access)
	n := elliptic.P256().Params().N.FillBytes(make([]byte, 32))
	zero, one := make([]byte, 32), append(make([]byte, 31), 1)
	forged := map[string]string{}
	with := func(name string, halves ...[]byte) {
		q := p
		q.signature = nil
		for _, half := range halves {
			q.signature = append(q.signature, half...)
		}
		forged[name] = q.token()
	}
	r, s := p.signature[:32], p.signature[32:]
	with("none")
	with("r=s=0", zero, zero)
	with("r=0", zero, s)
	with("s=0", r, zero)
	with("r=n", n, s)
	with("s=n", r, n)
	with("r=s=n", n, n)
	with("r=s=1", one, one)
	with("swapped", s, r)
	with("zeros behind", r, s, zero)
	with("a zero before", []byte{0}, r, s)
	with("half", r)
	with("short", r, s[:31])
	with("twice", r, s, r, s)
	with("DER", []byte{0x30, 68, 2, 32}, r, []byte{2, 32}, s)
	with("r+n", new(big.Int).Add(new(big.Int).SetBytes(r), new(big.Int).SetBytes(n)).FillBytes(make([]byte, 33)), s)
	other := taken(t, a.login(officer).access)
	with("another token's", other.signature)
	refresh := taken(t, tokens.refresh)
	refresh.signature = make([]byte, 32)
	forged["refresh, zeros"] = refresh.token()
	refresh.signature = taken(t, tokens.refresh).signature[:16]
	forged["refresh, half"] = refresh.token()
	a.refused(tokens, forged)

	// Whoever has a token can make a second text of it. It must be no second token.
	twin := p
	twin.signature = append(append([]byte{}, r...), new(big.Int).Sub(new(big.Int).SetBytes(n), new(big.Int).SetBytes(s)).FillBytes(make([]byte, 32))...)
	a.call("DELETE", "/api/user/revoke-access", nil, bearer(tokens.access)).want(t, 200)
	for _, token := range []string{tokens.access, twin.token()} {
		a.profile(token).want(t, 401)
		a.call("DELETE", "/api/user/revoke-access", nil, bearer(token)).want(t, 401)
	}
	a.did("401 to each of %d tokens, and to the twin of a revoked one", len(forged))
}

func TestTOK09(t *testing.T) {
	a := attack(t, "JSON serialization, detached payload, b64 false, crit, zip, a JWE around the token, PBES2 with 2^31 rounds; by go-jose where it can")
	tokens := a.login(a.officer())
	in := a.insider()
	p := taken(t, tokens.access)
	three := strings.Split(tokens.access, ".")
	forged := map[string]string{
		"flattened": fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, three[1], three[0], three[2]),
		"general":   fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, three[1], three[0], three[2]),
		"encoded":   base64.RawURLEncoding.EncodeToString([]byte(tokens.access)),
		"detached":  three[0] + ".." + three[2],
		"nested":    in.sign(t, parts{header: changed(t, p.header, object{"cty": "JWT"}), claims: tokens.access}),
		"JWE":       encrypted(t, jose.Recipient{Algorithm: jose.ECDH_ES, Key: &in.access.PublicKey}, tokens.access),
		"PBES2":     hungryJWE(t, tokens.access),
	}
	for name, header := range map[string]object{
		"b64 false": {"b64": false, "crit": []string{"b64"}}, "b64 false, not critical": {"b64": false}, "crit": {"crit": []string{"x"}, "x": 1},
		"crit empty": {"crit": []string{}}, "crit of alg": {"crit": []string{"alg"}}, "zip": {"zip": "DEF"}, "enc": {"enc": "A256GCM"}, "p2c": {"p2c": 1 << 31, "p2s": "AAAA"},
		"typ JWT": {"typ": "JWT"}, "typ in capitals": {"typ": "AT+JWT"}, "typ whole": {"typ": "application/at+jwt"}, "no typ": {"typ": nil}, "cty": {"cty": "JWT"},
	} {
		forged[name] = in.sign(t, p.with(t, header, nil))
	}
	began := time.Now()
	a.refused(tokens, forged)
	took := time.Since(began) / time.Duration(4*len(forged))
	if took > time.Second {
		t.Errorf("a refusal took %v", took)
	}
	a.did("401 to each of %d tokens, of which go-jose finds %d well signed; in %v on average, on a busy machine", len(forged), in.sound(t, forged), took.Round(100*time.Microsecond))
}

// encrypted wraps a token by go-jose.
func encrypted(t *testing.T, to jose.Recipient, token string) string {
	t.Helper()
	encrypter, err := jose.NewEncrypter(jose.A256GCM, to, new(jose.EncrypterOptions).WithType("at+jwt").WithContentType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	jwe, err := encrypter.Encrypt([]byte(token))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwe.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// hungryJWE asks whoever opens it for 2^31 rounds of PBKDF2.
func hungryJWE(t *testing.T, token string) string {
	t.Helper()
	text := encrypted(t, jose.Recipient{Algorithm: jose.PBES2_HS256_A128KW, Key: []byte("a password"), PBES2Count: 1000}, token)
	head, rest, _ := strings.Cut(text, ".")
	octets, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	return encoded([]byte(changed(t, string(octets), object{"p2c": 1 << 31}))) + "." + rest
}

func TestTOK11(t *testing.T) {
	a := attack(t, "sound signatures over sub twice, in both orders, in another case, escaped, not UTF-8; over white space and members of no meaning")
	tokens := a.login(a.officer())
	victim := a.login(a.officer())
	in := a.insider()
	var of struct{ Sub string }
	if err := json.Unmarshal([]byte(taken(t, victim.access).claims), &of); err != nil {
		t.Fatal(err)
	}
	forged := map[string]string{}
	for kind, token := range map[string]string{"access": tokens.access, "refresh": tokens.refresh} {
		p := taken(t, token)
		after := func(members string) string { return strings.TrimSuffix(p.claims, "}") + "," + members + "}" }
		before := func(members string) string { return "{" + members + "," + strings.TrimPrefix(p.claims, "{") }
		for name, claims := range map[string]string{
			"sub of the victim after": after(`"sub":"` + of.Sub + `"`), "sub of the victim before": before(`"sub":"` + of.Sub + `"`),
			"SUB": after(`"SUB":"` + of.Sub + `"`), "Sub before": before(`"Sub":"` + of.Sub + `"`), "escaped": after(`"s\u0075b":"` + of.Sub + `"`),
			"long s": after(`"ſub":"` + of.Sub + `"`), "not UTF-8": after("\"x\":\"\xff\""), "a lone surrogate": after(`"x":"\ud800"`), "NUL": after(`"x":"\u0000"`),
			"admin": after(`"admin":true`), "role": after(`"role":"administrator","scope":"admin"`), "space": strings.Replace(p.claims, ":", ": ", 1),
			"a line end behind": p.claims + "\n", "a second object": p.claims + "{}", "a list": "[" + p.claims + "]", "exp twice": after(`"exp":9999999999`),
			"byte order mark": "\ufeff" + p.claims, "empty": "", "null": "null", "deep": strings.Repeat("[", 2000),
			"sub a number": strings.Replace(p.claims, `"sub":"`, `"sub":0,"x":"`, 1), "sub of nobody": changed(t, p.claims, object{"sub": "9007199254740991"}),
			"sub of the victim, sorted": changed(t, p.claims, object{"sub": of.Sub}),
		} {
			p.claims = claims
			forged[kind+", "+name] = in.signAs(t, kind, p)
			p = taken(t, token)
		}
		// The victim's id in the very form that we write: session and account disagree.
		p.claims = strings.Replace(p.claims, `"sub":"`+subOf(t, p.claims)+`"`, `"sub":"`+of.Sub+`"`, 1)
		forged[kind+", the victim's sub over one's own session"] = in.signAs(t, kind, p)
	}
	a.refused(tokens, forged)
	a.ordered(in, tokens)
	a.did("401 to each of %d tokens, of which go-jose finds %d well signed", len(forged), in.sound(t, forged))
}

func subOf(t *testing.T, claims string) string {
	t.Helper()
	var of struct{ Sub string }
	if err := json.Unmarshal([]byte(claims), &of); err != nil {
		t.Fatal(err)
	}
	return of.Sub
}
