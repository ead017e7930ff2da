package attack

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"matricula/acceptance/outside"
)

// confirmLink answers the path of a person's first confirmation link.
func (a *attacker) confirmLink(p person) string {
	a.t.Helper()
	l := a.newLetter(p.email, 1)
	if l.Link() == nil {
		a.t.Fatalf("the mail %q to %s has no link", l.Subject, p.email)
	}
	return l.Link().RequestURI()
}

// event is what `events --json` tells of one.
type event struct {
	At        string `json:"at"`
	Kind      string `json:"kind"`
	Actor     string `json:"actor"`
	Client    string `json:"client"`
	RequestID string `json:"request_id"`
}

// events answers the audit log of an account, oldest first.
func (a *attacker) events(account string) (all []event) {
	a.t.Helper()
	a.wantSide()
	if err := json.Unmarshal([]byte(a.run(a.t, "", "events", "--account", account, "--limit", "500", "--json")), &all); err != nil {
		a.t.Fatal(err)
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// count answers how many events are of a kind.
func count(all []event, kind string) (n int) {
	for _, e := range all {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func TestCNF01(t *testing.T) {
	a := attack(t, "HEAD, OPTIONS (a preflight, too), POST, PUT and TRACE on a confirmation link, as scanners of mail send them; then GET")
	p := a.waiting()
	link := a.confirmLink(p)
	preflight := []string{"Origin: " + goodOrigin, "Access-Control-Request-Method: GET"}
	for _, method := range []string{"HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE", "PROPFIND"} {
		for _, headers := range [][]string{nil, preflight, {"X-HTTP-Method-Override: GET"}} {
			got := a.call(method, link, nil, headers...)
			if preflighted := method == "OPTIONS" && len(headers) == 2; got.status != 405 && !preflighted {
				t.Errorf("%s with %q: got %d, want 405", got.call, headers, got.status)
			}
		}
	}
	if state := a.show(p.email).State; state != "unconfirmed" {
		t.Errorf("the account is %s before anybody has clicked", state)
	}
	a.call("GET", link, nil).want(t, 303)
	a.login(p)
	a.did("405, and nothing changed; GET confirms")
}

func TestCNF02(t *testing.T) {
	a := attack(t, "a confirmation link three times, by a program and a browser, at once and with a HEAD between")
	p := a.waiting()
	link := a.confirmLink(p)
	answers := map[string]answer{}
	for _, name := range []string{"first", "second", "third", "browser"} {
		accept := map[bool]string{true: "text/html", false: "*/*"}[name == "browser"]
		answers[name] = a.call("GET", link, nil, "Accept: "+accept).want(t, 303)
		a.call("HEAD", link, nil).want(t, 405)
	}
	a.same("first", answers)
	if n := count(a.events(p.email), "confirm.done"); n != 1 {
		t.Errorf("the audit log tells of %d confirmations, want 1", n)
	}
	a.did("303 to the same page each time; confirmed once")
}

func TestCNF03(t *testing.T) {
	a, move := attack(t, "a scanner opens the link, from another network; the person clicks five minutes and six days later").inTime()
	p := a.waiting()
	link := a.confirmLink(p)
	scanner := a.elsewhere().call("GET", link, nil, "User-Agent: Mozilla/5.0 (compatible; SafeLinks)", "Accept: */*").want(t, 303)
	for _, later := range []int{5 * 60, 6 * 24 * 60 * 60} {
		move(later)
		got := a.call("GET", link, nil, "Accept: text/html,application/xhtml+xml", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate").want(t, 303)
		if got.header.Get("Location") != scanner.header.Get("Location") {
			t.Errorf("after %d s the person is led to %q, the scanner to %q", later, got.header.Get("Location"), scanner.header.Get("Location"))
		}
	}
	a.login(p)
	a.did("the person sees what the scanner saw, and can sign in")
}

func TestCNF04(t *testing.T) {
	a := attack(t, "a confirmation link, with and without a session of somebody else: does it sign anybody in, or give anything away?")
	p, other := a.waiting(), a.member()
	link := a.confirmLink(p)
	cookie := a.signIn(other)
	for _, headers := range [][]string{nil, {cookie}, {"Accept: text/html"}} {
		got := a.call("GET", link, nil, headers...).want(t, 303)
		if got.header.Get("Set-Cookie") != "" || len(got.body) != 0 || got.header.Get("Authorization") != "" {
			t.Errorf("with %d headers it sets %q and says %q", len(headers), got.header.Values("Set-Cookie"), got.body)
		}
	}
	if n := a.show(p.email).Sessions; n != 0 {
		t.Errorf("confirming has started %d sessions", n)
	}
	if who := a.info(cookie).want(t, 200).text("email"); who != other.email {
		t.Errorf("the session that was there is %s's now", who)
	}
	a.did("no cookie, no body, no session")
}

func TestCNF05(t *testing.T) {
	a := attack(t, "confirmation links with next=, redirect_to=, confirmed=false, a fragment and another host: where does the answer lead?")
	p := a.waiting()
	link := a.confirmLink(p)
	token := strings.TrimPrefix(link, "/api/user/confirm/")
	for _, more := range []string{"", "?next=https://evil.test", "?redirect_to=//evil.test&return_to=/x", "?confirmed=false&x=1", "?url=javascript:alert(1)"} {
		got := a.call("GET", link+more, nil, "Referer: "+evilOrigin+"/", "Accept: text/html").want(t, 303)
		where, err := url.Parse(got.header.Get("Location"))
		if err != nil || where.String() != a.base+"/club?confirmed=true" && *urlFlag == "" {
			t.Errorf("with %q it leads to %q", more, got.header.Get("Location"))
		}
		if text := where.String(); strings.Contains(text, "evil") || strings.Contains(text, token) || strings.Contains(text, p.email) || strings.Contains(text, url.QueryEscape(p.email)) {
			t.Errorf("with %q it leads to %q", more, text)
		}
	}
	a.did("to the configured page with confirmed=true, always; neither token nor address in it")
}

func TestCNF06(t *testing.T) {
	a := attack(t, "confirmation, clubs reset, cohorts reset, access and refresh token and the cookie, each in every other's place")
	p, waiting := a.officer(), a.waiting()
	c := a.credentials(p)
	confirm := strings.TrimPrefix(a.confirmLink(waiting), "/api/user/confirm/")
	clubs := a.clubsLink(p)
	id, cohorts := a.cohortsLink(p)
	_, secret, _ := strings.Cut(c.cookie, "=")
	all := map[string]string{"confirm": confirm, "clubs reset": clubs, "cohorts reset": cohorts, "access": c.access, "refresh": c.refresh, "cookie": secret}
	name, _, _ := strings.Cut(c.cookie, "=")
	for kind, token := range all {
		refusals := map[string]answer{}
		if kind != "confirm" {
			refusals["confirm"] = a.call("GET", "/api/user/confirm/"+token, nil).want(t, 404)
		}
		if kind != "clubs reset" {
			refusals["clubs reset"] = a.useClubs(token, fresh).want(t, 404)
		}
		if kind != "cohorts reset" {
			refusals["cohorts reset"] = a.useCohorts(id, token, fresh).want(t, 400)
		}
		if kind != "access" {
			refusals["access"] = a.profile(token).want(t, 401)
		}
		if kind != "refresh" {
			refusals["refresh"] = a.refresh(token).want(t, 401)
		}
		if kind != "cookie" {
			refusals["cookie"] = a.info(name+"="+token).want(t, 401)
		}
		for place, got := range refusals {
			if strings.Contains(string(got.body), token) {
				t.Errorf("%s in place of %s: the refusal says it again", kind, place)
			}
		}
	}
	a.profile(c.access).want(t, 200)
	a.info(c.cookie).want(t, 200)
	a.call("GET", "/api/user/confirm/"+confirm, nil).want(t, 303)
	a.useCohorts(id, cohorts, fresh).want(t, 200)
	a.did("refused, each of 30 pairs; each still good in its own place")
}

func TestCNF07(t *testing.T) {
	a, move := attack(t, "registered, and the link not used for ten days, then a year; a fresh link each time").inTime()
	p := a.waiting()
	first := a.confirmLink(p)
	move(10 * 24 * 60 * 60)
	a.call("GET", first, nil).want(t, 404)
	second := a.asked(p, "/api/user/confirm/", func() {
		a.call("POST", "/api/user/resend-confirm", object{"email": p.email}).want(t, 200)
	})
	move(365 * 24 * 60 * 60)
	a.call("GET", second.RequestURI(), nil).want(t, 404)
	third := a.asked(p, "/api/user/confirm/", func() {
		a.call("POST", "/api/user/login", p.credentials()).want(t, 403)
	})
	a.call("GET", third.RequestURI(), nil).want(t, 303)
	a.login(p)
	a.did("old links are 404, and the fresh one confirms, whatever the account's age")
}

func TestCNF08(t *testing.T) {
	a := attack(t, "links mailed to an address that an operator has replaced since: confirmation, clubs reset, cohorts reset, invitation")
	waiting, p, invited := a.waiting(), a.officer(), a.invited()
	confirm := a.confirmLink(waiting)
	clubs := a.clubsLink(p)
	id, cohorts := a.cohortsLink(p)
	invitation := a.newLetter(invited.email, 1).Link().Query()
	for _, who := range []person{waiting, p, invited} {
		a.run(t, "", "account", "set-email", who.email, "new."+who.email)
	}
	a.call("GET", confirm, nil).want(t, 404)
	a.useClubs(clubs, fresh).want(t, 404)
	a.useCohorts(id, cohorts, fresh).want(t, 400)
	a.useCohorts(invitation.Get("id"), invitation.Get("token"), fresh).want(t, 400)
	if state := a.show("new." + waiting.email).State; state != "unconfirmed" {
		t.Errorf("the new address is %s, and nobody has read a mail there", state)
	}
	p.email = "new." + p.email
	a.login(p)
	a.did("all four are dead, and the new address is not confirmed by the old one's link")
}

func TestPRE02(t *testing.T) {
	a := attack(t, "somebody registers the owner's address, is signed in once the owner has clicked, and holds tokens and cookies while the owner resets the password")
	owner := a.waiting() // its password is the attacker's
	// Before the click nothing can be had with it.
	a.call("POST", "/api/user/login", owner.credentials()).want(t, 403)
	a.call("POST", "/api/auth/sign-in", owner.credentials()).want(t, 401)
	a.form("/sign-in", url.Values{"email": {owner.email}, "password": {owner.password}}).want(t, 401)
	if n := a.show(owner.email).Sessions; n != 0 {
		t.Errorf("an unconfirmed account has %d sessions", n)
	}
	// The owner confirms by the reset, without the attacker's link.
	a.useClubs(a.clubsLink(owner), fresh).want(t, 200)
	a.loses(owner)

	second := a.waiting()
	a.call("GET", a.confirmLink(second), nil).want(t, 303)
	planted := a.credentials(second)
	id, token := a.cohortsLink(second)
	clubs := a.clubsLink(second)
	a.useCohorts(id, token, fresh).want(t, 200)
	a.dead(planted)
	a.loses(second)
	a.useClubs(clubs, fresh+"er").want(t, 404)
	for _, p := range []person{owner, second} {
		p.password = fresh
		a.credentials(p)
	}
	a.did("no session before the click; a reset ends the attacker's password, tokens, cookies and links, on both contracts")
}

func TestPRE06(t *testing.T) {
	a := attack(t, "the owner of an address clicks the link of a registration that somebody else made")
	p := a.waiting()
	for range 3 { // what the attacker tries beforehand gives nothing to keep
		a.call("POST", "/api/user/login", p.credentials()).want(t, 403)
	}
	letters := a.letters(p.email)
	if !outside.Poll(mailTime, func() bool { letters = a.letters(p.email); return len(letters) > 0 }) {
		t.Fatal("no mail")
	}
	first := letters[0]
	if !strings.Contains(first.Text, p.club) || !strings.Contains(first.Text, "Was it not you?") || !strings.Contains(first.HTML, "Was it not you?") {
		t.Errorf("the mail doesn't say who registers, or what to do about it:\n%s", first.Text)
	}
	a.call("GET", first.Link().RequestURI(), nil).want(t, 303)
	if n := a.show(p.email).Sessions; n != 0 {
		t.Errorf("the click has made %d sessions out of earlier tries", n)
	}
	planted := a.credentials(p) // the password chosen at registration works now, as the mail says
	a.useClubs(a.clubsLink(p), fresh).want(t, 200)
	a.dead(planted)
	a.loses(p)
	a.did("the mail names the club and warns of the click; nothing of before counts; who clicks all the same lets that password in, until a reset throws it out")
}
