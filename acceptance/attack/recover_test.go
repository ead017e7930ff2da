package attack

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"matricula/acceptance/outside"
)

// asked makes a call that sends a mail with a link, and answers the link that the
// person has not had before. path is what it leads to.
func (a *attacker) asked(p person, path string, ask func()) *url.URL {
	a.t.Helper()
	links := func() (found []*url.URL) {
		for _, l := range a.letters(p.email) {
			if u := l.Link(); u != nil && strings.HasPrefix(u.Path, path) {
				found = append(found, u)
			}
		}
		return found
	}
	before := len(links())
	ask()
	var now []*url.URL
	if !outside.Poll(mailTime, func() bool { now = links(); return len(now) > before }) {
		a.t.Fatalf("no mail with a link to %s comes to %s within %v", path, p.email, mailTime)
	}
	return now[len(now)-1]
}

// clubsLink answers the token of a fresh reset link of the clubs contract.
func (a *attacker) clubsLink(p person) (token string) {
	a.t.Helper()
	return a.asked(p, "/reset", func() {
		a.call("POST", "/api/user/request-reset", object{"email": p.email}).want(a.t, 200)
	}).Query().Get("token")
}

// cohortsLink answers the id and the token of one of the cohorts contract.
func (a *attacker) cohortsLink(p person) (id, token string) {
	a.t.Helper()
	query := a.asked(p, "/change-password", func() {
		a.call("POST", "/api/auth/reset-password", object{"email": p.email, "origin": goodOrigin}).want(a.t, 200)
	}).Query()
	return query.Get("id"), query.Get("token")
}

// useClubs uses a token of the clubs contract.
func (a *attacker) useClubs(token, fresh string) answer {
	a.t.Helper()
	return a.call("POST", "/api/user/confirm-reset", object{"token": token, "password": fresh})
}

// useCohorts uses one of the cohorts contract.
func (a *attacker) useCohorts(id, token, fresh string) answer {
	a.t.Helper()
	return a.call("POST", "/api/auth/change-password", object{"id": id, "token": token, "newPassword": fresh})
}

// drained waits until the mails that were queued before are out: those of somebody
// who comes later are.
func (a *attacker) drained() {
	a.t.Helper()
	a.invitedNow()
}

// invitedNow makes somebody who is sent a mail, and waits for it.
func (a *attacker) invitedNow() {
	a.t.Helper()
	p := a.stranger()
	a.run(a.t, "", "account", "create", p.email, "--name", "Marker")
	a.newLetter(p.email, 1)
}

// loses wants a password to be nobody's on both contracts.
func (a *attacker) loses(p person) {
	a.t.Helper()
	a.call("POST", "/api/user/login", p.credentials()).want(a.t, 400)
	a.call("POST", "/api/auth/sign-in", p.credentials()).want(a.t, 401)
}

const fresh = "a wholly new password"

func TestRST01(t *testing.T) {
	a := attack(t, "reset-password with an unlisted, similar, malformed, scripted, missing or header-splitting origin, for a known and an unknown address")
	victim := a.officer()
	origins := []any{
		evilOrigin, goodOrigin + ".evil.test", goodOrigin + "@evil.test", goodOrigin + "/", goodOrigin + "/path", goodOrigin + "?", goodOrigin + "#", goodOrigin + ":443",
		"HTTPS://GOOD.TEST", "http://good.test", "//good.test", "//evil", "https:good.test", `https:\\good.test`, "good.test", "javascript:alert(1)//", "data:text/html,x",
		goodOrigin + "/\r\nBcc: eve@evil.test", goodOrigin + "\n", " " + goodOrigin, goodOrigin + "\u0000", `"><script>alert(1)</script>`, "null", "*", "",
		nil, true, 7, object{"toString": goodOrigin}, []string{goodOrigin}, []string{goodOrigin, evilOrigin},
	}
	for _, origin := range origins {
		a.same("unknown", map[string]answer{
			"known":   a.call("POST", "/api/auth/reset-password", object{"email": victim.email, "origin": origin}).want(t, 400),
			"unknown": a.call("POST", "/api/auth/reset-password", object{"email": "nobody@attack.example.edu", "origin": origin}).want(t, 400),
		})
	}
	a.call("POST", "/api/auth/reset-password", object{"email": victim.email}).want(t, 400)
	twice := fmt.Sprintf(`{"email":%q,"origin":%q,"origin":%q}`, victim.email, goodOrigin, evilOrigin)
	a.call("POST", "/api/auth/reset-password", twice).want(t, 400)

	// A listed one in the body, another in the header.
	a.call("POST", "/api/auth/reset-password", object{"email": victim.email, "origin": goodOrigin}, "Origin: "+evilOrigin, "Referer: "+evilOrigin).want(t, 200, 403)
	a.cohortsLink(victim)
	for _, l := range a.letters(victim.email) {
		if u := l.Link(); u.Scheme+"://"+u.Host != goodOrigin || strings.Contains(l.Text+l.HTML, "evil") {
			t.Errorf("the mail leads to %s", u.Redacted())
		}
	}
	if n := len(a.letters(victim.email)); n > 2 {
		t.Errorf("%d mails, want those of the listed origin alone", n)
	}
	a.did("400 to each of %d, the same for both addresses, and no mail; mails lead to the listed origin", len(origins)+2)
}

