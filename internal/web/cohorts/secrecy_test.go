package cohorts

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"matricula/internal/account"
	"matricula/internal/account/accounttest"
)

// strangers fills k with every kind of account, and returns the addresses by what
// they are.
func strangers(t *testing.T, k *kit) map[string]string {
	t.Helper()
	all := map[string]string{
		"known": "ada@nus.test", "disabled": "grace@nus.test", "without a password": "alan@nus.test",
		"unconfirmed": "chess@nus.test", "unknown": "nobody@nus.test",
	}
	k.add(t, all["known"])
	must(t, k.SetDisabled(t.Context(), operator, k.add(t, all["disabled"]), true))
	_, err := k.CreateAccount(t.Context(), operator, account.NewAccount{Email: all["without a password"], Name: "Alan"})
	must(t, err)
	k.addOfficer(t, all["unconfirmed"])
	return all
}

// same holds that all answers are the same, octet by octet.
func same(t *testing.T, answers map[string]string) {
	t.Helper()
	want := answers["unknown"]
	for who, got := range answers {
		if got != want {
			t.Errorf("%s: got\n%s\nwant as for unknown\n%s", who, got, want)
		}
	}
}

func TestSignInTellsNothingOfAccounts(t *testing.T) {
	for _, secret := range []string{"wrong", "", strings.Repeat("x", 257)} {
		k := newKit(t)
		answers := map[string]string{}
		for who, email := range strangers(t, k) {
			answers[who] = told(k.call("POST", "/api/auth/sign-in", `{"email":"`+email+`","password":"`+secret+`"}`))
		}
		same(t, answers)
	}
}

func TestResetTellsNothingOfAccounts(t *testing.T) {
	k := newKit(t)
	answers := map[string]string{}
	for who, email := range strangers(t, k) {
		answers[who] = told(k.call("POST", "/api/auth/reset-password", `{"email":"`+email+`","origin":"`+accounttest.Origin+`"}`))
	}
	same(t, answers)
}

func TestChangePasswordTellsNothingOfAccounts(t *testing.T) {
	k := newKit(t)
	answers := map[string]string{}
	for who, email := range strangers(t, k) {
		id := int64(4711)
		if who != "unknown" {
			id = k.idOf(t, email)
		}
		answers[who] = told(k.call("POST", "/api/auth/change-password",
			`{"id":`+strconv.FormatInt(id, 10)+`,"token":"garbage","newPassword":"`+fresh+`"}`))
	}
	same(t, answers)
}

func TestAResetEndsTheTokensOfClubsToo(t *testing.T) {
	k := newKit(t)
	const email = "chess@nus.test"
	k.addOfficer(t, email)
	must(t, k.Kit.Store.Update(t.Context(), func(tx account.Tx) error {
		a, err := tx.AccountByEmail(email)
		if err != nil {
			return err
		}
		return tx.SetConfirmed(a.ID, accounttest.Start)
	}))
	pair, err := k.SignInOfficer(t.Context(), account.Caller{}, email, password)
	must(t, err)
	cookie := k.signIn(t, email, password)
	id, link := k.askLink(t, email)

	w := k.call("POST", "/api/auth/change-password", `{"id":`+id+`,"token":"`+link+`","newPassword":"`+fresh+`"}`)
	if w.Code != http.StatusOK {
		t.Fatalf("change-password: got %d %s, want 200", w.Code, w.Body)
	}
	if _, err := k.Refresh(t.Context(), pair.Refresh); !errors.Is(err, account.Unauthenticated) {
		t.Errorf("refresh: got %v, want %v", err, account.Unauthenticated)
	}
	if _, _, err := k.ClubOf(t.Context(), pair.Access); !errors.Is(err, account.Unauthenticated) {
		t.Errorf("access: got %v, want %v", err, account.Unauthenticated)
	}
	if got := k.info(cookie); got != http.StatusUnauthorized {
		t.Errorf("info: got %d, want 401", got)
	}
}

