package attack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// accounts answers how many accounts have an address, in any spelling.
func (a *attacker) accounts(email string) (n int) {
	a.t.Helper()
	var text string
	a.read("SELECT COUNT(*) FROM accounts WHERE lower(email) = lower($1)", email, &text)
	if _, err := fmt.Sscan(text, &n); err != nil {
		a.t.Fatal(err)
	}
	return n
}

func TestREG01(t *testing.T) {
	const times = 50
	a := attack(t, fmt.Sprintf("%d registrations of one address at once, in different cases, each with another club and password", times))
	p := a.stranger()
	a.roster(p.email)
	answers := make([]answer, times)
	var all sync.WaitGroup
	for i := range times {
		again := person{email: p.email, password: fmt.Sprintf("the password of registration %d", i), club: fmt.Sprintf("Racing Club %d", i)}
		if i%2 == 1 {
			again.email = strings.ToUpper(p.email)
		}
		all.Go(func() {
			got, err := a.try("POST", "/api/user/register", again.registration())
			if err != nil {
				t.Error(err)
			}
			answers[i] = got
		})
	}
	all.Wait()
	served := slices.DeleteFunc(answers, func(got answer) bool { return got.status == 503 })
	for _, got := range served {
		a.same("one", map[string]answer{"one": served[0], "another": got})
	}
	if n := a.accounts(p.email); n != 1 || len(served) == 0 {
		t.Errorf("there are %d accounts (%d of %d were served), want one", n, len(served), times)
	}
	var clubs string
	a.read("SELECT COUNT(*) FROM clubs WHERE name LIKE 'Racing Club %' AND account_id IN (SELECT id FROM accounts WHERE email_key = $1)", p.email, &clubs)
	if clubs != "1" {
		t.Errorf("there are %s clubs, want one", clubs)
	}
	a.did("the same 200 to each, and one account with one club")
}

func TestREG02(t *testing.T) {
	a := attack(t, "register with role, roles, confirmed, is_admin, id, account_id, created_at, email_verified, club, owner, link_name, password_hash, and __proto__ beside the rest")
	p := a.stranger()
	a.roster(p.email)
	body := p.registration()
	for name, value := range map[string]any{
		"role": "admin", "roles": []string{"administrator"}, "administrator": object{"startDate": "2000-01-01", "endDate": "2999-01-01"}, "is_admin": true, "admin": 1,
		"confirmed": true, "confirmed_at": "2020-01-01T00:00:00Z", "email_verified": true, "id": 1, "account_id": 1, "created_at": 0, "registered_on": 0, "club": object{"id": 1},
		"owner": "eve@evil.test", "link_name": "../../evil", "password_hash": "x", "reactivated": false, "disabled": false, "session": "x", "__proto__": object{"confirmed": true},
		"Confirmed": true, "CONFIRMED": true, "state": "confirmed", "sessions": 7,
	} {
		body[name] = value
	}
	a.call("POST", "/api/user/register", body).want(t, 200)
	got := a.show(p.email)
	if got.State != "unconfirmed" || len(got.Roles) != 0 || got.Sessions != 0 || got.ID == 1 || got.Club == nil || strings.Contains(*got.Club, "evil") {
		t.Errorf("the account is %+v", got)
	}
	confirm := a.confirmLink(p) // before the login, which mails another one
	a.call("POST", "/api/user/login", p.credentials()).want(t, 403)
	a.call("GET", confirm, nil).want(t, 303)
	tokens := a.login(p)
	// The same through what may be edited.
	before := a.profile(tokens.access).members(t)
	a.call("POST", "/api/admin/profile", object{
		"owner": "eve@evil.test", "link_name": "evil", "confirmed": false, "id": 1, "account_id": 1, "email": "eve@evil.test", "password": "x", "last_updated": "2000-01-01T00:00:00Z", "role": "administrator",
	}, bearer(tokens.access)).want(t, 200)
	after := a.profile(tokens.access).members(t)
	for _, member := range []string{"owner", "link_name", "confirmed"} {
		if before[member] != after[member] {
			t.Errorf("%s was %v and is %v", member, before[member], after[member])
		}
	}
	cookie := a.signIn(p)
	for _, role := range []string{"administrator", "student", "adviser", "mentor"} {
		if held, there := a.info(cookie).members(t)[role]; there {
			t.Errorf("the account is %s: %v", role, held)
		}
	}
	a.did("200, and the account is a plain unconfirmed officer's; the same for the profile")
}