func TestRST02(t *testing.T) {
	a := attack(t, "Host, X-Forwarded-Host, -Proto, -Port, -Prefix, Forwarded, X-Original-Host and an absolute URI that name another host, on whatever mails or redirects")
	victim := a.officer()
	hostile := [][]string{
		{"Host: evil.test"},
		{"X-Forwarded-Host: evil.test", "X-Forwarded-Proto: evil", "X-Forwarded-Port: 666", "X-Forwarded-Prefix: //evil.test", "X-Forwarded-Server: evil.test"},
		{"Host: evil.test", "Forwarded: for=1.2.3.4;host=evil.test;proto=evil", "X-Original-Host: evil.test", "X-Host: evil.test", "X-Original-URL: //evil.test"},
	}
	for _, headers := range hostile {
		a.call("POST", "/api/user/request-reset", object{"email": victim.email}, headers...).want(t, 200)
		a.call("POST", "/api/auth/reset-password", object{"email": victim.email, "origin": goodOrigin}, headers...).want(t, 200)
		for _, path := range []string{"/", "/sign-in", "/account", "/club", "/api/user/confirm/garbage", "/reset", "//evil.test/%2e%2e"} {
			got := a.call("GET", path, nil, append(headers, "Accept: text/html")...)
			if where := got.header.Get("Location"); strings.Contains(where, "evil") || strings.Contains(string(got.body), "evil") {
				t.Errorf("%s with %q: leads to %q: %.300s", got.call, headers, where, got.body)
			}
		}
	}
	body := fmt.Sprintf(`{"email":%q}`, victim.email)
	absolute := a.request("POST", "http://evil.test/api/user/request-reset", body)
	for _, got := range a.raw(absolute) {
		got.want(t, 200, 400, 404, 421)
	}
	a.drained()
	letters := a.letters(victim.email)
	if len(letters) < 2*len(hostile) {
		t.Errorf("%d mails, want %d", len(letters), 2*len(hostile))
	}
	for _, l := range letters {
		if strings.Contains(l.Text+l.HTML+fmt.Sprint(l.Header), "evil") {
			t.Errorf("the mail %q tells of evil.test:\n%s", l.Subject, l.Text)
		}
	}
	a.did("mails and redirects lead where they are configured to: %d mails looked at", len(letters))
}

func TestRST03(t *testing.T) {
	a := attack(t, "two addresses in place of one: a list, commas, semicolons, spaces, Cc by a line end, an object, the member twice; on every call that mails")
	victim := a.officer()
	evil := "evil.rst03@evil.test"
	values := []any{
		[]string{victim.email, evil}, []string{victim.email}, victim.email + "," + evil, victim.email + ";" + evil, victim.email + " " + evil, victim.email + "\n" + evil,
		victim.email + "\nCc: " + evil, victim.email + "\r\nBcc: " + evil, victim.email + "%0a%0dcc:" + evil, victim.email + "\u0000" + evil, object{"a": victim.email}, object{"email": victim.email},
		"<" + victim.email + ">", victim.email + "|" + evil, victim.email + "\t" + evil, evil + "<" + victim.email + ">", nil, true, 1,
	}
	for path, more := range map[string]object{"/api/user/request-reset": nil, "/api/user/resend-confirm": nil, "/api/auth/reset-password": {"origin": goodOrigin}} {
		for _, value := range values {
			body := object{"email": value}
			for name, member := range more {
				body[name] = member
			}
			a.call("POST", path, body).want(t, 400)
		}
		twice := fmt.Sprintf(`{"email":%q,"email":%q,"origin":%q}`, victim.email, evil, goodOrigin)
		a.call("POST", path, twice).want(t, 400)
	}
	a.drained()
	if n := len(a.letters(victim.email)) + len(a.letters(evil)); n != 0 {
		t.Errorf("%d mails, want none", n)
	}
	a.did("400 to each of %d on three calls, and no mail to anybody", len(values)+1)
}