// What clubs issued is no cookie here.
func TestTokensOfClubsAreNoCookie(t *testing.T) {
	k := newKit(t)
	const email = "chess@nus.test"
	k.addOfficer(t, email)
	id, link := k.askLink(t, email) // a reset confirms the address
	k.call("POST", "/api/auth/change-password", `{"id":`+id+`,"token":"`+link+`","newPassword":"`+fresh+`"}`)
	pair, err := k.SignInOfficer(t.Context(), account.Caller{}, email, fresh)
	must(t, err)
	for name, value := range map[string]string{"access": pair.Access.Reveal(), "refresh": pair.Refresh.Reveal(), "reset": link} {
		if got := k.info(&http.Cookie{Name: "matricula", Value: value}); got != http.StatusUnauthorized {
			t.Errorf("%s: got %d, want 401", name, got)
		}
	}
}

func TestOfManyUsesOfALinkOneWins(t *testing.T) {
	k := newKit(t)
	k.add(t, "ada@nus.test")
	id, link := k.askLink(t, "ada@nus.test")
	const uses = 20
	statuses := make([]int, uses)
	secret := func(i int) string { return fresh + " " + strconv.Itoa(i) }
	var wait sync.WaitGroup
	for i := range uses {
		wait.Go(func() {
			body := `{"id":` + id + `,"token":"` + link + `","newPassword":"` + secret(i) + `"}`
			statuses[i] = k.call("POST", "/api/auth/change-password", body).Code
		})
	}
	wait.Wait()
	won := 0
	for i, status := range statuses {
		in := k.call("POST", "/api/auth/sign-in", `{"email":"ada@nus.test","password":"`+secret(i)+`"}`).Code
		switch {
		case status == http.StatusOK && in == http.StatusOK:
			won++
		case status == http.StatusOK, in == http.StatusOK, status != http.StatusBadRequest:
			t.Errorf("use %d: got %d, then %d at sign-in", i, status, in)
		}
	}
	if won != 1 {
		t.Errorf("got %d winners, want 1", won)
	}
}

func TestTheAuditLogKnowsTheRequest(t *testing.T) {
	k := newKit(t)
	id := k.add(t, "ada@nus.test")
	w := k.call("POST", "/api/auth/sign-in", `{"email":"ada@nus.test","password":"`+password+`"}`)
	events, err := k.Events(t.Context(), id, 0, 1)
	must(t, err)
	if len(events) != 1 || events[0].Kind != account.SignedIn {
		t.Fatalf("got %v, want the sign-in", events)
	}
	e := events[0]
	if e.Client != "192.0.2.1" || e.RequestID == "" || e.RequestID != w.Header().Get("X-Request-Id") || e.Actor != "" {
		t.Errorf("got %+v, want the client and the request's id", e)
	}
}

func TestTheLogHoldsNoSecret(t *testing.T) {
	k := newKit(t)
	k.add(t, "ada@nus.test")
	cookie := k.signIn(t, "ada@nus.test", password)
	k.call("POST", "/api/auth/sign-in", `{"email":"ada@nus.test","password":"a wrong one"}`)
	k.call("POST", "/api/auth/sign-in", `{"email":"ada@nus.test","password":["a wrong one"]}`)
	id, link := k.askLink(t, "ada@nus.test")
	k.call("POST", "/api/auth/change-password", `{"id":`+id+`,"token":"`+link+`","newPassword":"short one"}`)
	k.call("POST", "/api/auth/change-password", `{"id":`+id+`,"token":"`+link+`","newPassword":"`+fresh+`"}`)
	k.call("GET", "/api/auth/info?matricula="+cookie.Value, "", "Cookie", cookie.Name+"="+cookie.Value)

	lines := k.log.String()
	if got := strings.Count(lines, "\n"); got != 7 {
		t.Errorf("got %d lines, want 7", got)
	}
	for _, secret := range []string{password, fresh, "a wrong one", "short one", cookie.Value, link, "ada@nus.test"} {
		if strings.Contains(lines, secret) {
			t.Errorf("got %q in\n%s", secret, lines)
		}
	}
}
