package attack

import (
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// credentials are what an attacker, or an owner, holds of an account: tokens and a
// cookie.
type credentials struct {
	pair
	cookie string
}

// openly is the same attacker, whose calls hold no secrets: what it sends in the
// place of one is known, such as an address, and may stand anywhere.
func (a *attacker) openly() *attacker {
	g := *a.target
	g.used = &outside.Secrets{}
	b := *a
	b.target = &g
	return &b
}

// credentials signs somebody in at both contracts.
func (a *attacker) credentials(p person) credentials {
	a.t.Helper()
	return credentials{a.login(p), a.signIn(p)}
}

// dead wants each of these to be refused wherever it is taken.
func (a *attacker) dead(all ...credentials) {
	a.t.Helper()
	for i, c := range all {
		for name, got := range map[string]answer{
			"profile": a.profile(c.access), "refresh": a.refresh(c.refresh), "info": a.info(c.cookie),
			"revoke-access":  a.call("DELETE", "/api/user/revoke-access", nil, bearer(c.access)),
			"revoke-refresh": a.call("DELETE", "/api/user/revoke-refresh", nil, bearer(c.refresh)),
			"change-password": a.call("POST", "/api/admin/change-password",
				object{"old_password": fresh, "new_password": fresh + "er"}, bearer(c.access)),
			"sign-out": a.call("POST", "/api/auth/sign-out", nil, c.cookie),
		} {
			if got.status != 401 {
				a.t.Errorf("%s with credentials %d: got %d %s, want 401", name, i, got.status, got.body)
			}
		}
	}
}

func TestRST10(t *testing.T) {
	a := attack(t, "access tokens, refreshed ones, refresh tokens and cookies of two sessions after a reset, by either contract and by the page; replayed elsewhere")
	for _, reset := range []func(p person){
		func(p person) { a.useClubs(a.clubsLink(p), fresh).want(t, 200) },
		func(p person) { id, token := a.cohortsLink(p); a.useCohorts(id, token, fresh).want(t, 200) },
		func(p person) {
			form := map[string][]string{"token": {a.clubsLink(p)}, "password": {fresh}, "again": {fresh}}
			a.form("/reset", form).want(t, 303)
		},
	} {
		p := a.officer()
		one, other := a.credentials(p), a.credentials(p)
		refreshed := other
		refreshed.access = a.refresh(other.refresh).want(t, 200).text("access")
		reset(p)
		a.dead(one, other, refreshed)
		a.elsewhere().dead(one)
		p.password = fresh
		a.credentials(p)
	}
	a.did("401 to each, on every call of both contracts, from the answer of the reset on")
}

func TestRST11(t *testing.T) {
	a := attack(t, "tokens and a cookie that were revoked before a reset, after it")
	p := a.officer()
	c := a.credentials(p)
	a.call("DELETE", "/api/user/revoke-access", nil, bearer(c.access)).want(t, 200)
	a.call("DELETE", "/api/user/revoke-refresh", nil, bearer(c.refresh)).want(t, 200)
	a.call("POST", "/api/auth/sign-out", nil, c.cookie).want(t, 200)
	a.dead(c)
	a.useClubs(a.clubsLink(p), fresh).want(t, 200)
	a.dead(c)
	id, token := a.cohortsLink(p)
	a.useCohorts(id, token, fresh+"er").want(t, 200)
	a.dead(c)
	a.did("401 as before: a reset revives nothing")
}

func TestRST12(t *testing.T) {
	a := attack(t, "short, common, own and endless passwords with a good token of each contract, then a good one")
	p, q := a.officer(), a.officer()
	token := a.clubsLink(p)
	id, link := a.cohortsLink(q)
	for name, weak := range map[string]func(p person) any{
		"short": func(person) any { return "x" }, "none": func(person) any { return "" }, "common": func(person) any { return "password123" },
		"the address": func(p person) any { return p.email }, "endless": func(person) any { return strings.Repeat("long ", 300) },
		"no text": func(person) any { return 7 }, "null": func(person) any { return nil },
	} {
		for contract, got := range map[string]answer{
			"clubs":   a.openly().call("POST", "/api/user/confirm-reset", object{"token": token, "password": weak(p)}),
			"cohorts": a.openly().call("POST", "/api/auth/change-password", object{"id": id, "token": link, "newPassword": weak(q)}),
		} {
			if got.status != 400 {
				t.Errorf("%s, %s: got %d %s, want 400", contract, name, got.status, got.body)
			}
		}
	}
	a.useClubs(token, fresh).want(t, 200)
	a.useCohorts(id, link, fresh).want(t, 200)
	a.did("400 to each, and the token is good as before")
}

func TestRST14(t *testing.T) {
	a := attack(t, "resets of a disabled account, one disabled meanwhile, a deleted one and one that waits to be confirmed")
	// Disabled before it was asked, and after.
	for _, before := range []bool{true, false} {
		p := a.officer()
		disable := func() { a.run(t, "", "account", "disable", p.email) }
		if before {
			disable()
		}
		token := a.clubsLink(p)
		id, link := a.cohortsLink(p)
		if !before {
			disable()
		}
		a.useCohorts(id, link, fresh).want(t, 200, 400)
		a.useClubs(token, fresh+"er").want(t, 200, 404)
		for _, password := range []string{p.password, fresh, fresh + "er"} {
			a.loses(person{email: p.email, password: password})
		}
		if state := a.show(p.email).State; state != "disabled" {
			t.Errorf("a reset made a disabled account %s", state)
		}
	}

	gone := a.officer()
	token := a.clubsLink(gone)
	id, link := a.cohortsLink(gone)
	a.run(t, "", "account", "delete", gone.email)
	a.useClubs(token, fresh).want(t, 404)
	a.useCohorts(id, link, fresh).want(t, 400)
	// Whoever has the address next isn't meant either.
	next := gone
	next.password = "correct horse of the next one"
	a.used.Add(next.password)
	a.run(t, next.password+"\n", "account", "create", next.email, "--name", "Next", "--password-stdin")
	a.useClubs(token, fresh).want(t, 404)
	a.useCohorts(id, link, fresh).want(t, 400)
	a.useCohorts(fmt.Sprint(a.idOf(next)), link, fresh).want(t, 400)
	a.signIn(next)

	waiting := a.waiting()
	a.useClubs(a.clubsLink(waiting), fresh).want(t, 200)
	a.loses(waiting)
	waiting.password = fresh
	a.credentials(waiting)
	a.did("disabled stays disabled; the deleted one's tokens are dead, for the next of that address too; the waiting one is confirmed by its mail")
}

func TestRST15(t *testing.T) {
	a := attack(t, "tokens of both contracts with a character changed in each place, added, cut off, in another case or alphabet, percent-encoded")
	p := a.officer()
	clubs := a.clubsLink(p)
	id, cohorts := a.cohortsLink(p)
	for i, other := range spoilt(clubs) {
		if got := a.elsewhere().useClubs(other, fresh); got.status != 404 && got.status != 400 {
			t.Errorf("change %d of a clubs token: got %d %s", i, got.status, got.body)
		}
	}
	for i, other := range spoilt(cohorts) {
		if got := a.elsewhere().useCohorts(id, other, fresh); got.status != 400 {
			t.Errorf("change %d of a cohorts token: got %d %s", i, got.status, got.body)
		}
	}
	a.login(p)
	a.useCohorts(id, cohorts, fresh).want(t, 200)
	a.did("refused, each of %d", len(spoilt(clubs))+len(spoilt(cohorts)))
}

// spoilt are texts that are almost a token.
func spoilt(token string) []string {
	all := []string{
		token + "A", token + "=", token + "==", token + ".", token + " ", " " + token, token + "\n", token + "\x00", "\ufeff" + token, token + token,
		token[:len(token)-1], token[1:], token[:len(token)/2], strings.ToUpper(token), strings.ToLower(token), "", " ", "%" + hex.EncodeToString([]byte(token[:1])) + token[1:],
	}
	for i := 0; i < len(token); i += 1 + len(token)/40 {
		swapped := "A"
		if token[i] == 'A' {
			swapped = "B"
		}
		all = append(all, token[:i]+swapped+token[i+1:])
	}
	if token != strings.Map(standard, token) {
		all = append(all, strings.Map(standard, token))
	}
	return slices.DeleteFunc(all, func(other string) bool { return other == token })
}

// standard is the alphabet of base64 that is not for URLs.
func standard(r rune) rune {
	switch r {
	case '-':
		return '+'
	case '_':
		return '/'
	}
	return r
}

// elsewhereLink finds what a page would load from, or send to, another place.
var elsewhereLink = regexp.MustCompile(`(?i)(src|href|action)="(https?:)?//[^"]*"|<script|@import|url\(`)

func TestRST17(t *testing.T) {
	a := attack(t, "the pages that reset links lead to, with a token, without one, and after a wrong password")
	p := a.officer()
	token := a.clubsLink(p)
	wrong := map[string][]string{"token": {token}, "password": {"weak"}, "again": {"weak"}}
	for name, page := range map[string]answer{
		"clubs link": a.call("GET", "/reset?token="+token, nil).want(t, 200), "cohorts link": a.call("GET", "/change-password?token=e30.e30.e30&id=1", nil).want(t, 404),
		"form": a.form("/reset", wrong).want(t, 400), "forgot": a.call("GET", "/forgot", nil).want(t, 200),
	} {
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
			"Content-Type": "text/html; charset=utf-8",
		} {
			if got := page.header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
		if policy := page.header.Get("Referrer-Policy"); policy != "no-referrer" && policy != "same-origin" {
			t.Errorf("%s: Referrer-Policy is %q", name, policy)
		}
		policy := page.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %s: %s", name, want, policy)
			}
		}
		if found := elsewhereLink.FindAllString(string(page.body), -1); found != nil || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the page has %q, its policy is %s", name, found, policy)
		}
	}
	bare := a.call("GET", "/reset", nil).want(t, 303)
	if strings.Contains(bare.header.Get("Location"), "token") {
		t.Errorf("without a token it leads to %q", bare.header.Get("Location"))
	}
	a.did("no referrer to others, nothing from elsewhere, no frame, no script, not kept")
}

