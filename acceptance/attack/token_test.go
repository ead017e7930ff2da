package attack

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// parts are the three parts of a signed token, decoded.
type parts struct {
	header, claims string
	signature      []byte
}

// taken takes a token apart.
func taken(t *testing.T, token string) parts {
	t.Helper()
	three := strings.Split(token, ".")
	if len(three) != 3 {
		t.Fatalf("a token with %d parts", len(three))
	}
	var octets [3][]byte
	for i, part := range three {
		var err error
		if octets[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			t.Fatal(err)
		}
	}
	return parts{string(octets[0]), string(octets[1]), octets[2]}
}

func encoded(octets []byte) string { return base64.RawURLEncoding.EncodeToString(octets) }

// signed is what a signature is over.
func (p parts) signed() string {
	return encoded([]byte(p.header)) + "." + encoded([]byte(p.claims))
}

// token puts the parts together again.
func (p parts) token() string { return p.signed() + "." + encoded(p.signature) }

// with answers the parts with members of the header or the claims set, or taken
// away where the value is nil.
func (p parts) with(t *testing.T, header, claims object) parts {
	t.Helper()
	return parts{changed(t, p.header, header), changed(t, p.claims, claims), p.signature}
}

func changed(t *testing.T, text string, members object) string {
	t.Helper()
	if len(members) == 0 {
		return text
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	for name, value := range members {
		if value == nil {
			delete(all, name)
			continue
		}
		octets, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = octets
	}
	again, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(again)
}

// refused wants each of these tokens refused as an access token and as a refresh
// token, in the contract's words, and the true token good as before.
func (a *attacker) refused(good pair, forged map[string]string) {
	a.t.Helper()
	for name, token := range forged {
		for _, call := range []struct{ method, path string }{
			{"GET", "/api/admin/profile"}, {"POST", "/api/user/refresh"}, {"DELETE", "/api/user/revoke-access"}, {"DELETE", "/api/user/revoke-refresh"},
		} {
			got, err := a.try(call.method, call.path, nil, bearer(token))
			if err != nil {
				continue // a header that no client of net/http sends
			}
			if got.status != 401 && got.status != 431 || got.status == 401 && got.text("status") != "error" {
				a.t.Errorf("%s: %s: got %d %.200s, want 401", name, got.call, got.status, got.body)
			}
		}
	}
	a.profile(good.access).want(a.t, 200)
	a.refresh(good.refresh).want(a.t, 200)
}

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
