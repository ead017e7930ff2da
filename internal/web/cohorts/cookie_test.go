package cohorts

import (
	"net/http"
	"strings"
	"testing"

	"matricula/internal/account"
)

func TestCookieAttributes(t *testing.T) {
	tests := []struct {
		publicURL  string
		sameSite   http.SameSite
		name       string
		attributes string
	}{
		{"http://localhost:8080", http.SameSiteLaxMode, "matricula", "HttpOnly; SameSite=Lax"},
		{"https://accounts.campus.test", http.SameSiteLaxMode, "__Host-matricula", "HttpOnly; Secure; SameSite=Lax"},
		{"https://accounts.campus.test", http.SameSiteNoneMode, "__Host-matricula", "HttpOnly; Secure; SameSite=None"},
	}
	for _, test := range tests {
		t.Run(test.publicURL+" "+test.attributes, func(t *testing.T) {
			k := newKitAt(t, test.publicURL, test.sameSite)
			k.add(t, "ada@nus.test")
			in := k.call("POST", "/api/auth/sign-in", `{"email":"ada@nus.test","password":"`+password+`"}`,
				"Origin", test.publicURL)
			set := in.Header().Values("Set-Cookie")
			if len(set) != 2 {
				t.Fatalf("got %d cookies, want that of the session and that of the browser", len(set))
			}
			pair, attributes, _ := strings.Cut(set[0], "; ")
			name, secret, _ := strings.Cut(pair, "=")
			if want := "Path=/; Max-Age=864000; " + test.attributes; name != test.name || attributes != want {
				t.Errorf("got %s; %s, want %s; %s", name, attributes, test.name, want)
			}
			if len(secret) != 43 { // 256 bits
				t.Errorf("got a secret of %d characters, want 43", len(secret))
			}

			out := k.call("GET", "/api/auth/sign-out", "", "Cookie", pair)
			want := test.name + "=; Path=/; Max-Age=0; " + test.attributes
			if cleared := out.Header().Get("Set-Cookie"); out.Code != http.StatusOK || cleared != want {
				t.Errorf("got %d %s, want 200 %s", out.Code, cleared, want)
			}
		})
	}
}

// Only the name in force is the cookie: a plain one could be planted by a
// neighbouring host.
func TestThePlainNameIsNoCookieUnderHTTPS(t *testing.T) {
	k := newKitAt(t, "https://accounts.campus.test", http.SameSiteLaxMode)
	k.add(t, "ada@nus.test")
	cookie := k.signIn(t, "ada@nus.test", password)
	if got := k.info(cookie); got != http.StatusOK {
		t.Errorf("got %d, want 200", got)
	}
	if got := k.info(&http.Cookie{Name: "matricula", Value: cookie.Value}); got != http.StatusUnauthorized {
		t.Errorf("got %d, want 401", got)
	}
}

// The cookie holds no profile, so none is too long for it.
func TestALongProfileDoesNotGrowTheCookie(t *testing.T) {
	k := newKit(t)
	id := k.add(t, "ada@nus.test")
	before := len(k.signIn(t, "ada@nus.test", password).String())
	intro := strings.Repeat("I like compilers. ", 10_000)[:10_000]
	must(t, k.EditAccount(t.Context(), operator, id, account.AccountEdit{SelfIntro: &intro}))

	w := k.call("POST", "/api/auth/sign-in", `{"email":"ada@nus.test","password":"`+password+`"}`)
	if !strings.Contains(w.Body.String(), intro) {
		t.Error("the answer lacks the text")
	}
	if after := len(w.Result().Cookies()[0].String()); after != before {
		t.Errorf("got a cookie of %d octets, want %d", after, before)
	}
}