func TestRST19(t *testing.T) {
	a := attack(t, "a cohorts token signed with what a stolen database holds: the hash, its parts, the token's row, the id, the address, and no key at all")
	p := a.officer()
	id, token := a.cohortsLink(p)
	good := taken(t, token)
	hash, row := a.stolen(p, good.claims)
	keys := []string{hash, p.email, id, row, hash + id, id + hash, "hash:" + hash, "", "jwt_secret", "secret", "undefined", "null", p.email + hash}
	keys = append(keys, strings.Split(hash, "$")...)
	for _, part := range strings.Split(hash, "$") {
		if octets, err := base64.RawStdEncoding.DecodeString(part); err == nil {
			keys = append(keys, string(octets))
		}
	}
	forgeries := 0
	for _, key := range keys {
		for _, claims := range []object{nil, {"exp": time.Now().Add(time.Hour).Unix()}} {
			forged := good.with(t, nil, claims)
			a.useCohorts(id, signHS256([]byte(key), forged), fresh).want(t, 400)
			forgeries++
		}
	}
	// The rows of the clubs' tokens are no tokens.
	a.clubsLink(p)
	for _, token := range a.tokenRows(p) {
		a.openly().useClubs(token, fresh).want(t, 404)
		a.call("GET", "/api/user/confirm/"+token, nil).want(t, 404)
		forgeries++
	}
	a.login(p)
	a.did("refused, each of %d", forgeries)
}