func TestRST04(t *testing.T) {
	a := attack(t, "a reset token of each contract used twice, the second time with the same and with another password")
	p, q := a.officer(), a.officer()
	token := a.clubsLink(p)
	a.useClubs(token, fresh).want(t, 200)
	a.same("garbage", map[string]answer{
		"garbage": a.useClubs("garbage", fresh), "the same": a.useClubs(token, fresh), "another": a.useClubs(token, fresh+"er"),
	})
	id, token := a.cohortsLink(q)
	a.useCohorts(id, token, fresh).want(t, 200)
	a.same("garbage", map[string]answer{
		"garbage": a.useCohorts(id, "garbage", fresh), "the same": a.useCohorts(id, token, fresh), "another": a.useCohorts(id, token, fresh+"er"),
	})
	a.login(person{email: p.email, password: fresh})
	a.login(person{email: q.email, password: fresh})
	a.did("the second use is answered like garbage, 404 and 400; the first one's password holds")
}

func TestRST05(t *testing.T) {
	const uses = 50
	a := attack(t, fmt.Sprintf("%d uses of one token at once, each with another password, on each contract", uses))
	for name, use := range map[string]func(p person) func(password string) (answer, error){
		"clubs": func(p person) func(string) (answer, error) {
			token := a.clubsLink(p)
			return func(password string) (answer, error) {
				return a.try("POST", "/api/user/confirm-reset", object{"token": token, "password": password})
			}
		},
		"cohorts": func(p person) func(string) (answer, error) {
			id, token := a.cohortsLink(p)
			return func(password string) (answer, error) {
				return a.try("POST", "/api/auth/change-password", object{"id": id, "token": token, "newPassword": password})
			}
		},
	} {
		p := a.officer()
		use := use(p)
		passwords, statuses := make([]string, uses), make([]int, uses)
		var all sync.WaitGroup
		for i := range uses {
			passwords[i] = fmt.Sprintf("the password of use %d by %s", i, name)
			all.Go(func() {
				got, err := use(passwords[i])
				if err != nil {
					t.Error(err)
				}
				statuses[i] = got.status
			})
		}
		all.Wait()
		winner := slices.Index(statuses, 200)
		if winner < 0 || slices.Contains(statuses[winner+1:], 200) {
			t.Fatalf("%s: the uses are answered %v, want one 200", name, statuses)
		}
		for i, password := range passwords {
			body := object{"email": p.email, "password": password}
			a.call("POST", "/api/auth/sign-in", body).want(t, map[bool]int{true: 200, false: 401}[i == winner])
		}
	}
	a.did("one of %d is answered 200, and its password alone is right", uses)
}

func TestRST06(t *testing.T) {
	a := attack(t, "one account's token with another's id, and its own id as float, padded, signed, in a list, an object, a truth, hexadecimal, out of range")
	mine, victim := a.officer(), a.officer()
	id, token := a.cohortsLink(mine)
	clubs := a.clubsLink(mine)
	ids := []any{
		fmt.Sprint(a.idOf(victim)), a.idOf(victim), json.RawMessage(id + ".0"), json.RawMessage(id + "e0"), json.RawMessage("-" + id), id + " ", " " + id, "0" + id, "+" + id, "-" + id, id + ".0", id + "e0",
		"0x" + id, id + "\n", []string{id}, []any{a.idOf(mine)}, object{"gte": 0}, object{"id": id}, true, nil, "", "0", 0, "null", "18446744073709551617", json.RawMessage("1e400"), "NaN", "٣", "१",
	}
	for _, other := range ids {
		a.call("POST", "/api/auth/change-password", object{"id": other, "token": token, "newPassword": fresh}).want(t, 400)
	}
	a.call("POST", "/api/auth/change-password", object{"token": token, "newPassword": fresh}).want(t, 400)
	a.call("POST", "/api/auth/change-password", fmt.Sprintf(`{"id":%q,"id":%d,"token":%q,"newPassword":%q}`, id, a.idOf(victim), token, fresh)).want(t, 400)
	a.call("POST", "/api/auth/change-password", object{"id": id, "token": clubs, "newPassword": fresh}).want(t, 400)
	a.useClubs(token, fresh).want(t, 404)
	a.login(mine)
	a.login(victim)
	a.call("POST", "/api/auth/change-password", object{"id": json.Number(id), "token": token, "newPassword": fresh}).want(t, 200)
	a.login(victim)
	a.did("400 to each of %d, and nothing changed; the id itself, as text or number, is taken", len(ids)+3)
}

