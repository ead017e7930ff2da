package attack

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
// away where the value is nil. All else stands where it stood, so that what is
// changed is all that is wrong.
func (p parts) with(t *testing.T, header, claims object) parts {
	t.Helper()
	return parts{changed(t, p.header, header), changed(t, p.claims, claims), p.signature}
}

func changed(t *testing.T, text string, members object) string {
	t.Helper()
	var list []string
	set := func(name string, value any) {
		octets, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%q:%s", name, octets))
	}
	seen := map[string]bool{}
	dec := json.NewDecoder(strings.NewReader(text))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	for dec.More() {
		name, err := dec.Token()
		var was json.RawMessage
		if err == nil {
			err = dec.Decode(&was)
		}
		if err != nil {
			t.Fatal(err)
		}
		value, there := members[name.(string)]
		if seen[name.(string)] = true; !there {
			value = was
		}
		if value != nil {
			set(name.(string), value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !seen[name] && members[name] != nil {
			set(name, members[name])
		}
	}
	return "{" + strings.Join(list, ",") + "}"
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