// stolen answers what the database holds of a person's reset token.
func (a *attacker) stolen(p person, claims string) (hash, row string) {
	a.t.Helper()
	rows := a.tokenRows(p)
	if len(rows) == 0 || strings.Contains(claims, p.email) {
		a.t.Fatalf("the token's row is not there, or its claims tell the address: %s", claims)
	}
	a.read("SELECT password_hash FROM accounts WHERE email_key = $1", p.email, &hash)
	return hash, rows[0]
}

// tokenRows answers the ids of a person's mail tokens, in the ways of writing octets.
func (a *attacker) tokenRows(p person) (all []string) {
	a.t.Helper()
	var joined string
	a.read("SELECT group_concat(hex(t.id)) FROM mail_tokens t JOIN accounts a ON a.id = t.account_id WHERE a.email_key = $1", p.email, &joined)
	for _, text := range strings.Split(joined, ",") {
		octets, err := hex.DecodeString(text)
		if err != nil {
			a.t.Fatal(err)
		}
		all = append(all, encoded(octets), text, strings.ToLower(text), base64.StdEncoding.EncodeToString(octets))
	}
	return all
}

// read reads one value behind the target's back.
func (a *attacker) read(query, argument string, into *string) {
	a.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(a.data, "matricula.db")+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		a.t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query, argument).Scan(into); err != nil {
		a.t.Fatal(err)
	}
}