func TestRST07(t *testing.T) {
	a, move := attack(t, "tokens of both contracts shortly before and just after their half hour, a minute and a day later").inTime()
	p := a.officer()
	asked := time.Now()
	clubs := a.clubsLink(p)
	id, cohorts := a.cohortsLink(p)
	const life = 30 * 60
	weak := a.useCohorts(id, cohorts, "weak").want(t, 400).text("message")
	alive := func() (both [2]bool) {
		both[0] = a.useClubs(clubs, "weak").want(t, 400, 404).status == 400
		both[1] = a.useCohorts(id, cohorts, "weak").want(t, 400).text("message") == weak
		return both
	}
	move(life - 60)
	if got := alive(); got != [2]bool{true, true} && time.Since(asked) < 50*time.Second {
		t.Errorf("a minute before their end the tokens are good: %v, want both", got)
	}
	for _, after := range []int{0, 1, 61, 24 * 60 * 60} {
		move(life + after)
		if got := alive(); got != [2]bool{} {
			t.Errorf("%d s after their end the tokens are good: %v, want neither", after, got)
		}
		a.useClubs(clubs, fresh).want(t, 404)
		a.useCohorts(id, cohorts, fresh).want(t, 400)
	}
	a.login(p)
	a.did("taken until the half hour is over, and refused like garbage from then on")
}

func TestRST08(t *testing.T) {
	a := attack(t, "two tokens asked for, used in either order, on both contracts and across them")
	for name, use := range map[string]func(p person) (first, second func(string) int){
		"clubs": func(p person) (first, second func(string) int) {
			return a.clubsUse(a.clubsLink(p)), a.clubsUse(a.clubsLink(p))
		},
		"cohorts": func(p person) (first, second func(string) int) {
			return a.cohortsUse(a.cohortsLink(p)), a.cohortsUse(a.cohortsLink(p))
		},
		"clubs, then cohorts": func(p person) (first, second func(string) int) {
			return a.clubsUse(a.clubsLink(p)), a.cohortsUse(a.cohortsLink(p))
		},
	} {
		for _, reversed := range []bool{false, true} {
			p := a.officer()
			first, second := use(p)
			if reversed {
				first, second = second, first
			}
			if one, other := first(fresh), second("an even newer password"); one != 200 || other != 404 && other != 400 {
				t.Errorf("%s, the later one first %v: got %d and %d, want 200 and a refusal", name, reversed, one, other)
			}
			p.password = fresh
			a.login(p)
		}
	}
	a.did("both tokens are good until one is used, which ends the other, in either order and across contracts")
}

func (a *attacker) clubsUse(token string) func(string) int {
	return func(password string) int { return a.useClubs(token, password).status }
}

func (a *attacker) cohortsUse(id, token string) func(string) int {
	return func(password string) int { return a.useCohorts(id, token, password).status }
}

func TestRST09(t *testing.T) {
	a := attack(t, "tokens of both contracts after the password was changed by who is signed in, and by an operator")
	changes := map[string]func(p person){
		"signed in": func(p person) {
			body := object{"old_password": p.password, "new_password": fresh}
			a.call("POST", "/api/admin/change-password", body, bearer(a.login(p).access)).want(t, 200)
		},
		"operator": func(p person) {
			a.run(t, fresh+"\n", "account", "set-password", p.email, "--password-stdin")
		},
	}
	for name, change := range changes {
		p := a.officer()
		clubs := a.clubsLink(p)
		id, cohorts := a.cohortsLink(p)
		change(p)
		if got := a.useClubs(clubs, fresh+"er").status; got != 404 {
			t.Errorf("changed by %s: the clubs token gets %d, want 404", name, got)
		}
		if got := a.useCohorts(id, cohorts, fresh+"er").status; got != 400 {
			t.Errorf("changed by %s: the cohorts token gets %d, want 400", name, got)
		}
		p.password = fresh
		a.login(p)
	}
	a.did("both tokens are dead, whoever changed the password")
}
