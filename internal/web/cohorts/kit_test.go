package cohorts

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"matricula/api/apitest"
	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/token"
	"matricula/internal/web"
)

// password is that of every account of these tests; fresh replaces it.
const (
	password = "correct horse battery staple"
	fresh    = "an entirely different phrase"
)

// kit is a door over a true Service.
type kit struct {
	*accounttest.Kit
	http.Handler
	log  *bytes.Buffer // the request lines
	rate func(web.Visit) error
}

func newKit(t *testing.T, edits ...func(*account.Config)) *kit {
	t.Helper()
	return newKitAt(t, accounttest.PublicURL, http.SameSiteLaxMode, edits...)
}

// newKitAt is a kit whose own origin and cookie are those of a public address.
func newKitAt(t *testing.T, publicURL string, sameSite http.SameSite, edits ...func(*account.Config)) *kit {
	t.Helper()
	k := &kit{Kit: accounttest.New(t, edits...), log: &bytes.Buffer{}, rate: func(web.Visit) error { return nil }}
	origins, err := web.NewOrigins(publicURL, []string{accounttest.Origin})
	if err != nil {
		t.Fatal(err)
	}
	secure := strings.HasPrefix(publicURL, "https:")
	door := New(Config{
		Service: k.Service,
		Origins: origins,
		Cookie:  web.NewCookie("matricula", secure, sameSite, 240*time.Hour),
		Device:  web.NewCookie("matricula-device", secure, sameSite, account.DeviceLife),
		Limited: web.Limited(func(v web.Visit) error { return k.rate(v) }),
	})
	logged := web.Log(slog.New(slog.NewJSONHandler(k.log, nil)), k.Clock.Now, nil, owes(t, origins, door))
	k.Handler = apitest.Open(t, "cohorts").Hold(t, logged)
	return k
}

// owes holds every answer to the headers that each one must have.
func owes(t *testing.T, origins *web.Origins, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		owed := map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
			"Content-Type": "application/json; charset=utf-8",
		}
		if isPreflight(r) {
			delete(owed, "Content-Type") // it has no body
		}
		owed["Access-Control-Allow-Origin"], owed["Access-Control-Allow-Credentials"] = "", ""
		if sent := r.Header["Origin"]; len(sent) == 1 && origins.Has(sent[0]) {
			owed["Access-Control-Allow-Origin"], owed["Access-Control-Allow-Credentials"] = sent[0], "true"
		}
		for name, want := range owed {
			if got := strings.Join(w.Header().Values(name), ", "); got != want {
				t.Errorf("%s %s: %s: got %q, want %q", r.Method, r.URL, name, got, want)
			}
		}
		if !strings.Contains(strings.Join(w.Header().Values("Vary"), ", "), "Origin") {
			t.Errorf("%s %s: got Vary %q, want Origin in it", r.Method, r.URL, w.Header().Values("Vary"))
		}
	})
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// add makes a confirmed account with the password of these tests, and returns its
// id.
func (k *kit) add(t *testing.T, email string) int64 {
	t.Helper()
	a, err := k.CreateAccount(t.Context(), account.Caller{}, account.NewAccount{Email: email, Name: "Ada", Password: token.SecretOf(password)})
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// addOfficer makes an account by registering a club; it is unconfirmed.
func (k *kit) addOfficer(t *testing.T, email string) {
	t.Helper()
	if _, err := k.AddToRoster(t.Context(), account.Caller{}, []string{email}); err != nil {
		t.Fatal(err)
	}
	err := k.SignUp(t.Context(), account.Caller{}, account.SignUp{Name: "Chess", Email: email, Password: token.SecretOf(password), Tags: []int64{0}})
	if err != nil {
		t.Fatal(err)
	}
}

// idOf returns the id of the account with this address.
func (k *kit) idOf(t *testing.T, email string) int64 {
	t.Helper()
	a, err := k.FindAccount(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// call sends a request; headers are pairs of a name and a value. A body goes as
// application/json.
func (k *kit) call(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	k.ServeHTTP(w, r)
	return w
}

// signIn signs in and returns the session's cookie, which comes first.
func (k *kit) signIn(t *testing.T, email, secret string) *http.Cookie {
	t.Helper()
	w := k.call("POST", "/api/auth/sign-in", `{"email":"`+email+`","password":"`+secret+`"}`)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusOK || len(cookies) != 2 {
		t.Fatalf("sign in: got %d %s and %d cookies, want 200 and two", w.Code, w.Body, len(cookies))
	}
	return cookies[0]
}

// info asks who the cookie stands for, and returns the status.
func (k *kit) info(c *http.Cookie) int {
	return k.call("GET", "/api/auth/info", "", "Cookie", c.Name+"="+c.Value).Code
}

// told is an answer as its receiver sees it, but for what is each answer's own.
func told(w *httptest.ResponseRecorder) string {
	answer := w.Result()
	answer.Header.Del("X-Request-Id")
	var all strings.Builder
	all.WriteString(answer.Status + "\n")
	if err := answer.Header.Write(&all); err != nil {
		return err.Error()
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	return all.String() + "\n" + string(body)
}