func TestREG03(t *testing.T) {
	a := attack(t, "tags of 100,000 ids, none, four, twice the same, negative, fractions, texts, 1e309; sizes and truths of other types; times that are none")
	p := a.stranger()
	a.roster(p.email)
	many := strings.TrimSuffix(strings.Repeat("1,", 30_000), ",")
	changes := map[string][]any{
		"tags": {
			json.RawMessage("[" + many + "]"), []int{}, []int{1, 2, 3, 4}, []int{1, 1}, []int{-1}, []int{1 << 40}, json.RawMessage("[1.5]"), json.RawMessage("[1.0]"), json.RawMessage("[1e309]"), json.RawMessage("[9223372036854775808]"),
			[]string{"1"}, []any{nil}, []any{object{}}, []any{[]int{1}}, "1,2", 1, nil, true, object{"0": 1}, json.RawMessage("[-0]"), json.RawMessage("[1e0]"),
		},
		"num_users":    {-1, 999999, json.RawMessage("9223372036854775808"), json.RawMessage("1e309"), json.RawMessage("0.5"), "0", nil, true, []int{0}, object{}},
		"app_required": {"true", 1, 0, nil, []bool{true}, object{}},
		"new_members":  {"true", 1, 0, nil, []bool{true}, object{}},
		"name":         {nil, 1, true, []string{"Club"}, object{}},
		"password":     {nil, 1, true, []string{"correct horse battery staple"}, object{"$ne": ""}},
		"email":        {nil, 1, true, []string{p.email}, object{"$gt": ""}},
		"apply_deadline_start": {
			"tomorrow", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", 1767225600, true, []string{}, "9999999-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00+99:99",
		},
	}
	n := 0
	for member, values := range changes {
		for i, value := range values {
			body := p.registration()
			body[member] = value
			got := a.call("POST", "/api/user/register", body)
			if want := 400; got.status != want && (got.status != 413 || i > 0) {
				t.Errorf("%s %.60v: got %d %s, want %d", member, value, got.status, got.body, want)
			}
			n++
		}
		body := p.registration()
		delete(body, member)
		if got := a.call("POST", "/api/user/register", body); got.status != 400 && member != "apply_deadline_start" {
			t.Errorf("without %s: got %d, want 400", member, got.status)
		}
		n++
	}
	if n := a.accounts(p.email); n > 1 {
		t.Errorf("there are %d accounts", n)
	}
	a.did("400 to each of %d, with the contract's shape, and nothing made", n)
}

func TestREG04(t *testing.T) {
	a := attack(t, "club names with markup, templates, right-to-left overrides, NUL, line ends and headers, formulas, 71 characters and a million; in the profile, the pages and the mail")
	refused := map[string]string{
		"NUL": "Club\x00", "line end and header": "Club\r\nBcc: eve@evil.test", "line feed": "Club\nSubject: x", "ESC": "Club\x1b[31m", "71 characters": strings.Repeat("x", 71), "60,000": strings.Repeat("x", 60_000),
		"nothing": "", "spaces": "   ", "a C1 control": "Club\u0085", "a line separator": "Club\u2028Bcc: eve@evil.test",
	}
	for name, text := range refused {
		p := a.stranger()
		p.club = text
		got := a.call("POST", "/api/user/register", p.registration())
		if name == "a line separator" { // no control, by Unicode; what matters is the mail
			continue
		}
		if got.status != 400 {
			t.Errorf("%s: got %d, want 400", name, got.status)
		}
	}
	taken := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{.Link}} ${7*7} <%= 7 %>`, "\u202egnp.evil\u202c", `=cmd|' /C calc'!A0`, "' OR 1=1 --", "Ünïcödé 社団 🏳️‍🌈", `</title></style><b>x</b>`, "=?utf-8?q?Bcc:_eve=40evil.test?=", "%0d%0aBcc: eve@evil.test", "Club\u2028Bcc: eve@evil.test", ".", `\u003cscript\u003e`,
	}
	people := a.strangers(len(taken))
	var emails []string
	for _, p := range people {
		emails = append(emails, p.email)
	}
	a.roster(emails...)
	accepted := 0
	for i, p := range people {
		p.club = taken[i]
		if got := a.call("POST", "/api/user/register", p.registration()).want(t, 200, 400); got.status == 400 {
			continue
		}
		accepted++
		l := a.newLetter(p.email, 1)
		if strings.Contains(l.HTML, "<script") || strings.Contains(l.HTML, "<img") || strings.Contains(l.HTML, "<b>x") || l.Header.Get("Bcc") != "" || len(l.Header["To"]) != 1 || len(l.Header["Subject"]) != 1 {
			t.Errorf("%q: the mail has %v\n%s", p.club, l.Header, l.HTML)
		}
		if l.Link() == nil || !strings.HasPrefix(l.Link().String(), a.base+"/api/user/confirm/") && *urlFlag == "" {
			t.Fatalf("%q: the mail leads to %v", p.club, l.Link())
		}
		a.call("GET", l.Link().RequestURI(), nil).want(t, 303)
		if got := a.profile(a.login(p).access).want(t, 200).text("name"); got != p.club {
			t.Errorf("the club %q is called %q", p.club, got)
		}
		cookie := a.signIn(p)
		for _, page := range []answer{a.call("GET", "/club", nil, cookie).want(t, 200), a.call("GET", "/account", nil, cookie).want(t, 200)} {
			if text := string(page.body); strings.Contains(text, "<script") || strings.Contains(text, "<img") || strings.Contains(text, "<b>x") || strings.Contains(text, "49") && strings.Contains(p.club, "7*7") && !strings.Contains(text, "7*7") {
				t.Errorf("%s: %q is markup in the page", page.call, p.club)
			}
		}
	}
	a.did("%d refused; %d kept as typed, and text, not markup or header, in pages and mails", len(refused)-1+len(taken)-accepted, accepted)
}

func TestREG05(t *testing.T) {
	a := attack(t, "a confirmed and an unconfirmed address registered again with another password and club")
	p, waiting := a.officer(), a.waiting()
	a.roster(p.email)
	c := a.credentials(p)
	for _, who := range []person{p, waiting} {
		again := person{email: strings.ToUpper(who.email), password: fresh, club: "Taken Over"}
		a.call("POST", "/api/user/register", again.registration()).want(t, 200)
		a.call("POST", "/api/user/login", object{"email": who.email, "password": fresh}).want(t, 400)
	}
	a.profile(c.access).want(t, 200)
	if name := a.profile(a.login(p).access).text("name"); name != p.club {
		t.Errorf("the club is called %q now", name)
	}
	a.info(c.cookie).want(t, 200)
	a.did("200 as for a fresh one; password, club and sessions are as before, and the owner is told by mail")
}
