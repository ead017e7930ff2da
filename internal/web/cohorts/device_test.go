package cohorts

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"matricula/internal/account"
)

// arrive sends a sign-in from a network of its own.
func (k *kit) arrive(network int, email, secret string, cookies ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/api/auth/sign-in", strings.NewReader(`{"email":"`+email+`","password":"`+secret+`"}`))
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = fmt.Sprintf("198.51.100.%d:4711", network)
	for _, cookie := range cookies {
		r.Header.Add("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	k.ServeHTTP(w, r)
	return w
}

// TestABrowserIsKnownAgain: who signed in by a browser comes in by it while strangers
// have put the address to rest, from wherever it is.
func TestABrowserIsKnownAgain(t *testing.T) {
	for _, publicURL := range []string{"http://localhost:8080", "https://accounts.campus.test"} {
		t.Run(publicURL, func(t *testing.T) {
			k := newKitAt(t, publicURL, http.SameSiteLaxMode, func(c *account.Config) { c.Limits.Failures = 3 })
			k.add(t, "ada@nus.test")
			k.add(t, "bob@nus.test")
			set := k.arrive(1, "ada@nus.test", password).Result().Cookies()
			if len(set) != 2 || !strings.HasSuffix(set[0].Name, "matricula") || !strings.HasSuffix(set[1].Name, "matricula-device") {
				t.Fatalf("got the cookies %v, want that of the session and then that of the browser", set)
			}
			device := set[1].Name + "=" + set[1].Value
			for range 4 {
				k.arrive(2, "ada@nus.test", "wrong")
			}
			for _, test := range []struct {
				what    string
				network int
				cookies []string
				want    int
			}{
				{"a stranger", 2, nil, 429},
				{"the browser in another network", 3, []string{device}, 200},
				{"the same twice", 4, []string{device + "; " + device}, 200},
				{"a second one of another value", 5, []string{device, set[1].Name + "=" + strings.Repeat("A", 43)}, 429},
				{"the session's value under its name", 6, []string{set[1].Name + "=" + set[0].Value}, 429},
				{"its value under the session's name", 7, []string{set[0].Name + "=" + set[1].Value}, 429},
			} {
				if got := k.arrive(test.network, "ada@nus.test", password, test.cookies...); got.Code != test.want {
					t.Errorf("%s: got %d, want %d", test.what, got.Code, test.want)
				}
			}
			again := k.arrive(8, "bob@nus.test", password, device).Result().Cookies()
			if len(again) != 2 || again[1].Value != set[1].Value || again[1].MaxAge != 180*24*60*60 {
				t.Errorf("got %v for another account, want the browser's cookie for another 180 days", again)
			}
			if renewed := k.arrive(9, "bob@nus.test", password, set[1].Name+"=short").Result().Cookies(); len(renewed[1].Value) != 43 {
				t.Errorf("got %v, want a secret in the place of what is none", renewed[1])
			}
		})
	}
}

func TestTheBrowsersCookieIsNoSession(t *testing.T) {
	k := newKit(t)
	k.add(t, "ada@nus.test")
	set := k.arrive(1, "ada@nus.test", password).Result().Cookies()
	for _, c := range []http.Cookie{{Name: set[0].Name, Value: set[1].Value}, {Name: set[1].Name, Value: set[1].Value}} {
		if got := k.info(&c); got != http.StatusUnauthorized {
			t.Errorf("%s: got %d, want 401", &c, got)
		}
	}
	out := k.call("POST", "/api/auth/sign-out", "", "Cookie", set[0].Name+"="+set[0].Value+"; "+set[1].Name+"="+set[1].Value)
	if cleared := out.Result().Cookies(); out.Code != http.StatusOK || len(cleared) != 1 || cleared[0].Name != set[0].Name {
		t.Errorf("signing out: got %d and %v, want the session's cookie cleared alone", out.Code, cleared)
	}
	if refused := k.arrive(1, "ada@nus.test", "wrong").Result().Cookies(); len(refused) != 0 {
		t.Errorf("a refusal sets %v", refused)
	}
}

func TestNobodyIsKnownWithoutLimits(t *testing.T) {
	k := newKit(t, func(c *account.Config) { c.Limits.Off = true })
	k.add(t, "ada@nus.test")
	if set := k.arrive(1, "ada@nus.test", password).Result().Cookies(); len(set) != 1 {
		t.Errorf("got the cookies %v, want the session's alone", set)
	}
}
