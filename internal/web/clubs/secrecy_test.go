package clubs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
	"matricula/internal/token"
	"matricula/internal/web"
)

// said is an answer, all of it but the request's id, which is each answer's own.
func said(d *desk, path, body string) string {
	w := d.call("POST", path, body)
	w.Header().Del("X-Request-Id")
	out := fmt.Sprintln(w.Code)
	for _, name := range slices.Sorted(maps.Keys(w.Header())) {
		out += fmt.Sprintln(name, w.Header()[name])
	}
	return out + w.Body.String()
}

// TestNoCallTellsOfAccounts compares the whole answers, headers included, for
// addresses that a stranger must not tell apart.
func TestNoCallTellsOfAccounts(t *testing.T) {
	d := open(t, noLimits)
	nobody := account.Caller{}
	d.officer(t, "officer@x.test", "Officers")
	d.officer(t, "disabled@x.test", "Disabled")
	must(t, d.SetDisabled(t.Context(), nobody, d.find(t, "disabled@x.test").ID, true))
	d.unconfirmed(t, "unconfirmed@x.test", "Unconfirmed")
	invited, err := d.CreateAccount(t.Context(), nobody, account.NewAccount{Email: "invited@x.test", Name: "Invited"})
	must(t, err)
	name := "Invited"
	_, err = d.CreateClub(t.Context(), nobody, invited.ID, account.ClubEdit{Name: &name})
	must(t, err)
	_, err = d.CreateAccount(t.Context(), nobody, account.NewAccount{Email: "clubless@x.test", Name: "Clubless", Password: token.SecretOf(password)})
	must(t, err)
	_, err = d.AddToRoster(t.Context(), nobody, []string{"fresh@x.test", "invited@x.test", "clubless@x.test"})
	must(t, err)

	login := func(email, secret string) string {
		return said(d, "/api/user/login", fmt.Sprintf(`{"email":%q,"password":%q}`, email, secret))
	}
	want := login("unknown@x.test", password)
	for _, tt := range [][2]string{
		{"officer@x.test", "wrong"}, {"disabled@x.test", password}, {"disabled@x.test", "wrong"}, {"invited@x.test", password},
		{"invited@x.test", ""}, {"clubless@x.test", password}, {"clubless@x.test", "wrong"}, {"unconfirmed@x.test", "wrong"},
		{"no address", password}, {"", ""}, {"officer@x.test", strings.Repeat("x", 2000)}, {"unknown@x.test", strings.Repeat("x", 2000)},
	} {
		if got := login(tt[0], tt[1]); got != want {
			t.Errorf("login of %s with %.10q: got\n%s\nwant\n%s", tt[0], tt[1], got, want)
		}
	}

	known := []string{"officer@x.test", "disabled@x.test", "unconfirmed@x.test", "invited@x.test", "clubless@x.test"}
	for _, path := range []string{"/api/user/resend-confirm", "/api/user/request-reset"} {
		ask := func(email string) string { return said(d, path, fmt.Sprintf(`{"email":%q}`, email)) }
		want := ask("unknown@x.test")
		for _, email := range known {
			if got := ask(email); got != want {
				t.Errorf("%s for %s: got\n%s\nwant\n%s", path, email, got, want)
			}
		}
	}

	register := func(email string) string {
		return said(d, "/api/user/register", fmt.Sprintf(`{"name":"New","email":%q,"password":%q,"tags":[0],"app_required":false,"new_members":false,"num_users":0}`, email, password))
	}
	want = register("fresh@x.test")
	for _, email := range known {
		if got := register(email); got != want {
			t.Errorf("register %s: got\n%s\nwant\n%s", email, got, want)
		}
	}
}

// broken is a Store whose tag list can't be read.
type broken struct {
	account.Store
	err error
}

func (b broken) Read(ctx context.Context) account.Reader {
	return brokenReader{b.Store.Read(ctx), b.err}
}

type brokenReader struct {
	account.Reader
	err error
}

func (b brokenReader) Tags() ([]account.ListItem, error) { return nil, b.err }

// TestFaultsAreLoggedAndNotShown breaks the machine under a call.
func TestFaultsAreLoggedAndNotShown(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		status int
	}{
		{"a fault", errors.New("disk on fire"), http.StatusInternalServerError},
		{"out of time", fmt.Errorf("disk on fire: %w", context.DeadlineExceeded), http.StatusServiceUnavailable},
		{"unavailable", &account.Error{Code: account.Busy, Err: errors.New("disk on fire")}, http.StatusServiceUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			whole := accounttest.New(t)
			d := over(t, accounttest.Over(t, broken{whole.Store, tt.err}))
			var log bytes.Buffer
			d.Handler = d.logged(&log, nil)

			w := d.call("GET", "/api/catalog/tags", "")
			if w.Code != tt.status || strings.Contains(w.Body.String(), "fire") {
				t.Errorf("got %d %s, want %d without its cause", w.Code, w.Body, tt.status)
			}
			if later := w.Header().Get("Retry-After"); (later == "1") != (tt.status == http.StatusServiceUnavailable) {
				t.Errorf("Retry-After: got %q", later)
			}
			if !strings.Contains(log.String(), "disk on fire") {
				t.Errorf("the log does not say why: %s", log.String())
			}
		})
	}
}

// TestCallsLeaveTracesButNoSecrets looks at the log and the audit log after a
// story with secrets of every kind.
func TestCallsLeaveTracesButNoSecrets(t *testing.T) {
	d := open(t)
	var log bytes.Buffer
	proxies, err := web.ParseProxies([]string{"192.0.2.0/24"})
	must(t, err)
	d.Handler = d.logged(&log, proxies)
	from := []string{"X-Forwarded-For", "203.0.113.9"}

	d.unconfirmed(t, "chess@x.test", "Chess")
	link := d.Link(t, "chess@x.test")
	d.call("GET", link.EscapedPath(), "", from...)
	w := d.call("POST", "/api/user/login", fmt.Sprintf(`{"email":"chess@x.test","password":%q}`, password), from...)
	if w.Code != http.StatusOK {
		t.Fatalf("login: got %d %s", w.Code, w.Body)
	}
	d.call("POST", "/api/user/login", `{"email":"chess@x.test","password":"hunter2"}`, from...)
	d.call("POST", "/api/user/password-strength", `{"password":"hunter2"}`, from...)
	d.call("POST", "/api/user/register", `{"password":"hunter2"}`, from...)

	for _, secret := range []string{"hunter2", password, strings.TrimPrefix(link.Path, "/api/user/confirm/"), "chess@x.test", "eyJ"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, log.String())
		}
	}
	events, err := d.Events(t.Context(), d.find(t, "chess@x.test").ID, 0, 10)
	must(t, err)
	var refusedAt *account.Event
	for i := range events {
		if events[i].Kind == account.SignInFailed {
			refusedAt = &events[i]
		}
	}
	switch {
	case refusedAt == nil:
		t.Fatalf("got events %v, want a refused sign-in among them", events)
	case refusedAt.Client != "203.0.113.9":
		t.Errorf("client: got %q, want the one behind the proxy", refusedAt.Client)
	case refusedAt.RequestID == "" || !strings.Contains(log.String(), refusedAt.RequestID):
		t.Errorf("request id: got %q, want one that the log has", refusedAt.RequestID)
	}
}
